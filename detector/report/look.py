"""What a report is written for: a terminal of some width, with or without colours and Unicode, or a file."""

from __future__ import annotations

from dataclasses import dataclass

RESET = "\x1b[0m"
STYLES = {"critical": "\x1b[1;97;41m", "warning": "\x1b[1;31m", "info": "\x1b[1;33m", "name": "\x1b[1m",
          "dim": "\x1b[2m", "page": "\x1b[1;35m", "good": "\x1b[32m"}  # fmt: skip
BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-:=+*#"


@dataclass(frozen=True, slots=True)
class Look:
    """How a report may look.

    Attributes:
        width: columns.
        is_colored: may use ANSI colours.
        is_terminal: goes to a terminal, so what comes from logs has to be escaped.
        bars: eight characters from nothing to full.
        can_mark: there is a command that takes an answer to an incident.
    """

    width: int = 80
    is_colored: bool = False
    is_terminal: bool = False
    bars: str = BARS
    can_mark: bool = False

    def paint(self, text: str, style: str) -> str:
        """`text` in a style of `STYLES`, plain where there are no colours."""
        return f"{STYLES[style]}{text}{RESET}" if self.is_colored and text else text
