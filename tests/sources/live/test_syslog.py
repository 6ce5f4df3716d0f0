"""A syslog server on every transport, with the clients that systems have."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme

from detector.errors import InputError
from detector.sources.live.live import Arrived, Inbox
from detector.sources.live.settings import SyslogSource
from detector.sources.live.syslog import Syslog
from tests.sources.live.running import Running, clock

HOST = "127.0.0.1"


def syslog(transport: Any, **settings: Any) -> Syslog:
    """A server on any free port."""
    return Syslog(SyslogSource(transport, port=0, **settings), clock)


def send(port: int, data: bytes) -> None:
    """Over one TCP connection."""
    with socket.create_connection((HOST, port)) as connection:
        connection.sendall(data)


def test_udp_datagrams_become_lines():
    """A line for each datagram, without its trailer, with its priority."""
    source = syslog("udp")
    with Running(source) as running, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(300):
            sender.sendto(b"<13>Mar  1 00:00:00 host app: n %d\n" % number, (HOST, source.port))
        sender.sendto(b"<14>1 - h a - - - two\nlines", (HOST, source.port))
        lines = running.until(301)
    assert [b"<13>Mar  1 00:00:00 host app: n %d" % number for number in range(300)] == lines[:-1]
    assert b"<14>1 - h a - - - two#012lines" == lines[-1]
    assert f"syslog udp {HOST}:{source.port}" == running.arrived[0].source
    assert {"newlines_escaped": 1} == source.lag().losses


def test_datagrams_that_the_system_drops_are_counted():
    """While the inbox is full nothing is read, and what overflows is a loss."""
    inbox = Inbox(1)
    inbox.offer(Arrived("full", b"x\n", 0))
    source = syslog("udp", receive_buffer_bytes=4096)
    with Running(source, inbox=inbox) as running, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(500):
            sender.sendto(b"<13>" + b"x" * 1000, (HOST, source.port))
        while (dropped := source.lag().losses.get("dropped_by_system", 0)) < 400 and running.thread.is_alive():
            sender.sendto(b"<13>" + b"x" * 1000, (HOST, source.port))
    assert dropped >= 400


def test_tcp_takes_both_framings():
    """Counted and LF in one connection; a last line without LF when it closes."""
    source = syslog("tcp")
    with Running(source) as running:
        send(source.port, b"<1>one\n6 <1>two<1>three\n<1>four")
        assert [b"<1>one", b"<1>two", b"<1>three", b"<1>four"] == running.until(4)


def test_a_full_inbox_makes_tcp_senders_wait():
    """Nothing is lost and little is kept: the sender is held up until somebody takes."""
    source, inbox = syslog("tcp"), Inbox(1024 * 1024)
    count = 300_000
    data = b"".join(b"<13>Mar  1 00:00:00 host app: number %09d and more words to fill it\n" % n for n in range(count))
    with Running(source, inbox=inbox) as running, socket.create_connection((HOST, source.port)) as sender:
        sender.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < len(data):
                sent += sender.send(data[sent : sent + 65536])
        assert 3 * 1024 * 1024 > inbox.waiting_bytes
        assert len(data) > sent
        sender.settimeout(20)
        while sent < len(data):
            running.take(0)
            sent += sender.send(data[sent : sent + 65536])
        running.until(count)
    assert data == running.data


def test_too_many_and_silent_connections_are_closed():
    """Beyond the limit a connection is refused, and a silent one is closed; both are counted."""
    source = syslog("tcp", most_connections=1, idle_seconds=0.3)
    with Running(source) as running, socket.create_connection((HOST, source.port)) as first:
        first.sendall(b"<1>x\n")
        running.until(1)
        with socket.create_connection((HOST, source.port)) as second:
            second.settimeout(5)
            assert b"" == second.recv(1)
        first.settimeout(5)
        assert b"" == first.recv(1)
    assert {"connections_refused": 1, "connections_idle": 1} == source.lag().losses


def test_a_long_message_is_cut():
    """What is longer than allowed loses its end and is counted."""
    source = syslog("tcp", most_message_bytes=1000)
    with Running(source) as running:
        send(source.port, b"<1>" + b"a" * 5000 + b"\n<1>" + b"b" * 1500 + b"\n<1>ok\n")
        lines = running.until(3)
    assert [1000, 1000, 5] == [len(line) for line in lines]
    assert {"line_too_long": 2} == source.lag().losses


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path, Path]:
    """A certificate authority, and the certificate and key of a server."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", HOST)
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    issued.private_key_pem.write_to_path(key)
    for pem in issued.cert_chain_pems:
        pem.write_to_path(certificate, append=True)
    return authority, certificate, key


