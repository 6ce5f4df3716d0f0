"""What monitoring systems answer or export, as the text of a counts table: one row for each point of a series.

An answer is one document, of at most `MOST_BYTES`; it is read whole.
"""

from __future__ import annotations

import codecs
import csv
import re

import polars as pl

from detector.sources import cloudwatch, datadog, grafana, prometheus
from detector.sources.series import NoCountsError, Reader, Series, UnfinishedError
from detector.sources.streams import READ_BYTES, Damage, Stream, read

MOST_BYTES = 256 * 1024 * 1024
_DOCUMENTS: tuple[tuple[re.Pattern[bytes], Reader], ...] = (
    (prometheus.HEAD, prometheus.read_answer),
    (cloudwatch.HEAD, cloudwatch.read_answer),
    (datadog.HEAD, datadog.read_answer),
)
HEADER = b"timestamp\tlines\tservice\n"
MISSING = ("", "nan", "null", "undefined")


def find_answer(head: bytes) -> Reader | None:
    """What reads a text that begins with `head`; None if it is no answer that is known."""
    head = head.removeprefix(codecs.BOM_UTF8)
    known = next((reader for pattern, reader in _DOCUMENTS if pattern.match(head)), None)
    return known or (grafana.read_export if grafana.is_export(head) else None)


class Tabled:
    """An answer as a stream of lines; what is wrong with it is the stream's damage."""

    def __init__(self, source: Stream, reader: Reader) -> None:
        self._source, self._reader = source, reader
        self._ready: memoryview | None = None
        self._damage: Damage | None = None

    @property
    def damage(self) -> Damage | None:
        """As in `Stream`."""
        return self._damage or self._source.damage

    def readinto(self, view: memoryview) -> int:
        """As in `Stream`."""
        if self._ready is None:
            self._ready = memoryview(self._table())
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _table(self) -> bytes:
        text = bytearray()
        while len(text) <= MOST_BYTES and (more := read(self._source, READ_BYTES)):
            text += more
        if len(text) > MOST_BYTES:
            self._damage = Damage("unreadable", f"is an answer of more than {MOST_BYTES >> 20} MiB: ask for less time")
            return b""
        rows = [HEADER]
        try:
            rows.extend(map(_rows, self._reader(bytes(text).removeprefix(codecs.BOM_UTF8))))
        except NoCountsError as error:
            self._damage = Damage("unreadable", str(error))
        except UnfinishedError as error:
            self._damage = Damage("truncated", str(error))
        except (ValueError, RecursionError, csv.Error) as error:  # msgspec's are values' errors
            self._damage = Damage("damaged", f"is no whole answer: {error}")
        if len(rows) > 1:
            return b"".join(rows)
        self._damage = self._damage or Damage("unreadable", "is an answer without any series")
        return b""


def _rows(series: Series) -> bytes:
    """The points of a series as lines; gaps are left out."""
    frame = pl.DataFrame({"timestamp": _times(series), "lines": pl.Series(series.values, strict=False)})
    kept = frame.filter(
        ~pl.col("lines").cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase().is_in(MISSING)
    )
    service = "".join(letter if letter.isprintable() else " " for letter in series.service)
    named = kept.with_columns(pl.lit(service or None, dtype=pl.String).alias("service"))
    return named.write_csv(include_header=False, separator="\t").encode()


def _times(series: Series) -> pl.Series:
    """As text that every reader of counts tables knows."""
    if any(isinstance(time, str) for time in series.times):
        return pl.Series(series.times, dtype=pl.String, strict=False)
    micros = pl.Series(series.times, dtype=pl.Float64).round().cast(pl.Int64, strict=False)
    return micros.cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
