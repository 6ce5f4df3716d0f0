"""Messages of syslog in a stream, by RFC 6587: counted in octets or ended by LF, told apart for each message."""

from __future__ import annotations

import re

from detector.errors import Losses
from detector.sources.lines import PREFIX_SPARE_BYTES

NEWLINE = b"#012"
"""What stands for a line break within a message, as rsyslog writes it to files."""
_COUNTED = re.compile(rb"([1-9]\d{0,8}) <")
_MAY_BE_COUNTED = re.compile(rb"[1-9]\d{0,8} ?")
_COUNTED_LATER = re.compile(rb"\n[1-9]\d{0,8} <")


def as_line(message: bytes, losses: Losses) -> bytes:
    """A message as one line with its LF; a trailer is dropped, line breaks within are escaped and counted."""
    message = message.rstrip(b"\r\n\0")
    if b"\n" in message:
        losses.add("newlines_escaped")
        message = message.replace(b"\n", NEWLINE)
    return message + b"\n"


class Frames:
    """Takes one stream apart.

    Args:
        losses: counts `newlines_escaped`, and messages that are `cut_off` by the end of the stream.
        most_bytes: as much is kept of a message at least; one that is longer loses its end.
    """

    def __init__(self, losses: Losses, most_bytes: int) -> None:
        self._losses, self._most = losses, most_bytes + PREFIX_SPARE_BYTES
        self._rest = b""
        self._skip = 0  # bytes of a counted message to pass over
        self._is_skipping_line = False

    def feed(self, data: bytes) -> bytes:
        """The messages that are complete now, as lines."""
        data = self._rest + data if self._rest else data
        lines: list[bytes] = []
        at = 0
        while at < len(data):
            begin = at
            at = self._next(data, at, lines)
            if at == begin:
                break
        self._rest = data[at:]
        return b"".join(lines)

    def end(self) -> bytes:
        """The last message, if LF was all that it lacked."""
        rest, self._rest = self._rest, b""
        if self._skip or _MAY_BE_COUNTED.match(rest):
            self._losses.add("cut_off")
            return b""
        return rest + b"\n" if rest and not self._is_skipping_line else b""

    def _next(self, data: bytes, at: int, lines: list[bytes]) -> int:
        """Take a message, or many, from `at` on; where the next begins. Nothing taken: more has to come."""
        if self._skip:
            end = min(len(data), at + self._skip)
            self._skip -= end - at
            return end
        if self._is_skipping_line:
            end = data.find(b"\n", at) + 1
            self._is_skipping_line = not end
            return end or len(data)
        counted = _COUNTED.match(data, at)
        if counted:
            return self._take_counted(data, counted, at, lines)
        if (maybe := _MAY_BE_COUNTED.match(data, at)) and maybe.end() == len(data):
            return at
        return self._take_lines(data, at, lines)

    def _take_counted(self, data: bytes, counted: re.Match[bytes], at: int, lines: list[bytes]) -> int:
        begin, size = counted.end() - 1, int(counted[1])
        kept = min(size, self._most)
        if len(data) - begin < kept:
            return at
        lines.append(as_line(data[begin : begin + kept], self._losses))
        self._skip = size - kept
        return begin + kept

    def _take_lines(self, data: bytes, at: int, lines: list[bytes]) -> int:
        """All lines up to one that is counted."""
        counted = _COUNTED_LATER.search(data, at)
        end = counted.start() + 1 if counted else data.rfind(b"\n", at) + 1
        if end > at:
            lines.append(data[at:end])
            return end
        if len(data) - at > self._most:
            lines.append(data[at : at + self._most] + b"\n")
            self._is_skipping_line = True
            return len(data)
        return at