def test_tls_with_and_without_a_client_certificate(authority, tmp_path):
    """Messages come over TLS; where an authority is set, only from who shows its certificate."""
    ca, certificate, key = authority
    root = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(root)
    source = syslog("tls", certificate=str(certificate), key=str(key), client_ca=str(root))
    stranger, known = ssl.create_default_context(cafile=root), ssl.create_default_context(cafile=root)
    ca.issue_cert("client@example.org").configure_cert(known)
    with Running(source) as running:
        for context in (stranger, known):
            with (
                socket.create_connection((HOST, source.port)) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as connection,
            ):
                connection.sendall(b"9 <1>secret")
                if context is stranger:
                    with contextlib.suppress(ssl.SSLError, ConnectionResetError):
                        assert b"" == connection.recv(1)
                else:
                    connection.unwrap()
        assert [b"<1>secret"] == running.until(1)


def test_what_cannot_listen_says_why():
    """A port that is taken, an address of another machine, a certificate that is none: one line each."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        for source, words in (
            (Syslog(SyslogSource("tcp", port=port), clock), f"{HOST}:{port}: cannot listen: Address already in use"),
            (syslog("tcp", address="192.0.2.1"), "192.0.2.1:0: cannot listen: Cannot assign requested address"),
            (syslog("tls", certificate="/nowhere", key="/nowhere"), "/nowhere: no usable certificate and key"),
        ):
            running = Running(source)
            running.thread.start()
            running.thread.join(5)
            assert isinstance(running.error, InputError)
            assert words in str(running.error)


@pytest.mark.skipif(shutil.which("logger") is None, reason="logger is not installed: apt-get install bsdutils")
@pytest.mark.parametrize(
    ("transport", "arguments"),
    [
        ("udp", ["--udp", "--rfc3164"]),
        ("udp", ["--udp", "--rfc5424"]),
        ("tcp", ["--tcp", "--rfc5424"]),
        ("tcp", ["--tcp", "--octet-count", "--rfc5424"]),
        ("tcp", ["--tcp", "--rfc3164"]),
    ],
    ids=" ".join,
)
def test_logger_of_util_linux(transport, arguments):
    """What the usual command sends, in both formats and framings."""
    source = syslog(transport)
    with Running(source) as running:
        command = [
            "logger",
            "--server",
            HOST,
            "--port",
            str(source.port),
            *arguments,
            "-p",
            "user.warning",
            "-t",
            "shop",
        ]
        subprocess.run([*command, "the shop is slow"], check=True, timeout=10)
        line = running.until(1)[0]
    assert line.startswith(b"<12>")
    assert b"shop" in line
    assert line.endswith(b"the shop is slow")


@pytest.mark.parametrize("framing", ["traditional", "octet-counted"])
def test_rsyslog_forwards(framing, tmp_path):
    """A real rsyslog reads a file and forwards each line over TCP: all of them, in order."""
    program = shutil.which("rsyslogd") or shutil.which("/usr/sbin/rsyslogd")
    if program is None:
        pytest.skip("rsyslog is not installed: apt-get install rsyslog")
    source = syslog("tcp")
    log = tmp_path / "app.log"
    log.write_text("".join(f"number {number}\n" for number in range(500)))
    config = tmp_path / "rsyslog.conf"
    config.write_text(f"""
        global(workDirectory="{tmp_path}")
        module(load="imfile" mode="polling" pollingInterval="1")
        input(type="imfile" file="{log}" tag="shop:" severity="warning")
        action(type="omfwd" target="{HOST}" port="{source.port}" protocol="tcp" TCP_Framing="{framing}")
    """)
    with Running(source) as running:
        config.write_text(config.read_text().replace('port="0"', f'port="{source.port}"'))
        process = subprocess.Popen(
            [program, "-n", "-f", str(config), "-i", str(tmp_path / "pid")], stderr=subprocess.DEVNULL
        )
        try:
            lines = [line for line in running.until(500) if b"shop" in line]
        finally:
            process.terminate()
            process.wait(20)
    assert [b"number %d" % number for number in range(500)] == [line.partition(b"shop: ")[2] for line in lines[:500]]
    assert all(line.startswith(b"<132>") for line in lines)
