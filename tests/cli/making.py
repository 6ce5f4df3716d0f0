"""Small inputs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2026, 7, 1, tzinfo=UTC)


def counts_csv(minutes: int = 3000, *, surge_at: int | None = None, factor: int = 12, service: str = "shop") -> str:
    """A counts table of about 60 lines a minute; a surge of 20 minutes from minute `surge_at`."""
    rows = ["timestamp,service,lines"]
    for minute in range(minutes):
        noise = (minute * 7919 % 17) - 8
        times = factor if surge_at is not None and surge_at <= minute < surge_at + 20 else 1
        rows.append(f"{stamp(minute)},{quoted(service)},{(60 + noise) * times}")
    return "\n".join(rows) + "\n"


def stamp(minute: int) -> str:
    """RFC 3339."""
    return (BEGIN + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def quoted(text: str) -> str:
    """A cell of a CSV."""
    return '"' + text.replace('"', '""') + '"'


def access_log(lines: int = 200) -> str:
    """Two requests a second from two clients."""
    return "".join(
        f'203.0.113.{index % 2} - - [{BEGIN + timedelta(seconds=index // 2):%d/%b/%Y:%H:%M:%S} +0000] '
        f'"GET /{index % 5} HTTP/1.1" 200 {100 + index} "-" "curl/8.5.0"\n'
        for index in range(lines)
    )


def surging(folder: Path) -> str:
    """A counts table with one surge in `folder`; its name."""
    (folder / "surge.csv").write_text(counts_csv(surge_at=2500))
    return "surge.csv"


def calm(folder: Path) -> str:
    """A counts table without a surge in `folder`; its name."""
    (folder / "calm.csv").write_text(counts_csv())
    return "calm.csv"
