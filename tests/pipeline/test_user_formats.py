"""Formats that users describe in their settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from detector.config import Settings
from detector.errors import SettingsError, UsageError
from detector.formats.user import from_unit
from detector.layers import settings_of
from detector.pipeline.parse import Parsing
from detector.pipeline.recognize import list_formats, recognize, try_samples
from detector.schemas import RECORDS
from detector.userformats import GROUPS

PATTERN = r"^<(?<timestamp>\d+)> (?<service>\w+)/(?<client>\S+) (?<level>[A-Z]+) (?<status>\d+)"
SAMPLE: dict[str, Any] = {
    "line": "<1772323200> shop/192.0.2.1 WARN 503 slow", "timestamp": "2026-03-01T00:00:00Z", "service": "shop",
    "client": "192.0.2.1", "level": "warning", "status": 503,
}  # fmt: skip
MINE: dict[str, Any] = {"pattern": PATTERN, "time": "epoch_s", "samples": [SAMPLE]}


def of(**changes):
    """Settings with one format, some of its keys changed."""
    return settings_of({"formats": {"mine": {**MINE, **changes}}})


def test_groups_are_columns_of_records():
    """What a pattern may find is what a record may hold."""
    assert set(GROUPS) <= {column.name for column in RECORDS}


def test_a_described_format_is_recognised_before_the_built_in_ones(tmp_path):
    """Its lines yield what its groups say; other lines of the file are still read by the formats that know them."""
    path = tmp_path / "a.log"
    mixed = ["2026-03-01 00:00:02 INFO [main] c.e.Shop - up"] * 20
    path.write_text("\n".join([SAMPLE["line"], *mixed, ""]))
    settings = of()
    frame = pl.concat(list(Parsing(settings, 0).frames([str(path)])))
    first = frame.row(0, named=True)
    assert ("mine", "shop", "192.0.2.1", "warning", 503) == tuple(
        first[name] for name in ("format", "service", "client", "level", "status")
    )
    assert ["mine", "generic"] == frame["format"].unique(maintain_order=True).to_list()
    assert "mine" == next(recognize([str(path)], settings, 0, [])).formats[0]
    assert "mine" in [one.name for one in list_formats(settings)]


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("epoch_s", "1772323200.5"),
        ("epoch_ms", "1772323200500"),
        ("epoch_us", "1772323200500000"),
        ("epoch_ns", "1772323200500000000"),
        ("iso", "2026-03-01T01:00:00.5+01:00"),
        ("%d/%m/%Y %H:%M:%S.%f", "01/03/2026 00:00:00.5"),
        ("%d/%m/%Y %H:%M:%S,%f", "01/03/2026 00:00:00,500"),
        (["iso", "%y%m%d %H%M%S.%f %z"], "260301 010000.500 +0100"),
    ],
)
def test_ways_to_write_times(time, text):
    """Epochs in every unit, ISO 8601 and strptime's patterns, of which several may be given."""
    sample = {"line": f"{text}|x", "timestamp": "2026-03-01T00:00:00.5Z"}
    assert {"mine": []} == try_samples(of(pattern=r"^(?P<timestamp>[^|]+)\|", time=time, samples=[sample]), None)


def test_absurd_epochs_are_no_times():
    """Digits beyond all dates give no moment, whatever the unit."""
    frame = pl.DataFrame({"t": ["9" * 18, "x", "", None, "-5", "12.x", "0"]})
    for unit in (1, 10**3, 10**6, 10**9):
        assert datetime(1970, 1, 1, tzinfo=UTC) == frame.select(from_unit(pl.col("t"), unit))["t"][-1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patern": "x"}, r"unknown setting `formats.mine.patern`; did you mean `pattern`"),
        ({"pattern": "(?<timestamp>x"}, r"`pattern` is no regular expression: unclosed group"),
        ({"pattern": "(?<timestamp>x)(?=y)"}, "look-around"),
        ({"pattern": "x"}, "no group `timestamp`"),
        ({"pattern": "(?<timestamp>x)(y)"}, "group without a name"),
        ({"pattern": "(?<timestamp>x)(?<clinet>y)"}, "unknown group `clinet`; did you mean `client`"),
        ({"time": "epoch"}, "`time`: 'epoch' is no way to write times"),
        ({"time": 5}, "`time` must be a list of texts"),
        ({"samples": []}, "`samples` is missing"),
        ({"samples": [{"line": "x"}]}, "sample 1: say what it must yield"),
        ({"samples": [SAMPLE, {"timestamp": "x"}]}, "sample 2: `line` must be the text of one line"),
        ({"samples": [{**SAMPLE, "host": "x"}]}, "sample 1: `host` is no group of the pattern"),
        ({"samples": [{**SAMPLE, "status": "503"}]}, "sample 1: `status` must be a whole number"),
        ({"multiline": 1}, "`formats.mine.multiline` must be true or false"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(changes, words):
    """A key, a pattern, a way to write times, a sample: each error says which."""
    with pytest.raises(SettingsError, match=words) as error:
        of(**changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"line": "x"}, "sample 1: the pattern does not fit the line"),
        ({"level": "error"}, "sample 1: `level` must be 'error', but is 'warning'"),
        ({"timestamp": "2026-03-01T00:00:01Z"}, "sample 1: `timestamp` must be 2026-03-01T00:00:01+00:00"),
        ({"timestamp": "noon"}, "sample 1: `timestamp`: 'noon' is no time"),
    ],
)
def test_samples_that_fail_are_named(tmp_path, changes, fault):
    """With the number of the sample and the name of the group; a run refuses such a format."""
    settings = of(samples=[{**SAMPLE, **changes}])
    assert try_samples(settings, "mine")["mine"][0].startswith(fault)
    (tmp_path / "a.log").write_text("x\n")
    with pytest.raises(SettingsError, match="sample 1"):
        list(Parsing(settings, 0).frames([str(tmp_path / "a.log")]))


def test_a_time_that_is_written_otherwise_is_told():
    """The pattern fits, `time` does not."""
    faults = try_samples(of(time="iso"), "mine")["mine"]
    assert ["sample 1: `timestamp` is found, but it is not written as `time` says"] == faults


def test_names_are_checked(tmp_path):
    """A built-in format keeps its name; one that nobody described cannot be tried."""
    (tmp_path / "a.log").write_text("x\n")
    with pytest.raises(SettingsError, match="there is a format of this name already"):
        list(Parsing(settings_of({"formats": {"access": MINE}}), 0).frames([str(tmp_path / "a.log")]))
    with pytest.raises(SettingsError, match="its name must be"):
        settings_of({"formats": {"my own": MINE}})
    with pytest.raises(UsageError, match="did you mean `mine`"):
        try_samples(of(), "mein")
    with pytest.raises(UsageError, match="there is no"):
        try_samples(Settings(), None)


def test_further_lines_belong_to_the_record(tmp_path):
    """With `multiline`, what does not fit goes on."""
    (tmp_path / "a.log").write_text(f"{SAMPLE['line']}\n  at x\n")
    for multiline, records in ((True, 1), (False, 2)):
        assert records == sum(map(len, Parsing(of(multiline=multiline), 0).frames([str(tmp_path / "a.log")])))
