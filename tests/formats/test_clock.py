"""Written times to instants: every spelling, missing years and zones, and damaged ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats.clock import Calendar, instants, parse_each, seconds_place
from detector.formats.epoch_times import from_epoch
from detector.formats.format import LINE, Format, LevelAt, Span, Unless
from detector.formats.lines import cut_lines
from detector.formats.records import Recipe, read_records

CALENDAR = Calendar(latest=datetime(2026, 1, 1, tzinfo=UTC))
BERLIN = Calendar(zone="Europe/Berlin", latest=CALENDAR.latest)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  bounds have no zone


def read(text: str, *clock: str, calendar: Calendar = CALENDAR) -> datetime | None:
    """One text."""
    found: list[datetime | None] = instants(pl.Series([text]), clock, calendar).to_list()
    return found[0]


def in_place(texts: list[str], clock: tuple[str, ...], calendar: Calendar = CALENDAR) -> list[datetime | None]:
    """The same for times that are read where they lie in their lines."""
    fields: dict[str, pl.Expr | Span | LevelAt | Unless] = {
        "matched": LINE.is_not_null(),
        "time": Span(0, len(texts[0])),
    }
    lines = cut_lines("".join(text + "\n" for text in texts).encode())
    recipe = Recipe((Format("x", "", (), fields, clock),), calendar=calendar)
    found: list[datetime | None] = read_records(lines, recipe, frozenset()).frame["timestamp"].to_list()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00.5Z", datetime(2026, 3, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01 00:00:00,123", datetime(2026, 3, 1, 0, 0, 0, 123_000, tzinfo=UTC)),
        ("2026/03/01 00:00:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T01:00:00+01:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-02-28T19:00:00-0500", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01 01:00:00.000 +01:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00.123456789Z", datetime(2026, 3, 1, 0, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-03-01 00:00:00 UTC", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2024-02-29T12:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ],
)
def test_iso_spellings(text: str, expected: datetime) -> None:
    """RFC 3339 and its relatives mean the same moment."""
    assert expected == read(text, "iso")


@pytest.mark.parametrize(
    "text", ["", "x", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T25:00:00Z", "2026-03-01"]
)
def test_what_is_no_time_is_null(text: str) -> None:
    """A date that does not exist is no time, and no exception."""
    assert read(text, "iso") is None
    assert read(text, "%b %d %H:%M:%S") is None


@given(MOMENTS)
def test_epochs_of_every_unit(moment: datetime) -> None:
    """Seconds, milli-, micro- and nanoseconds are told apart by their size."""
    micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if micros < 10**14:
        return  # the first days of 1970-1973 in smaller units look like seconds
    frame = pl.DataFrame({"us": [micros], "ns": [micros * 1000], "ms": [micros // 1000], "s": [micros // 10**6]})
    found = frame.select(from_epoch(pl.all())).row(0)
    assert (micros, micros) == tuple(
        (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for value in found[:2]
    )
    assert moment.replace(microsecond=moment.microsecond // 1000 * 1000) == found[2]
    assert moment.replace(microsecond=0) == found[3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dec 31 23:59:59", datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Jan  1 00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("Jan  1 23:00:00", datetime(2026, 1, 1, 23, tzinfo=UTC)),  # within the slack
        ("Jan  3 00:00:00", datetime(2025, 1, 3, tzinfo=UTC)),
        ("Feb 29 12:00:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("Mar 01 00:00:00", datetime(2025, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_missing_year_is_the_latest_that_fits(text: str, expected: datetime) -> None:
    """A day lies in the year before the end of the source, give or take the slack; 29 February in a leap year."""
    assert expected == read(text, "%b %d %H:%M:%S")


@given(MOMENTS.map(lambda moment: moment.replace(microsecond=0)))
def test_any_yearless_time_is_found_again(moment: datetime) -> None:
    """With an end of the source within a year after it, every time gets its own year back."""
    calendar = Calendar(latest=moment + timedelta(days=200))
    assert moment == read(f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}", "%b %d %H:%M:%S", calendar=calendar)


@given(st.lists(st.integers(0, 730 * 86_400), min_size=1), st.booleans())
def test_times_without_year_in_place_agree_with_text(seconds: list[int], padded: bool) -> None:
    """Read where they lie they are what polars reads, whatever the last one is."""
    moments = [datetime(2023, 1, 1, tzinfo=UTC) + timedelta(seconds=second) for second in seconds]
    texts = [moment.strftime("%b %d %H:%M:%S" if padded else "%b %e %H:%M:%S") for moment in moments]
    calendar = Calendar(latest=moments[-1])
    other = Calendar(zone="Etc/UTC", latest=calendar.latest)  # not known to be UTC: read as text
    way = ("%b %d %H:%M:%S",)
    assert parse_each(pl.Series(texts), way, other).to_list() == parse_each(pl.Series(texts), way, calendar).to_list()


def test_local_times_and_clock_changes() -> None:
    """A zone turns into UTC; of an hour that comes twice the first is meant, one that is left out is no time."""
    assert datetime(2025, 7, 1, 10, tzinfo=UTC) == read("2025-07-01 12:00:00", "iso", calendar=BERLIN)
    assert datetime(2025, 1, 1, 11, tzinfo=UTC) == read("2025-01-01 12:00:00", "iso", calendar=BERLIN)
    assert datetime(2025, 10, 26, 0, 30, tzinfo=UTC) == read("2025-10-26 02:30:00", "iso", calendar=BERLIN)
    assert read("2025-03-30 02:30:00", "iso", calendar=BERLIN) is None
    assert datetime(2025, 7, 1, 12, tzinfo=UTC) == read("2025-07-01 12:00:00Z", "iso", calendar=BERLIN)


def test_ways_are_tried_in_order() -> None:
    """A text that the first way cannot read is left to the next."""
    times = pl.Series(["2026-03-01T00:00:00Z", None, "1772323200", "nothing"])
    expected = [datetime(2026, 3, 1, tzinfo=UTC), None, datetime(2026, 3, 1, tzinfo=UTC), None]
    assert expected == instants(times, ("iso", "epoch"), CALENDAR).to_list()


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S,%f"]))
def test_iso_in_place_agrees_with_text(moments: list[datetime], pattern: str) -> None:
    """Reading the digits where they lie gives what parsing the text gives."""
    assert moments == in_place([moment.strftime(pattern) for moment in moments], ("iso",))


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=20), st.integers(0, 20))
def test_fractions_in_place_agree_with_text(moments: list[datetime], odd: int) -> None:
    """Each second is parsed once and its fractions are added; a line that is no time stays null."""
    texts = [moment.strftime("%d-%b-%Y %H:%M:%S.%f") for moment in moments]
    texts.insert(min(odd, len(texts)), "x" * len(texts[0]))
    expected: list[datetime | None] = list(moments)
    expected.insert(min(odd, len(moments)), None)
    assert expected == in_place(texts, ("%d-%b-%Y %H:%M:%S.%f".replace(".%f", "%.f"),))


@settings(deadline=None)
@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=19, max_size=19), min_size=1))
def test_any_text_in_place_is_a_time_or_null(texts: list[str]) -> None:
    """What is no time gives null, as many rows as there are lines."""
    for clock in (("iso",), ("%b %d %H:%M:%S",), ("epoch",), ("%d/%b/%Y:%H:%M:%S%.f",)):
        assert len(texts) == len(in_place(texts, clock))


def test_runs_are_parsed_once() -> None:
    """Equal neighbours share one reading, null among them too."""
    times = pl.Series(np.repeat(np.array(["2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"]), 5)).extend_constant(None, 2)
    found = instants(times, ("iso",), CALENDAR)
    assert [5, 5, 2] == found.rle().struct.field("len").to_list()


@pytest.mark.parametrize(
    ("way", "text", "place"),
    [
        ("%d/%b/%Y:%H:%M:%S %z", "10/Oct/2025:13:55:36 +0200", (18, 20)),
        ("%b %d %H:%M:%S", "Oct 10 13:55:36", (13, 15)),
        ("%Y-%m-%d %H:%M:%S", "2025-10-10 13:55:36", (17, 19)),
        ("%Y-%m-%d %H:%M", "2025-10-10 13:55", None),
        ("%Y-%m-%d %H:%M:%S", "2025-10-10 13:55:36,123", None),
    ],
)
def test_the_place_of_seconds(way, text, place):
    """Seconds are found by the pattern and the width; where a fraction follows they are not."""
    assert place == seconds_place(way, len(text))
