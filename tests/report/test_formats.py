"""The table of formats, and what it says of each."""

from __future__ import annotations

from detector.config import Settings
from detector.pipeline.recognize import list_formats
from detector.report.formats import list_text


def test_the_list_tells_what_each_format_yields() -> None:
    """One row a format, a letter for each field that is watched."""
    rows = {
        line.split()[0]: line for line in list_text(list_formats(Settings()), 80).splitlines()[3:] if line[:1] != " "
    }
    expected = {"haproxy": "S - C T B", "glog": "- L - - -", "counts": "S - C - B", "json_otlp": "S L C T B"}
    assert expected == {name: " ".join(rows[name].split()[1:6]) for name in expected}
    assert {one.name for one in list_formats(Settings())} == set(rows)


def test_rows_fit_the_width() -> None:
    """What a format is goes on below itself."""
    assert max(map(len, list_text(list_formats(Settings()), 100).splitlines())) <= 100
