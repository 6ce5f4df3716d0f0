"""A syslog server: UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425). Each message becomes a line, with its `<PRI>`.

Syslog knows no acknowledgement: what was received and not stored when the process dies is lost. A full inbox stops the
reading: TCP then makes senders wait, UDP makes the system drop, which is counted.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from detector.errors import InputError, Losses
from detector.sources.live.batching import Batch
from detector.sources.live.frames import Frames, as_line
from detector.sources.live.live import Inbox, Lag, Position
from detector.sources.live.settings import SYSLOG_PORTS, SyslogSource
from detector.sources.live.sockets import bound, queue_of

if TYPE_CHECKING:
    import ssl

TICK_SECONDS = 0.05
FINISH_TICKS = 15
MOST_DATAGRAMS = 2000  # before others have their turn
DATAGRAM_BYTES = 65_536


class Syslog:
    """Listens on one port.

    Args:
        settings: where and how.
        clock: microseconds since 1970 UTC.

    Attributes:
        port: on which it listens; known once `listening` is set.
        listening: set once it does.
    """

    def __init__(self, settings: SyslogSource, clock: Callable[[], int]) -> None:
        self._settings, self._clock = settings, clock
        self.port = SYSLOG_PORTS[settings.transport] if settings.port is None else settings.port
        self.listening = threading.Event()
        self._losses = Losses()
        self._receiver: socket.socket | None = None
        self._batch: Batch | None = None

    @property
    def name(self) -> str:
        """As in `syslog tcp 127.0.0.1:514`."""
        return f"syslog {self._settings.transport} {self._settings.address}:{self.port}"

    def lag(self) -> Lag:
        """What waits for room in the inbox; what waits at the senders is not known."""
        losses, batch = dict(self._losses.counts), self._batch
        waiting = batch.size if batch else 0
        queue = queue_of(self._receiver) if self._receiver is not None else None
        if queue is not None:
            waiting += queue.waiting_bytes
            losses |= {"dropped_by_system": queue.dropped} if queue.dropped else {}
        return Lag(waiting, batch.age_seconds() if batch else 0.0, losses)

    def run(self, inbox: Inbox, positions: Mapping[str, Position], stop: threading.Event) -> None:  # noqa: ARG002  no position: senders keep nothing
        """As `Live.run`."""
        tls = _tls(self._settings) if self._settings.transport == "tls" else None
        kind = socket.SOCK_DGRAM if self._settings.transport == "udp" else socket.SOCK_STREAM
        with bound(self.name, self._settings.address, self.port, kind) as listener:
            self.port = listener.getsockname()[1]
            batch = Batch(self.name, inbox, self._clock, self._losses, self._settings.most_message_bytes)
            self._batch = batch
            if self._settings.transport == "udp":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._settings.receive_buffer_bytes)
                self._receiver = listener
                asyncio.run(self._receive(listener, batch, stop))
            else:
                asyncio.run(self._accept(listener, tls, batch, stop))
            self._receiver = None

    async def _receive(self, receiver: socket.socket, batch: Batch, stop: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        lines: list[bytes] = []

        def take() -> None:
            try:
                for _ in range(MOST_DATAGRAMS):
                    lines.append(as_line(receiver.recv(DATAGRAM_BYTES), self._losses))  # noqa: PERF401  it ends by raising
            except (BlockingIOError, InterruptedError):
                pass
            batch.add(b"".join(lines))
            lines.clear()
            if batch.is_due and not batch.flush():
                loop.remove_reader(receiver)

        self.listening.set()
        while not stop.is_set():
            if batch.flush():
                loop.add_reader(receiver, take)
            await asyncio.sleep(TICK_SECONDS)
        loop.remove_reader(receiver)
        take()
        await self._finish(batch)

    async def _accept(
        self, listener: socket.socket, tls: ssl.SSLContext | None, batch: Batch, stop: threading.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        connections: set[_Connection] = set()

        def connect() -> _Connection:
            return _Connection(self._settings, self._losses, batch, connections)

        server = await loop.create_server(connect, sock=listener, ssl=tls, backlog=1024)
        self.listening.set()
        while not stop.is_set():
            has_room = batch.flush()
            for connection in list(connections):
                connection.tend(loop.time(), has_room=has_room)
            await asyncio.sleep(TICK_SECONDS)
        server.close()
        for connection in list(connections):
            connection.close()
        await asyncio.sleep(0)
        await self._finish(batch)

    async def _finish(self, batch: Batch) -> None:
        """Hand over what was received, if there is room soon."""
        for _ in range(FINISH_TICKS):
            if batch.flush():
                return
            await asyncio.sleep(TICK_SECONDS)
        self._losses.add("bytes_dropped_at_stop", batch.size)


class _Connection(asyncio.Protocol):
    """One sender."""

    def __init__(self, settings: SyslogSource, losses: Losses, batch: Batch, connections: set[_Connection]) -> None:
        self._settings, self._losses, self._batch, self._connections = settings, losses, batch, connections
        self._frames = Frames(losses, settings.most_message_bytes)
        self._heard = asyncio.get_running_loop().time()
        self._is_paused = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if len(self._connections) >= self._settings.most_connections:
            self._losses.add("connections_refused")
            self._transport.abort()
        else:
            self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._heard = asyncio.get_running_loop().time()
        self._batch.add(self._frames.feed(data))
        if self._batch.is_due and not self._batch.flush():
            self._pause()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  a reset ends it like any other end
        if self in self._connections:
            self._connections.remove(self)
            self._batch.add(self._frames.end())

    def tend(self, now: float, *, has_room: bool) -> None:
        """Go on or wait, as there is room; close what was silent for long."""
        if not has_room:
            self._pause()
        elif self._is_paused and self._transport is not None:
            self._is_paused, self._heard = False, now
            self._transport.resume_reading()
        elif now - self._heard > self._settings.idle_seconds:
            self._losses.add("connections_idle")
            self.close()

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()

    def _pause(self) -> None:
        if not self._is_paused and self._transport is not None and not self._transport.is_closing():
            self._is_paused = True
            self._transport.pause_reading()


def _tls(settings: SyslogSource) -> ssl.SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(str(settings.certificate), settings.key)
        if settings.client_ca is not None:
            context.load_verify_locations(settings.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        raise InputError(f"{settings.certificate}: no usable certificate and key: {error.strerror or error}") from None
    return context
