"""What systemd wants to be told of a service of type `notify`: a datagram, as sd_notify(3) says."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


def notify(environment: Mapping[str, str], *states: str) -> None:
    """Tell the service manager, if there is one: `READY=1`, `WATCHDOG=1`, `STOPPING=1`, `STATUS=...`."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    place = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.sendto("\n".join(states).encode(), place)


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Seconds between signs of life that are wanted of this process; None: none are."""
    span, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not span.isdigit() or (process and process != str(os.getpid())):
        return None
    return int(span) / 2e6
