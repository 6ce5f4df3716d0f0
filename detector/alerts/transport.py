"""HTTP as it is fit for notices: one attempt with a deadline, to an address that was checked, no redirects.

httpcore, which httpx is built on, lets the connection be made here: the name is resolved once, every address is
checked, and a checked one is connected to, so that no second answer of the DNS leads inside. TLS still asks for the
name. Nothing is taken from the environment.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from detector.alerts.addresses import ForbiddenAddressError, resolve
from detector.alerts.receiver import Edge, HttpReceiver
from detector.alerts.retrying import Answer, Outcome
from detector.alerts.secrets import SecretError, hide
from detector.errors import DetectorError, SettingsError

if TYPE_CHECKING:
    import httpcore

MOST_ANSWER_BYTES = 65_536
MOST_TOLD = 300
PIECE_BYTES = 16_384
LATER = frozenset({408, 425, 429})
"""Codes of the 4xx that mean: not now."""
AGENT = "detector"


class Request(Struct, frozen=True):
    """What is sent.

    Attributes:
        url: where to.
        body: the exact bytes.
        headers: beside those that HTTP needs.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]


def post(request: Request, receiver: HttpReceiver, edge: Edge) -> Answer:
    """One attempt; whatever goes wrong is an answer. What it says is free of the receiver's secrets."""
    secrets = [*receiver.secrets(edge.environment), request.url]
    try:
        code, headers, body = _exchange(request, receiver, edge)
    except (ForbiddenAddressError, SecretError, SettingsError) as error:
        return Answer("retry", hide(str(error), secrets))
    except DetectorError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a server makes of HTTP, the notice waits for the next attempt
        return Answer("retry", hide(f"{type(error).__name__}: {error}".rstrip(": ")[:MOST_TOLD], secrets))
    told = " ".join(body.decode("utf-8", "replace").split())
    detail = hide(f"HTTP {code} {''.join(filter(str.isprintable, told))}".strip(), secrets)
    return Answer(outcome_of(code), detail[:MOST_TOLD], retry_after(headers, edge.now_us()))


def outcome_of(code: int) -> Outcome:
    """What a status code means: a redirect is a failure, most of 4xx are for good."""
    if 200 <= code < 300:
        return "accepted"
    if code == 410:
        return "gone"
    return "refused" if 400 <= code < 500 and code not in LATER else "retry"


def retry_after(headers: Mapping[str, str], now_us: int) -> float | None:
    """Seconds that the answer asks to wait, from a number or a date (RFC 9110, 10.2.3); None if it does not."""
    raw = headers.get("retry-after", "").strip()
    if raw.isascii() and raw.isdigit():
        return float(raw[:9])
    try:
        return max(0.0, parsedate_to_datetime(raw).timestamp() - now_us / 1e6)
    except (ValueError, TypeError, OverflowError):
        return None


def _exchange(request: Request, receiver: HttpReceiver, edge: Edge) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and the begin of the body; of an answer that accepts, the status is enough."""
    httpcore = load()
    backend = checked_backend(receiver, edge)
    context = trusted(receiver.ca_file) if request.url.startswith("https:") else None
    if receiver.proxy is None:
        pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend)
    else:
        pool = httpcore.HTTPProxy(receiver.proxy, ssl_context=context, network_backend=backend)
    headers = {"user-agent": AGENT, **request.headers}
    limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), receiver.timeout_s)}
    with pool, pool.stream("POST", request.url, headers=headers, content=request.body, extensions=limits) as answer:
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        body = b"" if 200 <= answer.status < 300 else _begin_of(answer.iter_stream())
        return answer.status, found, body


def load() -> Any:
    """httpcore, which is loaded late.

    Raises:
        DetectorError: it is not installed.
    """
    try:
        import httpcore
    except ImportError:
        raise DetectorError("notices need httpcore: pip install 'detector[watch]'") from None
    return httpcore


def _begin_of(pieces: Iterable[bytes]) -> bytes:
    """The begin of a body; one that breaks off or never ends is told as far as it came."""
    body = b""
    try:
        for piece in pieces:
            body += piece
            if len(body) >= MOST_ANSWER_BYTES:
                break
    except Exception:  # noqa: BLE001  the status is known, and that decides
        return body
    return body[:MOST_ANSWER_BYTES]


def trusted(ca_file: str | None) -> ssl.SSLContext:
    """Certificates of the system and those of a file.

    Raises:
        SettingsError: the file cannot be read.
    """
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:  # a slim container has none
        import certifi

        context.load_verify_locations(certifi.where())
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except OSError as error:
        raise SettingsError(f"`ca_file`: {ca_file}: {error.strerror or error}") from None
    return context


def checked_backend(receiver: HttpReceiver, edge: Edge) -> httpcore.NetworkBackend:
    """What makes connections: to checked addresses, and not for longer than the deadline.

    The address of a proxy was named by the settings and is not checked; it resolves names by itself.
    """
    import httpcore

    deadline = edge.ticks() + receiver.timeout_s
    plain = httpcore.SyncBackend()

    def left() -> float:
        seconds = deadline - edge.ticks()
        if seconds <= 0:
            raise httpcore.ReadTimeout(f"no answer within {receiver.timeout}")
        return seconds

    class Backend(httpcore.NetworkBackend):
        def connect_tcp(self, host: str, port: int, *_: object, **__: object) -> httpcore.NetworkStream:
            hosts = [host] if receiver.proxy is not None else resolve(host, port, receiver.allow_networks)
            for number, one in enumerate(hosts, 1):
                try:
                    return timed(plain.connect_tcp(one, port, left()), left)
                except (httpcore.ConnectError, httpcore.ConnectTimeout):
                    if number == len(hosts):
                        raise
            raise httpcore.ConnectError("the name has no address")

    return Backend()


def timed(stream: httpcore.NetworkStream, left: Callable[[], float]) -> httpcore.NetworkStream:
    """A stream of which every step has to be done in the time that is left."""
    import httpcore

    class Timed(httpcore.NetworkStream):
        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  the deadline rules
            return stream.read(max_bytes, left())

        def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
            for start in range(0, len(buffer), PIECE_BYTES):
                stream.write(buffer[start : start + PIECE_BYTES], left())

        def close(self) -> None:
            stream.close()

        def start_tls(
            self,
            ssl_context: ssl.SSLContext,
            server_hostname: str | None = None,
            timeout: float | None = None,  # noqa: ARG002
        ) -> httpcore.NetworkStream:
            try:
                seconds = left()
            except httpcore.ReadTimeout:
                stream.close()  # nobody else does
                raise
            return timed(stream.start_tls(ssl_context, server_hostname, seconds), left)

        def get_extra_info(self, info: str) -> Any:
            return stream.get_extra_info(info)

    return Timed()
