"""The promise of every format: its samples yield what they say, and no format takes another's lines."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats.format import Format, Sample
from detector.formats.records import CONTINUATION, PART, RECORD, Recipe
from detector.formats.sniff import choose, fit
from detector.formats.table import FORMATS
from tests.formats.reading import CALENDAR, lines_of, moment, read, value

SAMPLES = [
    pytest.param(known, sample, id=f"{known.name}-{number}")
    for known in FORMATS
    for number, sample in enumerate(known.samples)
]
OVERLAPS = {
    ("docker", "json"): "a line of Docker's json-file is a JSON object with a time; docker's priority decides",
    **dict.fromkeys(
        [("traefik", "access"), ("ingress_nginx", "access")], "an access log with more at its end; priority decides"
    ),
    **dict.fromkeys(
        [("haproxy", "syslog_rfc3164"), ("haproxy", "syslog_rfc5424"), ("haproxy", "syslog_iso")],
        "haproxy reads through the syslog around it, and its priority decides",
    ),
}
"""(whose sample, who reads it too) -> why that is right."""


def family(fitted: Format) -> str:
    """The table's name for it: a fitted format may name its dialect after an underscore."""
    names = [known.name for known in FORMATS]
    return max((name for name in names if f"{fitted.name}_".startswith(name + "_")), key=len)


def assert_yields(sample: Sample, recipe: Recipe) -> None:
    """Hold the record of a sample to its fields, and its other lines to being part of it."""
    lines = lines_of(sample)
    begin = len(lines) - len(sample.text.split("\n"))
    parsed = read(lines, recipe)
    kinds = [RECORD] * len(lines) if parsed.kinds is None else parsed.kinds.to_list()
    first = kinds.index(RECORD, begin)
    assert [PART] * (first - begin) == kinds[begin:first]
    assert [CONTINUATION] * (len(lines) - first - 1) == kinds[first + 1 :]
    expected = {name: moment(field) if name == "timestamp" else field for name, field in sample.fields.items()}
    assert expected == {name: value(parsed.frame, first, name) for name in expected}


def test_names_are_unique() -> None:
    """`--input-format` means one format."""
    assert len({known.name for known in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_every_format_proves_itself(known: Format) -> None:
    """No sample, no format: at least five, one of them dated."""
    assert len(known.samples) >= 5
    assert any(sample.fields.get("timestamp") for sample in known.samples)


@pytest.mark.parametrize(("known", "sample"), SAMPLES)
def test_sniffing_finds_the_format_of_a_sample(known: Format, sample: Sample) -> None:
    """A source that begins with the sample is read by its format, with these values."""
    recipe = choose(lines_of(sample), FORMATS, CALENDAR)
    assert known.name == family(recipe.formats[0])
    assert_yields(sample, recipe)


@pytest.mark.parametrize(("known", "sample"), SAMPLES)
def test_a_named_format_reads_its_samples(known: Format, sample: Sample) -> None:
    """`--input-format NAME` yields the same values."""
    assert_yields(sample, choose(lines_of(sample), FORMATS, CALENDAR, known.name))


@pytest.mark.parametrize(("known", "sample"), SAMPLES)
def test_no_other_format_reads_a_sample(known: Format, sample: Sample) -> None:
    """Every format is tried on every other format's samples; a generic one may read all, it gives way."""
    lines = lines_of(sample)
    first = len(lines) - len(sample.text.split("\n"))
    others = {
        other.name
        for other in FORMATS
        if other.priority >= 0 and other.name != known.name and reads(other, lines, first)
    }
    assert set() == {other for other in others if (known.name, other) not in OVERLAPS}


def test_every_overlap_that_is_listed_is_one() -> None:
    """A reason for what no longer happens would hide what does."""
    by_name = {known.name: known for known in FORMATS}
    for (name, other), reason in OVERLAPS.items():
        read_too = [reads(by_name[other], lines_of(sample), len(lines_of(sample)) - len(sample.text.split("\n")))
                    for sample in by_name[name].samples]  # fmt: skip
        assert any(read_too), (name, other, reason)


def reads(known: Format, lines: list[str], row: int) -> bool:
    """Does the format, fitted to these lines, see a record in this row?"""
    fitted = fit(known, lines)
    if fitted is None:
        return False
    kinds = read(lines, Recipe((fitted,), calendar=CALENDAR)).kinds
    return kinds is None or kinds[row] == RECORD


def all_lines(known: Format) -> list[str]:
    """Those of all samples that have no head of their own, else of the first sample."""
    return [line for sample in known.samples if not sample.head for line in lines_of(sample)] or lines_of(
        known.samples[0]
    )


FITTED = {known.name: fit(known, all_lines(known)) or known for known in FORMATS}
"""Each format as it is used for a source that holds its samples."""


CHARACTERS = st.text(st.characters(exclude_characters="\n\r\0", codec="utf-8"), max_size=40)
LINES = st.lists(CHARACTERS, max_size=5)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@settings(max_examples=12, deadline=None)
@given(lines=LINES)
def test_any_text_is_read_or_left(known: Format, lines: list[str]) -> None:
    """n lines give n rows and no exception, whatever they are, whether the format was fitted to them or not."""
    for candidate in {id(known): known, 1: FITTED[known.name], 2: fit(known, lines) or known}.values():
        assert len(lines) == len(read(lines, Recipe((candidate,), calendar=CALENDAR)).frame)


@st.composite
def mutations(draw: st.DrawFn, known: Format) -> list[str]:
    """Lines of the samples with something inserted, removed or replaced."""
    lines = []
    for sample in draw(st.lists(st.sampled_from(known.samples), min_size=1, max_size=3)):
        for line in lines_of(sample):
            begin = draw(st.integers(0, len(line)))
            end = draw(st.integers(begin, min(len(line), begin + 12)))
            lines.append(line[:begin] + draw(CHARACTERS) + line[end:])
    return lines


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_damaged_samples_are_read_or_left(known: Format, data: st.DataObject) -> None:
    """n damaged lines give n rows and no exception."""
    lines = data.draw(mutations(known))
    for candidate in (FITTED[known.name], fit(known, lines) or known):
        assert len(lines) == len(read(lines, Recipe((candidate,), calendar=CALENDAR)).frame)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_split_gives_the_same_rows(known: Format, data: st.DataObject) -> None:
    """Rows depend on their lines alone, so a source may be cut anywhere between them."""
    lines = all_lines(known)
    recipe = Recipe((FITTED[known.name],), calendar=CALENDAR)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(lines)), max_size=4)) | {0, len(lines)})
    parts = [read(lines[begin:end], recipe).frame for begin, end in pairwise(cuts)]
    whole = read(lines, recipe).frame
    assert whole.equals(pl.concat(parts, how="diagonal_relaxed").select(whole.columns))
