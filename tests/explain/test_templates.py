"""Message templates."""

from __future__ import annotations

import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.explain.templates import LONGEST, templates_of


def template(message: str | None) -> str | None:
    """The template of one message."""
    found = templates_of(pl.Series([message], dtype=pl.String))
    return found.to_list()[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("took <*>", "took 12.5 ms"),
        ("Receiving block <*> src: <*> dest: <*>",
         "Receiving block blk_-1608999687919862906 src: /10.250.19.102:54106 dest: /10.250.19.102:50010"),
        ("job <*> is done", "job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is done"),
        ("mask <*> at <*>", "mask 0xdeadBEEF at 00:1B:44:11:3A:B7"),
        ("Can't find child <*> in scoreboard", "Can't find child 4210 in scoreboard"),
        ("cannot open <*>: denied", "cannot open '/etc/my secrets': denied"),
        ("cannot open <*>: denied", 'cannot open "/etc/my secrets": denied'),
        ("read <*> and <*>", r"read /var/log/x.log and C:\Windows\win.ini"),
        ("mail to <*> failed", "mail to jane.doe@example.org failed"),
        ("GET <*> failed", "GET https://example.org/a?b=c failed"),
        ("<*> GET <*> status: <*>", '192.0.2.7 "GET /v2/servers HTTP/1.1" status: 200'),
        ("load <*>", "load ../lib/x.so"),
        ("connection from <*> at <*>", "connection from 192.0.2.7 () at Sun Jul  3 10:05:25 2005"),
        ("connection from <*> at <*>", "connection from 192.0.2.7 (dsl-Chn-7.example.net) at Fri Jun 17 20:55:06 2005"),
        ("close, <*> sent, lifetime <*>", "close, 1190 bytes (1.16 KB) sent, lifetime 00:02"),
        ("close, <*> sent, lifetime <*>", "close, 0 bytes sent, lifetime <1 sec"),
        ("onExtend:<*> begin:<*>", "onExtend:1514038530000 14 0 4 begin:7"),
        ("store interrupt by dcbf.........<*>", "store interrupt by dcbf.........0"),
        ("took <*>.", "took 12 seconds."),
        ("proxy <*> via <*>", "proxy proxy.example.org:5070 via example.org:80"),
        ("caught <*>.RemoteException", "caught org.apache.hadoop.ipc.RemoteException"),
        ("caught java.net.ConnectException", "caught java.net.ConnectException"),
        ("package <*>, state", "package Package_for_KB3121255~31bf3856ad364e35~amd64~~6.1.1.0, state"),
        ("from <*> to <*>", "from fe80::d8a5:90ff:fef5:7fff to FF:F2:9F:16:EB:27"),
        ("lock ws=<*>, uid=<*>", "lock ws=WorkSource{10113}, uid=1000"),
        ("lock ws=<*>, uid=<*>", "lock ws=null, uid=1000"),
        ("login; uid=<*> user=<*>", "login; uid=0 user=root"),
        ("session opened for <*> by (uid=<*>)", "session opened for user root by (uid=0)"),
        ("Invalid <*> from <*>", "Invalid user 0101 from 192.0.2.7"),
        ("Failed password for <*> from <*> port <*>", "Failed password for root from 192.0.2.7 port 22 ssh2"),
        ("ids: <*> end", "ids: 1, 2, 3 end"),
        ("files: <*> end", "files: /a/b, /c/d end"),
        ("<*> Fehler für Straße", "3 Fehler für Straße"),
        ("boom", "boom\n  at a.b.C(D.java:7)"),
        ("", ""),
        (None, None),
    ],
)  # fmt: skip
def test_what_varies_is_masked(expected, message):
    """Numbers, ids, addresses, quotations, paths and values; the words of the programmer stay."""
    assert expected == template(message)


@given(st.lists(st.text(), max_size=8), st.integers(0, 8))
def test_any_split_gives_the_same_templates(messages, cut):
    """A template depends on its own message only."""
    column = pl.Series(messages, dtype=pl.String)
    whole = templates_of(column).to_list()
    assert whole == templates_of(column.head(cut)).to_list() + templates_of(column.slice(cut)).to_list()


def test_a_neighbour_changes_no_template():
    """Also where the column has to be read in another way because of it."""
    padded = " " * LONGEST + "a message " + "x" * LONGEST
    assert template(padded) == templates_of(pl.Series([padded, "two\nlines"]))[0]


@given(st.lists(st.none() | st.text(alphabet="ab0159 '\"=/:.@-(", max_size=40), max_size=8))
def test_digits_are_all_alike(messages):
    """Messages that differ only in digits share a template, each row keeps its own, and no digit is left in any."""
    column = pl.Series(messages, dtype=pl.String)
    others = column.str.replace_many(["0", "1", "5", "9"], ["4", "0", "8", "2"])
    found = templates_of(pl.concat([column, others], rechunk=False)).to_list()
    assert found == [template(message) for message in messages] * 2
    assert not any(letter.isdigit() for one in found if one for letter in one)


@given(st.text(alphabet="ab1 '\"=/:.@<*>\\user\n", max_size=80))
def test_every_message_has_a_short_template(message):
    """No message fails, one line comes out."""
    found = template(message)
    assert found is not None
    assert "\n" not in found.strip()
    assert len(found) <= 3 * LONGEST


@pytest.mark.parametrize(
    "unit", ["a", "1", "'", "/a", "=", "a@", "user ", "://", "1 ", "1_", "a.", "0:", "Mon ", "1 (", "<*>"]
)
def test_hostile_messages_take_no_longer(unit):
    """A megabyte of anything takes a moment: only the beginning counts, in linear time."""
    hostile = pl.Series([unit * (1_000_000 // len(unit))] * 10)
    begin = time.perf_counter()
    templates_of(hostile)
    assert time.perf_counter() - begin < 2
