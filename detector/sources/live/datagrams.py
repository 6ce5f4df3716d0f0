"""What the system says about a UDP socket: how much waits in it, and how many datagrams it had to drop."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple


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
