"""Names of rotated files."""

from __future__ import annotations

import pytest

from detector.sources.rotations import printable, rotation, stem


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("access.log", "access"),
        ("access.log.2.gz", "access"),
        ("auth.log.1", "auth"),
        ("syslog", "syslog"),
        ("syslog.12", "syslog"),
        ("app.log.12345", "app"),
        ("kafka0_server.log.2016-12-19-16", "kafka0_server"),
        ("app-20260101.log.xz", "app"),
        ("messages-20260101.zst", "messages"),
        ("access.log-20260101-1767225600", "access"),
        ("app.2026-01-01.0.log", "app"),
        ("app-2026-01-01T12-00-00.000.log", "app"),
        ("app-out__2026-01-01_00-00-00.log", "app-out"),
        ("server.log.2026-01", "server"),
        ("localhost_access_log.2026-01-01.txt", "localhost_access_log"),
        ("server.host.root.log.INFO.20260101-120000.1234", "server.host.root.log.INFO"),
        ("access_log.1482019200", "access_log"),
        ("u_ex260101.log", "u_ex"),
        ("app.log.old", "app"),
        ("counts-2026-01.csv", "counts"),
        ("web01.example.com", "web01.example.com"),
        ("web.1.log", "web.1"),
        ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.5.1", "10.0.0.5"),
        ("host-10.0.0.5.log", "host-10.0.0.5"),
        ("2026-01-01.log", "checkout"),
        ("0.log", "checkout"),
        ("0.log.20260101-120000.gz", "checkout"),
    ],
)
def test_stem(name: str, expected: str) -> None:
    """A stem is the log's own name; where a name says nothing, the folder's."""
    assert expected == stem(f"/var/log/checkout/{name}")


@pytest.mark.parametrize(
    "names",
    [
        ["x.log.10", "x.log.2.gz", "x.log.1", "x.log"],
        ["x.log-20251231.gz", "x.log-20260101", "x.log"],
        ["x.log.2016-12-19-09", "x.log.2016-12-19-10", "x.log.2016-12-20-00", "x.log"],
        ["x.2026-01-01.9.log", "x.2026-01-01.10.log", "x.2026-01-02.0.log", "x.log"],
        ["x.log.1482019200", "x.log.1482105600", "x.log"],
        ["x.log.1", "x.log.old", "x.log"],
    ],
)
def test_age(names: list[str]) -> None:
    """The names of one set share a key, and their ages put them in the order of time."""
    assert 1 == len({rotation(name).key for name in names})
    backwards = names[::-1]
    assert names == sorted(backwards, key=lambda name: rotation(name).age)


def test_sets_stay_apart() -> None:
    """Names that only look alike do not become one log."""
    names = ["web.1.log", "web.2.log", "web.log", "web-error.log", "10.0.0.5", "10.0.0.6", "web.txt"]
    assert len(names) == len({rotation(name).key for name in names})


def test_printable() -> None:
    """A name on disk that is no UTF-8 can be shown and written."""
    assert "caf\ufffd.log" == printable("caf\udce9.log")
