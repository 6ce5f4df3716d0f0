"""Secrets: read from a file or the environment when they are needed, taken out of everything that is told."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

HIDDEN = "***"
SHORTEST = 4
"""What is shorter would hide every other word."""
MOST_BYTES = 65_536


class SecretError(Exception):
    """A secret cannot be read; the message names where it was looked for, never what was found."""


def read_secret(file: str | None, variable: str | None, environment: Mapping[str, str]) -> str | None:
    """A secret without surrounding white space; None if it was not set where from.

    Raises:
        SecretError: it is not there, or empty.
    """
    if file is not None:
        return _from_file(file)
    if variable is None:
        return None
    value = environment.get(variable, "").strip()
    if not value:
        raise SecretError(f"the environment variable {variable} is not set")
    return value


def _from_file(file: str) -> str:
    try:
        with open(os.path.expanduser(file), "rb") as source:
            value = source.read(MOST_BYTES).decode().strip()
    except OSError as error:
        raise SecretError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretError(f"{file}: is no text") from None
    if not value:
        raise SecretError(f"{file}: is empty")
    return value


def open_to_others(file: str | None) -> str | None:
    """A warning if everybody on this machine may read a file with a secret."""
    try:
        mode = os.stat(os.path.expanduser(file)).st_mode if file is not None else 0
    except OSError:
        return None  # reading it says so

    return f"{file}: everybody can read this secret; chmod 600 {file}" if mode & stat.S_IROTH else None


def hide(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, nor the telling parts of addresses among them."""
    parts = {part for secret in secrets for part in _parts(secret) if len(part) >= SHORTEST}
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, HIDDEN)
    return text


def _parts(secret: str) -> set[str]:
    found = {secret, *secret.split()}
    if "://" in secret:
        address = urlsplit(secret)
        path = f"{address.path}?{address.query}" if address.query else address.path
        found |= {path, address.path, address.query, address.username or "", address.password or ""}
        found |= {piece for piece in address.path.split("/") if len(piece) >= 2 * SHORTEST}
    return found
