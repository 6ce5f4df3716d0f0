"""Headers of W3C logs that change within a file, or come late."""

from __future__ import annotations

import gzip

import pytest

from detector.config import Settings
from detector.pipeline.parse import Parsing

OLD = "#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status"
NEW = "#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes time-taken"
SAME_SIZE = "#Fields: date time s-ip cs-method cs-uri-stem sc-bytes sc-status"
OLD_LINE = "2026-03-01 00:00:00 198.51.100.9 GET /a 192.0.2.1 200"
NEW_LINE = "2026-03-01 00:00:01 192.0.2.2 GET /b 404 77 15"


def parse(path, text):
    """Client, status and payload of all records."""
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    frames = list(Parsing(Settings(), 0).frames([str(path)]))
    return [row for frame in frames for row in frame.select("client", "status", "payload_bytes").rows()]


@pytest.mark.parametrize("name", ["u_ex.log", "u_ex.log.gz"])
def test_fields_may_change_behind_the_head(tmp_path, name):
    """Columns that are named long after the first lines count for their lines."""
    found = parse(tmp_path / name, "\n".join([OLD, *[OLD_LINE] * 1500, NEW, *[NEW_LINE] * 3, ""]))
    assert ("192.0.2.1", 200, None) == found[0]
    assert [("192.0.2.2", 404, 77)] * 3 == found[-3:]


def test_fields_may_come_late(tmp_path):
    """A file that was cut has its first header where the server was started again."""
    found = parse(tmp_path / "u_ex.log", "\n".join([*[NEW_LINE] * 1500, NEW, NEW_LINE, ""]))
    assert [("192.0.2.2", 404, 77)] * 1501 == found


def test_columns_that_are_not_sure_stay_empty(tmp_path):
    """Of two sets of one size only what both name at one place is read: nothing is better than something wrong."""
    found = parse(tmp_path / "u_ex.log", "\n".join([OLD, OLD_LINE, SAME_SIZE, OLD_LINE.replace("192.0.2.1", "5"), ""]))
    assert [(None, 200, None)] * 2 == found
