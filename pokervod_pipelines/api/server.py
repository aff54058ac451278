"""Listen for requests: where, with which certificate, and for how long a client may take to say what it wants."""

import asyncio
import logging
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pokervod_pipelines.errors import BadInput

STOP_SECONDS = 2
"""Limit of requests that run when the server is to stop."""

HEAD_SECONDS = 10.0
"""Limit of sending the head of a request, from the connection or its first byte on."""

IDLE_SECONDS = 15

MOST_CONNECTIONS = 600

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
    """Close a connection whose client sends the head of a request too slowly, or never."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._end_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the head of the next request."""
        self._begin_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Wait no more."""
        self._end_head()
        super().on_headers_complete()

    def _begin_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._close_slow)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close_slow(self) -> None:
        _log.info("a client sent no whole head within %g s; its connection is closed", HEAD_SECONDS)
        self.transport.close()


def listen(app: FastAPI, listening: Listening) -> None:
    """Answer requests until SIGINT or SIGTERM; then end within three seconds."""
    uvicorn.Server(make_config(app, listening)).run()


def make_config(app: FastAPI, listening: Listening) -> uvicorn.Config:
    """Return how the application is served."""
    return uvicorn.Config(
        app,
        host=listening.host,
        port=listening.port,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        http=TimedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        limit_concurrency=MOST_CONNECTIONS,
    )
