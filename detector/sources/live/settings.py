"""The tables `[[sources]]` of a configuration, as frozen settings of each kind of source."""

from __future__ import annotations

import ipaddress
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from detector.config import suggestion
from detector.errors import SettingsError

SYSLOG_PORTS = {"udp": 514, "tcp": 514, "tls": 6514}


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files that grow.

    Attributes:
        paths: files, folders (with all below) and globs; they need not exist yet.
        begin: where to begin in files that are there at the very first start: `end` or `beginning`.
        poll_seconds: between two looks at the files.
        look_seconds: between two looks for new files.
        flush_seconds: after so long an unfinished last line is taken.
        rotated_seconds: for so long a file that was removed or moved elsewhere is followed after its last line.
        most_open: files that are held open at most; others are opened when they grow.
    """

    paths: tuple[str, ...]
    begin: Literal["end", "beginning"] = "end"
    poll_seconds: float = 0.25
    look_seconds: float = 1.0
    flush_seconds: float = 5.0
    rotated_seconds: float = 60.0
    most_open: int = 256


@dataclass(frozen=True, slots=True)
class StdinSource:
    """Standard input.

    Attributes:
        flush_seconds: after so long an unfinished last line is taken.
    """

    flush_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class SyslogSource:
    """A syslog server.

    Attributes:
        transport: `udp` (RFC 5426), `tcp` (RFC 6587) or `tls` (RFC 5425).
        address: where to listen; of this machine only, unless told otherwise.
        port: None: the usual one of the transport; 0: any that is free.
        certificate, key: PEM files, for `tls`.
        client_ca: PEM file; clients must show a certificate signed by it.
        most_message_bytes: what is longer is cut.
        most_connections: more are refused.
        idle_seconds: a connection that is silent for so long is closed.
        receive_buffer_bytes: what the system keeps of UDP until it is read; no more than `net.core.rmem_max` allows.
    """

    transport: Literal["udp", "tcp", "tls"] = "tcp"
    address: str = "127.0.0.1"
    port: int | None = None
    certificate: str | None = None
    key: str | None = None
    client_ca: str | None = None
    most_message_bytes: int = 65_536
    most_connections: int = 1000
    idle_seconds: float = 3600.0
    receive_buffer_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class JournaldSource:
    """The journal of systemd, by `journalctl`.

    Attributes:
        command: the program.
        units: only of these units; empty: all.
    """

    command: str = "journalctl"
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtlpSource:
    """An OTLP/HTTP server for logs.

    Attributes:
        address: where to listen; any but loopback needs `token_file`, and TLS or `insecure`.
        port: 4318 is the usual one; 0: any that is free.
        token_file: a file with the bearer token that clients must show; None: none is asked for.
        certificate, key: PEM files; None: no TLS.
        insecure: no TLS on an address that others can reach.
        most_body_bytes: of a request, decompressed.
    """

    address: str = "127.0.0.1"
    port: int = 4318
    token_file: str | None = None
    certificate: str | None = None
    key: str | None = None
    insecure: bool = False
    most_body_bytes: int = 20 * 1024 * 1024


Source = FileSource | StdinSource | SyslogSource | JournaldSource | OtlpSource
KINDS: dict[str, type[Source]] = {
    "file": FileSource,
    "stdin": StdinSource,
    "syslog": SyslogSource,
    "journald": JournaldSource,
    "otlp": OtlpSource,
}


def read_sources(tables: Iterable[Mapping[str, Any]]) -> tuple[Source, ...]:
    """Tables as TOML gives them, checked.

    Raises:
        SettingsError: names the table by its number, the key, and what would be right.
    """
    return tuple(_read(f"sources[{number}]", table) for number, table in enumerate(tables, 1))


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _read(where: str, table: Mapping[str, Any]) -> Source:
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where} is no table: write [[sources]] and `kind = ...` below")
    kind = table.get("kind")
    if kind not in KINDS:
        near = suggestion(kind, KINDS) if isinstance(kind, str) else ""
        raise SettingsError(f"{where}: `kind` is {kind!r}: write one of {', '.join(KINDS)}{near}")
    part = KINDS[str(kind)]
    hints = get_type_hints(part)
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name == "kind":
            continue
        if name not in hints:
            raise SettingsError(f"{where}: a source of kind {kind} has no `{name}`{suggestion(name, hints)}")
        values[name] = _checked(f"{where}: `{name}`", hints[name], value)
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and (value < 0 or (value == 0 and name != "port"))
        ):
            raise SettingsError(f"{where}: `{name}` is {value}: it must be above 0")
    missing = [one.name for one in fields(part) if one.default is MISSING and not values.get(one.name)]
    if missing:
        raise SettingsError(f"{where}: a source of kind {kind} needs `{missing[0]}`")
    source = part(**values)
    _check(where, source)
    return source


def _checked(where: str, hint: Any, value: Any) -> Any:
    """The value, if it is what the type hint says; a list becomes a tuple."""
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise SettingsError(f"{where} is {value!r}: write one of {', '.join(get_args(hint))}")
        return value
    if get_origin(hint) is tuple:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
            raise SettingsError(f"{where} is {value!r}: write a list of texts")
        return tuple(texts)
    kind = next(one for one in get_args(hint) if one is not type(None)) if isinstance(hint, types.UnionType) else hint
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        raise SettingsError(f"{where} is {value!r}: write {words[kind]}")
    return value


def _check(where: str, source: Source) -> None:
    """What must hold between keys."""
    if isinstance(source, SyslogSource | OtlpSource):
        if source.port is not None and source.port > 65_535:
            raise SettingsError(f"{where}: `port` is {source.port}: the highest is 65535")
        if (source.certificate is None) != (source.key is None):
            raise SettingsError(f"{where}: `certificate` and `key` go together")
    if isinstance(source, SyslogSource) and (source.transport == "tls") != (source.certificate is not None):
        raise SettingsError(f"{where}: `certificate` and `key` are needed for transport tls, and only there")
    if isinstance(source, OtlpSource) and not is_loopback(source.address):
        if source.token_file is None:
            raise SettingsError(f"{where}: {source.address} can be reached by others: set `token_file`")
        if source.certificate is None and not source.insecure:
            raise SettingsError(
                f"{where}: {source.address} can be reached by others: set `certificate` and `key`, or `insecure = true`"
            )
