"""Listen for requests: where, with which certificate, and for how long a client may take to say what it wants."""

import asyncio
import logging
import socket
import ssl
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from pokervod_pipelines.errors import BadInput

STOP_SECONDS = 2
"""Limit of requests that run when the server is to stop."""

HEAD_SECONDS = 10.0
"""Limit of sending the head of a request, from the connection or its first byte on."""

BODY_SECONDS = 15.0
"""Limit of sending the body of a request, also of one that was answered without it."""

MAX_HEAD = 65_536
"""Bytes of the head of a request, from its second packet on."""

IDLE_SECONDS = 15

MOST_WAITING = 300
"""Connections of one address that wait for a request or the rest of it: half of all, so that nobody takes all."""

MOST_CONNECTIONS = 600

MAX_SOCKET_MESSAGE = 1_000_000
"""Bytes of a message that the client of a WebSocket sends."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Say where to listen; with a certificate and its key by TLS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        """Raise ``BadInput`` for a certificate or key without the other, or one that cannot be used."""
        if (self.certificate is None) != (self.key is None):
            raise BadInput("expected --tls-cert and --tls-key, got only one of them; give both")
        if self.certificate is not None and self.key is not None:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.certificate, self.key)
            except (OSError, ssl.SSLError) as error:
                said = error.strerror or "no PEM certificate with its key"
                raise BadInput(f"{self.certificate}, {self.key}: cannot be used ({said}); correct the paths") from None

    @property
    def address(self) -> str:
        """Return the address for a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"


class TimedProtocol(HttpToolsProtocol):
    """Close a connection whose client sends a request too slowly, never, or with an endless head."""

    _waiting: ClassVar[Counter[tuple[int, str]]] = Counter()
    """Connections of each server and address that wait for a request or the rest of it."""

    _timer: asyncio.TimerHandle | None = None
    _in_head = False
    _head_size = 0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._begin_head()
        if self._waiting[self._key] > MOST_WAITING:
            self._close("too many of its connections wait for a request")

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has arrived, unless the head grows without end."""
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._close("the head of its request has no end")

    def on_message_begin(self) -> None:
        """Begin to wait for the head of the next request."""
        if not self._in_head:
            self._begin_head()
        super().on_message_begin()
        self.scope["state"]["transport"] = self.transport

    def on_headers_complete(self) -> None:
        """Wait for the body, where there is one."""
        self._stop_waiting()
        if any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        ):
            self._wait(BODY_SECONDS, "the body of its request is too slow")
        self.scope["state"]["abort"] = self.transport.abort  # for an answer that cannot be ended as it was begun
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().on_message_complete()

    @property
    def _key(self) -> tuple[int, str]:
        return id(self.server_state), self.client[0] if self.client else "-"

    def _begin_head(self) -> None:
        self._stop_waiting()
        self._in_head, self._head_size = True, 0
        self._wait(HEAD_SECONDS, "the head of its request is too slow")

    def _wait(self, seconds: float, reason: str) -> None:
        self._waiting[self._key] += 1
        self._timer = self.loop.call_later(seconds, self._close, reason)

    def _stop_waiting(self) -> None:
        self._in_head = False
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        self._waiting[self._key] -= 1
        if not self._waiting[self._key]:
            del self._waiting[self._key]

    def _close(self, reason: str) -> None:
        _log.info("%s: the connection is closed, %s", self._key[1], reason)
        self.transport.close()


class SocketProtocol(WebSocketsSansIOProtocol):
    """Lend the connection of a WebSocket to the route, as the other protocol does."""

    def handle_connect(self, event: Any) -> None:
        """Begin to answer the request for a WebSocket."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self.scope["state"]["transport"] = self.transport


class StreamServer(uvicorn.Server):
    """End the streams first when it stops: they would last as long as their clients."""

    def __init__(self, app: FastAPI, listening: Listening) -> None:
        super().__init__(make_config(app, listening))
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        await self._app.state.hub.close()
        await super().shutdown(sockets)


def listen(app: FastAPI, listening: Listening) -> None:
    """Answer requests until SIGINT or SIGTERM; then end within three seconds."""
    StreamServer(app, listening).run()


def make_config(app: FastAPI, listening: Listening) -> uvicorn.Config:
    """Return how the application is served; what a proxy says of a client counts where the settings trust it."""
    proxies = app.state.context.settings.api.trusted_proxies
    return uvicorn.Config(
        app,
        host=listening.host,
        port=listening.port,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        http=TimedProtocol,
        ws=SocketProtocol,
        ws_max_size=MAX_SOCKET_MESSAGE,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=[*proxies],
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        limit_concurrency=MOST_CONNECTIONS,
    )
