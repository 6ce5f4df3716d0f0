"""What every receiver is told by the settings, and what of the world a channel may touch."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from msgspec import Struct

from detector.alerts.notice import Severity
from detector.alerts.secrets import SecretError, read_secret
from detector.config import parse_span
from detector.errors import SettingsError

LONGEST_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Edge:
    """The world, as it is handed down from the entry point.

    Attributes:
        now_us: the clock, microseconds since 1970 UTC.
        ticks: seconds of a clock that nobody sets.
        environment: of the process.
    """

    now_us: Callable[[], int]
    ticks: Callable[[], float]
    environment: Mapping[str, str]


class Receiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receiver of notices.

    Attributes:
        name: of its table in the settings.
        services: patterns of services it wants to hear of.
        severity: the least.
        timeout: span for one whole attempt, answer included.
        allow_networks: networks that are not public and that may be spoken to all the same.
    """

    keeps_state: ClassVar[bool] = False
    """Whether it remembers only the last word about a key."""
    takes_digests: ClassVar[bool] = True
    takes_notices: ClassVar[bool] = True

    name: str = ""
    services: tuple[str, ...] = ("*",)
    severity: Severity = "info"
    timeout: str = "10s"
    allow_networks: tuple[str, ...] = ()

    @property
    def timeout_s(self) -> float:
        """Seconds."""
        return parse_span(self.timeout)

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: key and cause.
        """
        if parse_span(self.timeout) > LONGEST_TIMEOUT_S:
            raise SettingsError(f"`timeout`: {self.timeout} is too long; write at most {LONGEST_TIMEOUT_S // 60}m")
        for one in self.allow_networks:
            try:
                ipaddress.ip_network(one, strict=False)
            except ValueError:
                raise SettingsError(f"`allow_networks`: {one!r} is no network; write such as 10.0.0.0/8") from None

    def secrets(self, environment: Mapping[str, str]) -> list[str]:
        """All that must not be told; what cannot be read is not told either."""
        found = []
        for file, variable in self.secret_places():
            try:
                found.append(read_secret(file, variable, environment) or "")
            except SecretError:
                continue
        return [one for one in found if one]

    def secret_places(self) -> list[tuple[str | None, str | None]]:
        """File and environment variable of each secret."""
        return []


class HttpReceiver(Receiver, frozen=True, kw_only=True):
    """One that is spoken to by HTTP.

    Attributes:
        url, url_file, url_env: where to; from a file or an environment variable where the address is a secret.
        allow_http: without TLS.
        ca_file: certificates to trust besides those of the system.
        proxy: through which, such as `http://proxy:3128`; never taken from the environment.
    """

    url: str | None = None
    url_file: str | None = None
    url_env: str | None = None
    allow_http: bool = False
    ca_file: str | None = None
    proxy: str | None = None

    def check(self) -> None:
        """Refuse an address that cannot be one; one from a file is checked when it is read."""
        super().check()
        if sum(one is not None for one in (self.url, self.url_file, self.url_env)) != 1:
            raise SettingsError("needs one of `url`, `url_file` and `url_env`")
        if self.url is not None:
            check_url(self.url, allow_http=self.allow_http)
            if urlsplit(self.url).password is not None:
                raise SettingsError("`url`: it holds a password; write it into a file and name that with `url_file`")
        if self.proxy is not None:
            check_url(self.proxy, allow_http=True, key="proxy")
            if "@" in urlsplit(self.proxy).netloc:
                raise SettingsError("`proxy`: one that wants a password cannot be used")

    def address(self, environment: Mapping[str, str]) -> str:
        """Where to.

        Raises:
            SecretError: it cannot be read.
            SettingsError: it is no address.
        """
        url = self.url if self.url is not None else read_secret(self.url_file, self.url_env, environment) or ""
        check_url(url, allow_http=self.allow_http)
        return url

    def secret_places(self) -> list[tuple[str | None, str | None]]:
        """That of the address."""
        return [(self.url_file, self.url_env)]


def check_url(url: str, *, allow_http: bool, key: str = "url") -> None:
    """Refuse what is no address of HTTPS, or of HTTP where that is allowed; the address is not told.

    Raises:
        SettingsError: what is wrong with it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise SettingsError(f"`{key}`: is no address; write such as https://example.org/hook") from None
    if parts.scheme not in ("https", "http") or not host or not url.isprintable() or " " in url:
        raise SettingsError(f"`{key}`: is no address; write such as https://example.org/hook")
    if parts.scheme == "http" and not allow_http:
        raise SettingsError(f"`{key}`: is not encrypted; write https, or set allow_http = true if that is meant")
