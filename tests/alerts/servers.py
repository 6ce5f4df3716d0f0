"""Real servers that misbehave on demand."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple

from detector.alerts.receiver import Edge


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    """Notes what comes and answers as the server behaves now."""

    def do_POST(self) -> None:
        """One request."""
        outer: Server = self.server.outer  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        outer.received.append(Received(self.path, headers, body))
        outer.arrived.set()
        with suppress(OSError):
            self.answer(outer, outer.behaviour)
        self.close_connection = True

    def answer(self, outer: Server, kind: int | str) -> None:
        """As told."""
        if isinstance(kind, int):
            self.status(outer, kind)
            if kind // 100 == 2:
                outer.accepted.append(self.headers.get("webhook-id", ""))
        elif kind == "hang":
            outer.closing.wait(30)
        elif kind == "drip":
            for one in b"HTTP/1.1 200 OK\r\n" + b"x-slow: 1\r\n" * 1000:
                if outer.closing.wait(0.02):
                    break
                self.wfile.write(bytes([one]))
        elif kind == "huge":
            self.wfile.write(b"HTTP/1.1 500 Oops\r\n\r\n")
            while not outer.closing.is_set():
                self.wfile.write(b"x" * 65536)
        elif kind in BYTES:
            self.wfile.write(BYTES[kind])

    def status(self, outer: Server, code: int) -> None:
        """A whole answer, which echoes the path."""
        body = b"" if code == 204 else b"you asked for " + self.path.encode()
        self.send_response(code)
        for name, value in {**outer.headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


BYTES = {
    "half": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
    "garbage": b"\x00\xff not http at all\r\n\r\n",
    "close": b"",
}


class Quiet(ThreadingHTTPServer):
    """Complains about nothing."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients come and go."""


class Server:
    """An HTTP server; `behaviour` is a status code, or how it fails, and may change at any time."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.behaviour: int | str = 204
        self.headers: dict[str, str] = {}
        self.received: list[Received] = []
        self.accepted: list[str] = []
        self.arrived, self.closing = Event(), Event()
        self.server = Quiet(("127.0.0.1", port), Handler)
        self.server.outer = self  # type: ignore[attr-defined]
        if tls is not None:
            self.server.socket = tls.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False  # one client must not stop all
            )
        self.scheme = "http" if tls is None else "https"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Its address."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    def ids(self) -> list[str]:
        """The ids of the webhooks that came, in order."""
        return [one.headers["webhook-id"] for one in self.received]

    def close(self) -> None:
        """End it and all that hangs in it."""
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def server(behaviour: int | str = 204, tls: ssl.SSLContext | None = None, **headers: str) -> Iterator[Server]:
    """A server for a while."""
    one = Server(tls)
    one.behaviour, one.headers = behaviour, {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        yield one
    finally:
        one.close()


def real_edge(environment: dict[str, str] | None = None) -> Edge:
    """The clocks of this machine."""
    return Edge(lambda: time.time_ns() // 1000, time.monotonic, environment or {})


def wait_until(condition, seconds: float = 20.0) -> bool:
    """Look often until it is so."""
    until, pause = time.monotonic() + seconds, Event()
    while time.monotonic() < until:
        if condition():
            return True
        pause.wait(0.01)
    return False
