"""Who holds the excess of a surge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.causes import Contributor
from detector.explain import counting
from detector.explain.agents import reduce_agents
from detector.explain.contributors import find_contributors
from detector.explain.counting import KEY, SUMMARY, Periods, Summary, merge, summarize
from detector.schemas import TIME

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
START_US = int(START.timestamp() * 1e6)
HOUR = 3_600_000_000
PERIODS = Periods((START_US - HOUR, START_US), (START_US, START_US + HOUR))


def records(minutes: list[int], **columns: object) -> pl.DataFrame:
    """Records at minutes counted from the begin of the surge."""
    times = [START + timedelta(minutes=minute) for minute in minutes]
    lines = [f"line {number % 7}" for number in range(len(minutes))]
    return pl.DataFrame({"timestamp": pl.Series(times, dtype=TIME), "line": lines, **columns})


def drawn(guilty: dict[str, str], size: int = 1000, seed: int = 1) -> pl.DataFrame:
    """An hour of calm, then an hour in which records with the `guilty` values are added three times over."""
    rng = np.random.default_rng(seed)
    minutes = np.r_[rng.integers(-60, 0, size), rng.integers(0, 60, size)].tolist()
    values = {"version": ["a/1", "a/2", "b/1"], "endpoint": ["GET /x", "GET /y", "GET /z"], "status": ["200", "304"]}
    columns = {name: rng.choice(few, 2 * size).tolist() for name, few in values.items()}
    for name, few in values.items():
        columns[name] += [guilty[name]] * 3 * size if name in guilty else rng.choice(few, 3 * size).tolist()
    columns["client"] = [f"192.0.2.{one}" for one in rng.integers(0, 200, 5 * size)]
    return records(minutes + rng.integers(0, 60, 3 * size).tolist(), **columns)


def found(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """Dimension and value of each contributor."""
    return [(one.dimension, one.value) for one in find_contributors(summarize(frame, PERIODS), PERIODS.minutes)]


def table(summary: Summary) -> tuple[list[tuple[object, ...]], int, int]:
    """Everything that a summary says, in order."""
    rows = summary.values.select(SUMMARY.names()).sort(KEY, nulls_last=True).rows()
    return rows, summary.before, summary.during


@pytest.mark.parametrize("guilty", [{"version": "a/2"}, {"endpoint": "GET /y"}])
def test_the_guilty_value_comes_first(guilty):
    """And nothing is told of values that grew no more than all others."""
    assert list(guilty.items()) == found(drawn(guilty))


def test_a_guilty_pair_is_told_where_neither_value_is_guilty_alone():
    """A version that asks one endpoint too often: the pair holds what each of them holds."""
    assert ("version + endpoint", "a/2 + GET /y") == found(drawn({"version": "a/2", "endpoint": "GET /y"}))[0]


def test_a_single_client_is_told():
    """One of two hundred that sends more than all others together."""
    frame = drawn({})
    noisy = pl.when(pl.int_range(pl.len()) < 2000).then("client").otherwise(pl.lit("198.51.100.9")).alias("client")
    assert [("client", "198.51.100.9")] == found(frame.with_columns(noisy))


def test_a_surge_of_everything_has_no_contributor():
    """Where all values grew alike none is to blame; where nothing grew neither."""
    assert [] == found(drawn({}))
    assert [] == found(drawn({}).filter(pl.col("timestamp") < START))


def test_the_numbers_of_a_contributor():
    """Rates are per minute, the share is of the excess, the first record may lie before the surge."""
    frame = records([-50] * 60 + [-7] * 60 + [5] * 60 + [9] * 240, version=["old"] * 60 + ["new"] * 60
                    + ["old"] * 60 + ["new"] * 240)  # fmt: skip
    (one,) = find_contributors(summarize(frame, PERIODS), PERIODS.minutes)
    assert Contributor("version", "new", 1.0, 4.0, 1.0, START_US - 7 * 60_000_000, "line 0") == one


def test_a_new_service_is_told_by_its_shares():
    """Where nothing was before no ratio tells values apart."""
    frame = records([1] * 90 + [2] * 10, message=["retry 17"] * 90 + ["done"] * 10, level=["info"] * 100)
    assert ("message", "retry <*>") == found(frame)[0]


def test_no_secret_is_told_in_part():
    """Neither where it stands nor where a long value or line is cut, and nothing is long."""
    token = "aB3" * 40
    for begin in range(0, 1100, 90):
        endpoint = f"GET /{'x' * begin}/{token}"
        frame = records([1] * 50, endpoint=[endpoint] * 50).with_columns(line=pl.lit(endpoint + token))
        (one,) = find_contributors(summarize(frame, PERIODS), PERIODS.minutes)
        assert "aB3" not in one.value + one.sample
        assert len(one.value) <= 200
        assert len(one.sample) <= 300


def test_suppressed_records_count():
    """A record that says that it was repeated stands for all of them."""
    summary = summarize(records([-1, 1], version=["a", "a"], repeats=[None, 9]), PERIODS)
    assert (1, 10) == (summary.before, summary.during)


def test_an_excess_per_client_is_told_where_clients_leave():
    """Half of the clients go to bed, the other half send more: that there are fewer records hides nobody."""
    frame = drawn({"version": "a/2"}).filter(pl.int_range(pl.len()) % 10 != 0)
    frame = pl.concat([frame.filter(pl.col("timestamp") < START)] * 5 + [frame.filter(pl.col("timestamp") >= START)])
    summary = summarize(frame, PERIODS)
    assert () == find_contributors(summary, PERIODS.minutes)
    assert [("version", "a/2")] == [
        (one.dimension, one.value) for one in find_contributors(summary, PERIODS.minutes, growth=0.2)
    ]


@pytest.mark.parametrize("has_payload", [False, True])
def test_bytes_are_told_where_messages_grow(has_payload):
    """As many records as before, of which one endpoint's are ten times as large."""
    early = pl.col("timestamp") < START
    frame = pl.concat([drawn({}).filter(period).head(900) for period in (early, ~early)])
    grown = (pl.col("endpoint") == "GET /y") & (pl.col("timestamp") >= START)
    size = pl.when(grown).then(1000).otherwise(100)
    text = pl.lit("x").repeat_by(size).list.join("")
    column = {"payload_bytes": size.cast(pl.Int64)} if has_payload else {"line": text}
    summary = summarize(frame.with_columns(**column), PERIODS, is_bytes=True)
    found = find_contributors(summary, PERIODS.minutes)
    assert [("endpoint", "GET /y")] == [(one.dimension, one.value) for one in found]
    assert found[0].during == pytest.approx(10 * found[0].before, rel=0.2)


