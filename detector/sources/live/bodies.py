"""The body of a request, decompressed as it comes, in memory that no body can raise."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable


class Refused(Exception):  # noqa: N818  it is an answer, not an error
    """What to answer instead: a status of HTTP and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


async def read_body(chunks: AsyncIterator[bytes], encoding: str, most_bytes: int, hold: Callable[[int], None]) -> bytes:
    """All of it.

    Args:
        chunks: as they come.
        encoding: `gzip` or `identity`.
        most_bytes: of the body, compressed and decompressed.
        hold: is told how many bytes more are kept; may raise `Refused`.

    Raises:
        Refused: it is too long, or no such encoding.
    """
    if encoding not in ("gzip", "identity", ""):
        raise Refused(415, f"content encoding {encoding[:40]!r} is not known: send gzip or identity")
    unpack = zlib.decompressobj(31) if encoding == "gzip" else None
    parts: list[bytes] = []
    came = size = 0
    async for chunk in chunks:
        came += len(chunk)
        try:
            part = unpack.decompress(chunk, most_bytes - size + 1) if unpack else chunk
        except zlib.error as error:
            raise Refused(400, f"no gzip: {error}") from None
        size += len(part)
        if max(came, size) > most_bytes:
            raise Refused(413, f"more than {most_bytes} bytes: send smaller batches")
        hold(len(part))
        parts.append(part)
    if unpack and (not unpack.eof or unpack.unused_data):
        raise Refused(400, "the gzip stream ends too early, or something follows it")
    return b"".join(parts)
