"""An OTLP/HTTP server for logs: `POST /v1/logs`, protobuf or JSON. A request is answered once its records are durable.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detector.errors import InputError, Losses
from detector.sources.live.bodies import Refused, read_body
from detector.sources.live.live import Arrived, Inbox, Lag, Position
from detector.sources.live.serving import ADVICE, make_app, read_token, serve
from detector.sources.live.settings import OtlpSource
from detector.sources.live.sockets import bound
from detector.sources.live.taking import clean_runs, joined

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PATH = "/v1/logs"
BODY_SECONDS, SETTLE_SECONDS = 30, 60
RETRY_SECONDS = 1
MOST_TIMES = 4
"""All bodies at once, and the lines of one, are at most so many times as long as the longest body."""
JSON, PROTOBUF = "application/json", "application/x-protobuf"
_CODES = {400: 3, 413: 8, 415: 3, 408: 4, 429: 8, 503: 14}
"""HTTP status -> code of google.rpc.Status."""


class Otlp:
    """Receives logs.

    Args:
        settings: where and how.
        clock: microseconds since 1970 UTC.
        routes: what else the server answers.

    Attributes:
        port: on which it listens; known once `listening` is set.
        listening: set once it does.
    """

    def __init__(self, settings: OtlpSource, clock: Callable[[], int], routes: Sequence[BaseRoute] = ()) -> None:
        self._settings, self._clock, self._routes = settings, clock, routes
        self.port = settings.port
        self.listening = threading.Event()
        self._losses = Losses()
        self._held_bytes = 0
        self._taking_apart = asyncio.Lock()  # one body at a time, since each takes many times its length
        self._stop = threading.Event()

    @property
    def name(self) -> str:
        """As in `otlp 127.0.0.1:4318`."""
        return f"otlp {self._settings.address}:{self.port}"

    def lag(self) -> Lag:
        """What is held of requests that are not answered; what waits at the senders is not known."""
        return Lag(self._held_bytes, 0.0, dict(self._losses.counts))

    def run(self, inbox: Inbox, positions: Mapping[str, Position], stop: threading.Event) -> None:  # noqa: ARG002  no position: senders repeat what was not answered
        """As `Live.run`."""
        try:
            import opentelemetry.proto.collector.logs.v1.logs_service_pb2  # noqa: F401  loaded before requests come
            from starlette.routing import Route
        except ImportError:
            raise InputError(f"OTLP needs starlette, uvicorn and opentelemetry-proto: {ADVICE}") from None
        self._stop = stop

        async def logs(request: Request) -> Response:
            return await self._answer(request, inbox)

        app = make_app([Route(PATH, logs, methods=["POST"]), *self._routes], read_token(self._settings.token_file))
        with bound(self.name, self._settings.address, self.port, socket.SOCK_STREAM) as listener:
            self.port = listener.getsockname()[1]
            serve(app, listener, self._settings, stop, self.listening)

    async def _answer(self, request: Request, inbox: Inbox) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            held += size
            self._held_bytes += size
            if self._held_bytes > MOST_TIMES * self._settings.most_body_bytes:
                raise Refused(429, "too much at once")

        try:
            encoding = request.headers.get("content-encoding", "").strip().lower()
            rejected = await self._take(request, encoding, inbox, hold, kind=kind)
        except Refused as refused:
            self._losses.add(f"otlp_{refused.status}")
            return _refusal(kind, refused)
        finally:
            self._held_bytes -= held
        return _success(kind, rejected)

    async def _take(
        self, request: Request, encoding: str, inbox: Inbox, hold: Callable[[int], None], *, kind: str
    ) -> int:
        """Read, take apart, hand over, and wait until it is durable; how many records were rejected."""
        from starlette.requests import ClientDisconnect

        if kind not in (JSON, PROTOBUF):
            raise Refused(415, f"content type {kind[:40]!r} is not known: send {PROTOBUF} or {JSON}")
        if inbox.is_full:
            raise Refused(503, "busy")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(request.stream(), encoding, self._settings.most_body_bytes, hold)
        except TimeoutError:
            raise Refused(408, f"the body did not come within {BODY_SECONDS} s") from None
        except ClientDisconnect:
            raise Refused(400, "the body ended too early") from None
        async with self._taking_apart:
            runs, rejected = await asyncio.to_thread(self._runs, body, is_json=kind == JSON)
        if rejected:
            self._losses.add("otlp_rejected", rejected)
        if runs:
            await self._hand_over(runs, inbox)
        return rejected

    def _runs(self, body: bytes, *, is_json: bool) -> tuple[list[bytes], int]:
        """Lines in runs; records are rejected that would make more of a body than `MOST_TIMES` of what it may have."""
        runs: list[bytes] = []
        rejected = 0
        most_bytes = MOST_TIMES * self._settings.most_body_bytes
        try:
            for lines, count in (_json_runs if is_json else _protobuf_runs)(body, most_bytes):
                runs += clean_runs(lines, self._losses)
                rejected += 0 if lines else count
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"no request to export logs: {error}"[:200]) from None
        return runs, rejected

    async def _hand_over(self, runs: list[bytes], inbox: Inbox) -> None:
        loop = asyncio.get_running_loop()
        durable = asyncio.Event()

        def settle() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(durable.set)

        now = self._clock()
        *first, last = runs
        arrived = [Arrived(self.name, run, now) for run in first]
        if not inbox.offer(*arrived, Arrived(self.name, last, now, settle=settle)):
            raise Refused(503, "busy")
        for _ in range(int(SETTLE_SECONDS / 0.5)):
            if self._stop.is_set():
                break
            try:
                await asyncio.wait_for(durable.wait(), 0.5)
            except TimeoutError:
                continue
            return
        raise Refused(503, "not stored yet")


def _json_runs(body: bytes, most_bytes: int) -> Iterator[tuple[bytes, int]]:
    from detector.sources.otlp_json import lines_of_json

    return joined(lines_of_json(body), most_bytes)


def _protobuf_runs(body: bytes, most_bytes: int) -> Iterator[tuple[bytes, int]]:
    from detector.sources.live.otlp_protobuf import lines_of_protobuf

    return joined(lines_of_protobuf(body), most_bytes)


def _success(kind: str, rejected: int) -> Response:
    from starlette.responses import JSONResponse, Response

    words = f"{rejected} records were not taken: the lines of a request may have {MOST_TIMES} times the longest body"
    if kind == JSON:
        partial: dict[str, Any] = {"rejectedLogRecords": str(rejected), "errorMessage": words}
        return JSONResponse({"partialSuccess": partial} if rejected else {})
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service

    answer = service.ExportLogsServiceResponse()
    if rejected:
        answer.partial_success.rejected_log_records = rejected
        answer.partial_success.error_message = words
    return Response(answer.SerializeToString(), media_type=PROTOBUF)


def _refusal(kind: str, refused: Refused) -> Response:
    """A google.rpc.Status: code and message, in the encoding of the request."""
    from starlette.responses import JSONResponse, Response

    headers = {"Retry-After": str(RETRY_SECONDS)} if refused.status in (429, 503) else {}
    code = _CODES[refused.status]
    if kind == PROTOBUF:
        words = refused.words.encode()[:127]  # so that its length is one byte
        status = bytes([0x08, code, 0x12, len(words)]) + words
        return Response(status, refused.status, headers, media_type=PROTOBUF)
    return JSONResponse({"code": code, "message": refused.words}, refused.status, headers)