def test_unequal_periods_are_compared_by_rate():
    """Ten minutes against an hour: the same rate is no excess."""
    periods = Periods((START_US - HOUR, START_US), (START_US, START_US + HOUR // 6))
    frame = records(list(range(-60, 10)) * 20, version=["a"] * 1400)
    assert () == find_contributors(summarize(frame, periods), periods.minutes)


VALUES = st.sampled_from(["a", "b", "c/1.0", None])
ROWS = st.lists(st.tuples(st.integers(-70, 70), VALUES, VALUES), max_size=40)


def frame_of(rows: Sequence[tuple[int, str | None, str | None]]) -> pl.DataFrame:
    """Records of the drawn rows."""
    versions, hosts = (pl.Series([row[at] for row in rows], dtype=pl.String) for at in (1, 2))
    frame = records([row[0] for row in rows], version=versions, host=hosts)
    return frame.with_columns(line=pl.Series([str(row) for row in rows], dtype=pl.String))


@settings(deadline=None, max_examples=60)
@given(ROWS, ROWS, ROWS)
def test_any_split_gives_the_same_summary(one, two, three):
    """Merging is associative and commutative, and merging the parts is the summary of the whole."""
    first, second, third = (summarize(frame_of(rows), PERIODS) for rows in (one, two, three))
    expected = table(merge([summarize(frame_of(one + two + three), PERIODS)]))
    assert expected == table(merge([merge([first, second]), third]))
    assert expected == table(merge([third, merge([second, first])]))


def test_many_values_stay_bounded(monkeypatch):
    """What does not fit is counted together: sums stay right and the heaviest value stays exact."""
    monkeypatch.setattr(counting, "MOST_VALUES", 100)
    rows = [(number % 120 - 60, f"host-{number}x", None) for number in range(1000)] + [(5, "guilty", None)] * 50
    parts = [summarize(frame_of(rows[begin : begin + 150]), PERIODS) for begin in range(0, len(rows), 150)]
    whole = merge(parts)
    versions = whole.values.filter(pl.col("dimension") == "version", pl.col("second_dimension").is_null())
    assert 101 == len(versions)
    assert (whole.before, whole.during) == (versions["before"].sum(), versions["during"].sum())
    assert [50] == versions.filter(pl.col("value") == "guilty")["during"].to_list()


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("expected", "agent"),
    [
        ("FleetApp/4.9.0", "FleetApp/4.9.0"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("FleetApp/4.9.0", "FleetApp/4.9.0 (Android 14; SM-S911B) okhttp/4.12.0"),
        ("Chrome 126", f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36"),
        ("Edge 125", f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/125.0.0.0 Safari/537.36 Edg/125.0.2535.51"),
        ("Firefox 124", "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0"),
        ("Safari 17", f"Mozilla/5.0 (iPhone; CPU) {WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1"),
        ("Googlebot/2.1", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        ("1.2.3-rc1", "1.2.3-rc1"),
        (None, None),
    ],
)  # fmt: skip
def test_user_agents_are_reduced(expected, agent):
    """To the family and its version; the devices, of which there are many, are left out."""
    assert [expected, "curl/8.5.0"] == reduce_agents(pl.Series([agent, "curl/8.5.0"], dtype=pl.String)).to_list()
