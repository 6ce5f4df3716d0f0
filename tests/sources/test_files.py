"""Finding files: nothing that lies in a folder may hang, loop, be read twice or vanish in silence."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from detector.sources.files import PASSED_OVER, Found, find
from detector.sources.globs import expand
from tests.sources.packing import PACKERS, lines_of, run_python

LOG = b"".join(lines_of(50))


def names(found: Found) -> list[str]:
    """The names of the files found, in order."""
    return [Path(file.path).name for file in found.files]


def write(folder: Path, **contents: bytes) -> None:
    """Write files; in their names `__` is a slash and `_dot_` a dot."""
    for name, content in contents.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_a_file(tmp_path: Path) -> None:
    """A file is found with its path as typed, size, time of writing and stem."""
    path = tmp_path / "app.log.1"
    path.write_bytes(LOG)
    os.utime(path, ns=(0, 1_500_000_000_123_456_000))
    (file,) = find([f"{tmp_path}/./app.log.1"]).files
    assert f"{tmp_path}/./app.log.1" == file.path
    assert (1_500_000_000_123_456, len(LOG), "app", "text") == (file.modified_us, file.size_bytes, file.stem, file.kind)


def test_standard_input() -> None:
    """A dash is standard input, once, without size and time."""
    found = find(["-", "-"])
    assert [("-", None, None, "stdin")] == [(f.path, f.modified_us, f.size_bytes, f.stem) for f in found.files]
    assert {"duplicate": 1} == found.passed_over


def test_a_folder(tmp_path: Path) -> None:
    """A folder gives all text below it by name, hidden and empty files and known binary ones being counted."""
    write(tmp_path, b_dot_log=LOG, a__deep__er_dot_log=LOG, _dot_hidden=LOG, _dot_git__config=LOG, empty_dot_log=b"")
    write(tmp_path, wtmp=bytes(384) + b"\x07\0\0\0pts/0" + bytes(300), system_dot_journal=b"LPKSHHRH" + bytes(99))
    write(tmp_path, photo_dot_log=b"\x89PNG\r\n\x1a\n", old_dot_zip=b"PK\x03\x04\x14\0", core=b"\x7fELF" + bytes(99))
    write(tmp_path, wtmp_dot_1_dot_gz=PACKERS["gz"](bytes(384)), void_dot_gz=PACKERS["gz"](b""))
    (tmp_path / "dangling.log").symlink_to("nowhere")
    found = find([str(tmp_path)])
    assert ["er.log", "b.log"] == names(found)
    expected = {"hidden": 2, "empty": 2, "binary": 5, "archive": 1, "broken_link": 1}
    assert expected == found.passed_over
    assert [] == found.faults
    assert found.passed_over.keys() <= PASSED_OVER.keys()


def test_tables_in_a_folder(tmp_path: Path) -> None:
    """Parquet and Arrow files may hold counts: they are found, by their magic bytes."""
    write(tmp_path, a=b"PAR1\x15\x04\0\0", b=b"ARROW1\0\0\xff\xff\xff\xff")
    assert ["parquet", "arrow"] == [file.kind for file in find([str(tmp_path)]).files]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x7fELF" + bytes(99), "a program, not a log"),
        (b"PK\x03\x04\x14\0", "unpack it first"),
        (PACKERS["gz"](b"a.log".ljust(257, b"\0") + b"ustar\0" + bytes(249)), "a tar archive: unpack it first"),
        (PACKERS["xz"](PACKERS["gz"](LOG)), "compressed twice (gz inside xz)"),
    ],
)
def test_a_named_file_that_is_no_log(tmp_path: Path, content: bytes, words: str) -> None:
    """What the user named and cannot be read is told with its kind and advice."""
    write(tmp_path, x_dot_log=content)
    (fault,) = find([f"{tmp_path}/x.log"]).faults
    assert "unreadable" == fault.reason
    assert words in fault.detail


def test_an_archive_in_an_archive_in_a_folder(tmp_path: Path) -> None:
    """There may be logs in it, so it is told even if it was not named."""
    write(tmp_path, x=PACKERS["gz"](PACKERS["gz"](LOG)))
    assert ["unreadable"] == [fault.reason for fault in find([str(tmp_path)]).faults]


def test_an_empty_file_that_was_named(tmp_path: Path) -> None:
    """An empty file is no fault, only counted."""
    write(tmp_path, empty_dot_log=b"")
    found = find([f"{tmp_path}/empty.log"])
    assert ([], [], {"empty": 1}) == (found.files, found.faults, found.passed_over)


def test_missing(tmp_path: Path) -> None:
    """A path that is not there and a pattern that matches nothing are told, and the others are read."""
    write(tmp_path, a_dot_log=LOG)
    found = find([f"{tmp_path}/none.log", f"{tmp_path}/a.log", f"{tmp_path}/*.txt", f"{tmp_path}/a.log/below"])
    assert ["a.log"] == names(found)
    assert ["missing", "missing", "unreadable"] == [fault.reason for fault in found.faults]
    assert f"{tmp_path}/none.log: cannot be opened: No such file or directory" == str(found.faults[0])


def test_the_same_file_is_read_once(tmp_path: Path) -> None:
    """However a file is reached (twice, by a glob, a link, a hard link, its folder), it is read once."""
    write(tmp_path, a_dot_log=LOG)
    (tmp_path / "link.log").symlink_to("a.log")
    (tmp_path / "hard.log").hardlink_to(tmp_path / "a.log")
    path = f"{tmp_path}/a.log"
    found = find([path, path, f"{tmp_path}/*.log", str(tmp_path), str(tmp_path)])
    assert ["a.log"] == names(found)
    assert {"duplicate": 8} == found.passed_over


def test_loops_of_links(tmp_path: Path) -> None:
    """Folders that link to each other are walked once, by folder and by pattern."""
    write(tmp_path, a__x_dot_log=LOG, b__y_dot_log=LOG)
    for folder in "ab":
        for target in "ab":
            (tmp_path / folder / f"to_{target}").symlink_to(tmp_path / target)
    assert ["x.log", "y.log"] == sorted(names(find([str(tmp_path)])))
    assert ["x.log", "y.log"] == sorted(names(find([f"{tmp_path}/**/*.log"])))


def test_pipes_sockets_and_devices(tmp_path: Path) -> None:
    """In a folder they are passed over without waiting; named, a pipe is a source, and the others are told."""
    write(tmp_path, a_dot_log=LOG)
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        found = find([str(tmp_path)])
        named = find([f"{tmp_path}/pipe", f"{tmp_path}/socket", "/dev/null"])
    assert (["a.log"], {"special": 2}, []) == (names(found), found.passed_over, found.faults)
    assert [("pipe", None, None)] == [(file.stem, file.size_bytes, file.modified_us) for file in named.files]
    assert ["special", "special"] == [fault.reason for fault in named.faults]


def test_rotated_sets(tmp_path: Path) -> None:
    """Sets come one after the other, each oldest first, whatever the order of names, arguments and times of writing."""
    expected = [
        "app.log.10",
        "app.log.2.gz",
        "app.log.1",
        "app.log",
        "web.log-20260101",
        "web.log-20260102.xz",
        "web.log",
    ]
    for name in expected:
        (tmp_path / name).write_bytes(LOG + name.encode())
    assert expected == names(find([str(tmp_path)]))
    assert expected == names(find([f"{tmp_path}/{name}" for name in reversed(expected[:4])] + [f"{tmp_path}/web*"]))
    assert {"app", "web"} == {file.stem for file in find([str(tmp_path)]).files}


def test_sets_of_two_folders_stay_apart(tmp_path: Path) -> None:
    """Files of the same name in two folders are two logs."""
    write(tmp_path, a__x_dot_log_dot_1=LOG, a__x_dot_log=LOG, b__x_dot_log_dot_1=LOG, b__x_dot_log=LOG)
    expected = [f"{tmp_path}/{name}" for name in ("a/x.log.1", "a/x.log", "b/x.log.1", "b/x.log")]
    assert expected == [file.path for file in find([str(tmp_path)]).files]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.log", ["a.log"]),
        ("?.log", ["a.log"]),
        ("**/*.log", ["a.log", "d/b.log", "d/e/c.log"]),
        ("d/**", ["d", "d/e"]),
        ("d/[b-e]*", ["d/b.log", "d/e"]),
        ("*/e/*.log", ["d/e/c.log"]),
        (".*", [".h.log"]),
        ("*.txt", []),
        ("a.log/*", []),
    ],
)
def test_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, expected: list[str]) -> None:
    """Patterns match as in a shell with globstar, relative and absolute."""
    write(tmp_path, a_dot_log=LOG, d__b_dot_log=LOG, d__e__c_dot_log=LOG, _dot_h_dot_log=LOG)
    monkeypatch.chdir(tmp_path)
    assert expected == expand(pattern)
    assert [f"{tmp_path}/{name}" for name in expected] == expand(f"{tmp_path}/{pattern}")


def test_a_name_with_magic_in_it(tmp_path: Path) -> None:
    """A file whose very name is the pattern is meant."""
    write(tmp_path, **{"app[1]_dot_log": LOG, "app1_dot_log": LOG})
    assert ["app[1].log"] == names(find([f"{tmp_path}/app[1].log"]))


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    """Such a file is read, under a stem that can be written anywhere."""
    (tmp_path / "caf\udce9.log").write_bytes(LOG)
    (file,) = find([str(tmp_path)]).files
    assert "caf\ufffd" == file.stem
    assert LOG == Path(file.path).read_bytes()


AS_NOBODY = """
import json, os, sys
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
from detector.sources.files import find
found = find(sys.argv[1:])
print(json.dumps([[f.path for f in found.files], [str(f) for f in found.faults], found.passed_over]))
"""


def test_unreadable() -> None:
    """To an ordinary user a file and a folder without permission are told and counted, and the rest is read."""
    place = Path(tempfile.gettempdir()) / f"detector-unreadable-{os.getpid()}"
    write(place, a_dot_log=LOG, secret_dot_log=LOG, closed__b_dot_log=LOG)
    try:
        place.chmod(0o755)
        (place / "secret.log").chmod(0)
        (place / "closed").chmod(0)
        run = run_python(AS_NOBODY, place)
    finally:
        (place / "closed").chmod(0o755)
        shutil.rmtree(place)
    if "Permission denied: '/root" in run.stderr:
        pytest.skip("an ordinary user cannot reach this Python")
    expected = (
        f'[["{place}/a.log"], ["{place}/closed: cannot be opened: Permission denied", '
        f'"{place}/secret.log: cannot be opened: Permission denied"], {{"unreadable": 2}}]'
    )
    assert expected == run.stdout.strip() or run.stderr
