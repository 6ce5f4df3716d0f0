"""Sockets that listen, and what the system says about one: how much waits in it, and how much it had to drop."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple

from detector.errors import InputError


class Queue(NamedTuple):
    """Bytes that wait, and datagrams dropped since the socket was made."""

    waiting_bytes: int
    dropped: int


def queue_of(receiver: socket.socket) -> Queue | None:
    """From `/proc/net/udp`, where there is one (man 5 proc); None elsewhere."""
    name = "/proc/net/udp6" if receiver.family == socket.AF_INET6 else "/proc/net/udp"
    try:
        inode = str(os.fstat(receiver.fileno()).st_ino)
        with open(name, encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
    except OSError:
        return None
    return next((Queue(int(row[4].split(":")[1], 16), int(row[12])) for row in rows if row[9] == inode), None)


def bound(name: str, address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket of this kind at an address of this machine, that does not block.

    Raises:
        InputError: the address is taken, or of another machine; `name` is what could not listen.
    """
    listener = None
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=kind)[0]
        listener = socket.socket(family, kind, protocol)
        listener.settimeout(0)
        if kind == socket.SOCK_STREAM:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise InputError(f"{name}: cannot listen: {error.strerror or error}") from None
    return listener
