"""Lend the webserver of a role to the requests: started by the first of them, stopped when it was long unused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pokervod_pipelines.api.dagster_ui.programs import TiedProgram
from pokervod_pipelines.api.dagster_ui.rules import GRAPHQL

if TYPE_CHECKING:
    from httpx2 import AsyncClient

CONNECT_SECONDS = 5.0

ANSWER_SECONDS = 45.0
"""Limit of waiting for the next bytes of an answer; the webserver gives a statement 15 s."""

MOST_AT_ONCE = 40
"""Requests that a webserver answers at once; another waits."""

MOST_MESSAGE = 16_000_000
"""Bytes of a message of a subscription, which may have a thousand lines of a run's log."""


@dataclass(kw_only=True)
class Upstream:
    """Ask one webserver: on a socket, or at the address of one that others keep running."""

    socket: str | None = None
    address: str | None = None
    _client: "AsyncClient | None" = None

    def find_client(self) -> "AsyncClient":
        """Return what asks by HTTP."""
        if self._client is None:
            from httpx2 import AsyncClient, AsyncHTTPTransport, Limits, Timeout  # noqa: PLC0415 - few ask for it

            limits = Limits(max_connections=MOST_AT_ONCE, max_keepalive_connections=4, keepalive_expiry=5)
            self._client = AsyncClient(
                transport=AsyncHTTPTransport(uds=self.socket, limits=limits, trust_env=False),
                timeout=Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                base_url=self.address or "http://dagster",
                trust_env=False,
            )
        return self._client

    def connect(self) -> Any:
        """Return the connection of a WebSocket to the webserver, as a context."""
        from websockets.asyncio.client import connect, unix_connect  # noqa: PLC0415 - few ask for it

        options: dict[str, Any] = {
            "subprotocols": ["graphql-ws"],
            "max_size": MOST_MESSAGE,
            "max_queue": 4,
            "open_timeout": CONNECT_SECONDS,
            "close_timeout": 0.5,
            "compression": None,
            "user_agent_header": None,
        }
        if self.socket is not None:
            return unix_connect(self.socket, f"ws://dagster{GRAPHQL}", **options)
        return connect(f"{self.address}{GRAPHQL}".replace("http", "ws", 1), proxy=None, **options)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


class Webserver(Protocol):
    """Be a webserver that requests use."""

    def use(self) -> AbstractAsyncContextManager[Upstream]:
        """Lend it for the time of a request. Raises ``Unavailable``."""

    async def close(self) -> None:
        """Stop what was started."""


class GivenWebserver:
    """Use the webserver that `pokervod dev` keeps running."""

    def __init__(self, address: str) -> None:
        self._upstream = Upstream(address=address.rstrip("/"))

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Upstream]:
        """Lend it."""
        yield self._upstream

    async def close(self) -> None:
        """Close the connections."""
        await self._upstream.close()


class OwnWebserver:
    """Start a webserver for the first request, again where it died, and stop it when nobody uses it."""

    def __init__(self, program: TiedProgram, code: "CodeServer", *, start_seconds: float, idle_seconds: float) -> None:
        self._program, self._code = program, code
        self._start_seconds, self._idle_seconds = start_seconds, idle_seconds
        self._upstream = Upstream(socket=str(program.socket))
        self._users = 0
        self._is_ready = False
        self._starting: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Upstream]:
        """Lend it, once it answers. Raises ``Unavailable`` where it does not."""
        self._users += 1
        try:
            if not (self._is_ready and self._program.is_running):
                await asyncio.shield(self._begin())
            yield self._upstream
        finally:
            self._users -= 1
            self._wait_for_idleness()

    async def close(self) -> None:
        """Stop it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._starting is not None:
            self._starting.cancel()
        await self._stop(seconds=0.5)

    def _begin(self) -> "asyncio.Task[None]":
        if self._starting is None or self._starting.done():
            self._starting = asyncio.ensure_future(self._start())
            self._starting.add_done_callback(_note_seen)
        return self._starting

    async def _start(self) -> None:
        self._is_ready = False
        if self._stopping is not None:
            await self._stopping
        await self._upstream.close()  # its connections were to the process before
        self._code.start(self)
        self._program.start()
        await self._program.wait_until_ready(self._start_seconds)
        self._is_ready = True

    def _wait_for_idleness(self) -> None:
        """Look again when it will have been unused for long enough, if nobody uses it until then."""
        if self._users == 0:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._stop_if_idle)

    def _stop_if_idle(self) -> None:
        if self._users == 0:
            self._is_ready = False
            self._stopping = asyncio.ensure_future(self._stop())

    async def _stop(self, **options: float) -> None:
        self._is_ready = False
        await self._upstream.close()
        await self._program.stop(**options)
        await self._code.release(self, **options)


class CodeServer:
    """Keep the server that loads the definitions for as long as a webserver asks it.

    Without a program of its own it is somebody else's, as in `pokervod dev`.
    """

    def __init__(self, program: TiedProgram | None) -> None:
        self._program = program
        self._users: set[OwnWebserver] = set()

    def start(self, user: OwnWebserver) -> None:
        """Start it unless it runs; the webserver waits for it by itself. Raises ``Unavailable``."""
        self._users.add(user)
        if self._program is not None:
            self._program.start()

    async def release(self, user: OwnWebserver, **options: float) -> None:
        """Stop it if this was the last webserver."""
        self._users.discard(user)
        if self._program is not None and not self._users:
            await self._program.stop(**options)


def _note_seen(task: "asyncio.Task[None]") -> None:
    """Look at the error: whoever waits gets it."""
    if not task.cancelled():
        task.exception()
