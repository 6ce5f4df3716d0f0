"""What a watch answers over HTTP, to this machine only: /healthz, /readyz, /metrics and /mark."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from detector.errors import UsageError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from detector.cli.running import Running

HEALTHY_S = 60.0
"""A watch that took no step for longer hangs."""
MOST_BYTES = 4096
LONGEST = 200


def serve_for(http: str, running: Running) -> Callable[[], None]:
    """What answers at `[HOST:]PORT` until the watch ends; it listens already.

    Raises:
        InputError: a package is missing, or the address is taken.
        UsageError: the address is none of this machine alone.
    """
    from threading import Event

    from detector.sources.live.serving import make_app, serve
    from detector.sources.live.settings import OtlpSource, is_loopback
    from detector.sources.live.sockets import bound

    host, _, port = http.rpartition(":")
    host = (host or "127.0.0.1").strip("[]")
    if not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"--http {http}: write a port, or an address and a port such as 127.0.0.1:9464")
    if not is_loopback(host):
        raise UsageError(f"--http {http}: only this machine may ask; write 127.0.0.1:{port}")
    app = make_app(routes_of(running), None)
    listener = bound(f"http {host}:{port}", host, int(port), socket.SOCK_STREAM)
    running.log("info", "answering", http="{}:{}".format(*listener.getsockname()[:2]))
    return lambda: serve(app, listener, OtlpSource(address=host, port=int(port)), running.closing, Event())


def routes_of(running: Running) -> list[BaseRoute]:
    """The answers."""
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def healthz(_request: Request) -> Response:
        since_s = time.monotonic() - running.beaten_s
        well = since_s < HEALTHY_S
        return PlainTextResponse("alive\n" if well else f"no step for {since_s:.0f} s\n", 200 if well else 503)

    def readyz(_request: Request) -> Response:
        ready = running.loop.watch.released
        return PlainTextResponse("ready\n" if ready else "reading what is there\n", 200 if ready else 503)

    def metrics(_request: Request) -> Response:
        from detector.cli.metrics import TYPE, expose

        return PlainTextResponse(expose(running), media_type=TYPE)

    async def mark(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return PlainTextResponse("send application/json\n", 415)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return PlainTextResponse(f"at most {MOST_BYTES} bytes\n", 413)
        return _mark(body, running)

    return [
        Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics),
        Route("/mark", mark, methods=["POST"]),
    ]  # fmt: skip


def _mark(body: bytes, running: Running) -> Response:
    """Remember a deploy: `{"service": "shop", "text": "4.9.0"}`; service `*` means all."""
    import msgspec
    from starlette.responses import PlainTextResponse

    from detector.cli.running import now_us
    from detector.pipeline.watching import memory

    try:
        values: Any = msgspec.json.decode(body)
        service, text = values["service"], values["text"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return PlainTextResponse('send {"service": "NAME or *", "text": "what was deployed"}\n', 400)
    if not all(isinstance(one, str) and 0 < len(one) <= LONGEST for one in (service, text)):
        return PlainTextResponse(f"service and text are texts of at most {LONGEST} characters\n", 400)
    with closing(memory.connect(running.state)) as connection:
        memory.mark(connection, now_us(), "deploy", service, text)
    return PlainTextResponse("noted\n", 201)
