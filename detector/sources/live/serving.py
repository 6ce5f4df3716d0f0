"""An HTTP server in a thread of its own: Starlette on uvicorn, with a bearer token and TLS where these are set."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from detector.errors import InputError, SettingsError
from detector.sources.live.settings import OtlpSource

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

TICK_SECONDS = 0.1
MOST_CONNECTIONS = 512
GRACE_SECONDS = 1
OPEN_PATHS = ("/healthz", "/readyz")
"""Answered without a token: probes have none."""
ADVICE = "pip install 'detector[watch]'"


def make_app(routes: Sequence[BaseRoute], token: str | None) -> Starlette:
    """The application of these routes.

    Args:
        routes: of Starlette.
        token: which clients must show; None: none is asked for.

    Raises:
        InputError: Starlette is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
    except ImportError:
        raise InputError(f"an HTTP server needs starlette: {ADVICE}") from None
    guard = [] if token is None else [Middleware(_Guard, token=token)]
    return Starlette(routes=list(routes), middleware=guard)


def read_token(path: str | None) -> str | None:
    """The first line of a file.

    Raises:
        SettingsError: it cannot be read, or is empty.
    """
    if path is None:
        return None
    try:
        token = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: the token cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not token:
        raise SettingsError(f"{path}: the file has no token: write one into it")
    return token


def serve(
    app: Starlette, listener: socket.socket, settings: OtlpSource, stop: threading.Event, listening: threading.Event
) -> None:
    """Answer requests until `stop`; `listening` is set once it does.

    Raises:
        InputError: uvicorn is not installed, or the certificate cannot be used.
    """
    try:
        import uvicorn
    except ImportError:
        raise InputError(f"an HTTP server needs uvicorn: {ADVICE}") from None
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, log_level="critical", access_log=False, server_header=False,
        proxy_headers=False, ws="none", http="h11", limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_SECONDS, ssl_certfile=settings.certificate, ssl_keyfile=settings.key,
    )  # fmt: skip
    try:
        config.load()
    except OSError as error:
        raise InputError(f"{settings.certificate}: no usable certificate and key: {error.strerror or error}") from None
    asyncio.run(_until(uvicorn.Server(config), listener, stop, listening))


async def _until(server: object, listener: socket.socket, stop: threading.Event, listening: threading.Event) -> None:
    import uvicorn

    assert isinstance(server, uvicorn.Server)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not task.done():
        if server.started:
            listening.set()
        if stop.is_set():
            server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), TICK_SECONDS)
    await task


class _Guard:
    """Lets only those in who show the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, b"Bearer " + token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import PlainTextResponse

        shown = next((value for name, value in scope.get("headers", ()) if name == b"authorization"), b"")
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or hmac.compare_digest(shown, self._expected):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse("a bearer token is needed\n", 401, {"WWW-Authenticate": "Bearer"})
        await refusal(scope, receive, send)
