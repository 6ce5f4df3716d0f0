"""What a watch says of itself on standard error: one line each, as text or JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Literal

Level = Literal["info", "warning", "error"]
Log = Callable[..., None]


def logger(style: str, *, quiet: bool) -> Log:
    """`log(level, message, **facts)`; with `quiet` only errors are told."""

    def log(level: Level, message: str, **facts: object) -> None:
        if quiet and level != "error":
            return
        line = _as_json(level, message, facts) if style == "json" else _as_text(level, message, facts)
        try:
            print(line, file=sys.stderr, flush=True)
        except (OSError, ValueError, AttributeError):
            from detector.cli.main import silence

            silence()

    return log


def _at() -> str:
    from detector.times import rfc3339

    return rfc3339(time.time_ns() // 1_000_000 * 1000)


def _as_text(level: Level, message: str, facts: dict[str, object]) -> str:
    from detector.report.escape import escape

    told = "".join(f" {name}={value}" for name, value in facts.items())
    return escape(f"{_at()} {level}: {message}{told}")


def _as_json(level: Level, message: str, facts: dict[str, object]) -> str:
    import msgspec

    from detector.report.escape import escape_json

    body = {"at": _at(), "level": level, "message": message, **facts}
    return escape_json(msgspec.json.encode(body, enc_hook=str).decode())
