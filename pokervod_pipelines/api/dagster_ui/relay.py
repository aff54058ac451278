"""Relay the WebSockets of Dagster's UI: its subscriptions, for as long as who opened them may see what they show."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from pokervod_pipelines.access.principal import Principal
from pokervod_pipelines.api.dagster_ui.rules import GRAPHQL, is_by_browser, is_of_this_site
from pokervod_pipelines.api.dagster_ui.webservers import Webserver
from pokervod_pipelines.api.errors import Refused
from pokervod_pipelines.api.guard import lift_limit
from pokervod_pipelines.api.problems import answer_known
from pokervod_pipelines.errors import AccessRefused, PokervodError, Unavailable

PROTOCOL = "graphql-ws"

MOST_SOCKETS = 100
"""WebSockets at once."""

MOST_ASKED = 1_000_000
"""Bytes of a message of the client."""

FIRST_SECONDS = 10.0
"""Limit of saying something at all."""

READER_SECONDS = 30.0
"""Limit of a client that takes no message."""

CHECK_SECONDS = 1.0
"""Between two looks at whether the login still counts."""

GOING_AWAY, UNSUPPORTED, TOO_LARGE, TRY_LATER, NO_LOGIN = 1001, 1003, 1009, 1013, 4401

_log = logging.getLogger(__name__)


class Closed(Exception):
    """End a WebSocket with a code and its reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(kw_only=True)
class Relay:
    """Relay WebSockets between browsers and webservers."""

    find_principal: Callable[[HTTPConnection], Awaitable[Principal]]
    _open: int = 0

    async def serve(self, websocket: WebSocket, find_webserver: Callable[[Principal], Webserver]) -> None:
        """Relay one until one of its ends, or the login, is gone."""
        try:
            principal = await self._admit(websocket)
            self._open += 1
            try:
                await self._relay(websocket, principal, find_webserver(principal))
            finally:
                self._open -= 1
        except PokervodError as error:
            await websocket.send_denial_response(answer_known(error, websocket.url.path))

    async def _admit(self, websocket: WebSocket) -> Principal:
        """Return who opens it. Raises where they may not."""
        if websocket.scope["raw_path"] != GRAPHQL.encode() or PROTOCOL not in websocket.scope["subprotocols"]:
            raise Refused(HTTPStatus.NOT_FOUND, f"the only WebSocket here is {GRAPHQL} with the protocol {PROTOCOL}")
        principal = await self.find_principal(websocket)
        websocket.scope["state"]["who"] = principal.who
        if is_by_browser(principal) and not is_of_this_site(websocket.headers):
            raise Refused(HTTPStatus.FORBIDDEN, "a browser opens a WebSocket from a page of this server only")
        if self._open >= MOST_SOCKETS:
            raise Unavailable(f"there are {MOST_SOCKETS} WebSockets of Dagster's UI already; close some of its tabs")
        return principal

    async def _relay(self, websocket: WebSocket, principal: Principal, webserver: Webserver) -> None:
        from websockets.exceptions import WebSocketException  # noqa: PLC0415 - few ask for it

        lift_limit(websocket.scope)
        async with AsyncExitStack() as stack:
            upstream = await stack.enter_async_context(webserver.use())
            try:
                remote = await stack.enter_async_context(upstream.connect())
            except (WebSocketException, OSError, TimeoutError) as error:
                _log.warning("Dagster's webserver opens no WebSocket: %s", error or type(error).__name__)
                raise Unavailable("Dagster's webserver does not answer; it is started again, so ask again") from None
            await websocket.accept(PROTOCOL)
            await self._pass_on(websocket, remote, principal)

    async def _pass_on(self, websocket: WebSocket, remote: Any, principal: Principal) -> None:
        """Pass on both ways until something ends one of them."""
        ways = (_send_up(websocket, remote), _send_down(websocket, remote), self._watch(websocket, principal))
        tasks = [asyncio.ensure_future(each) for each in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        said = [each for each in ended if isinstance(each, Closed)]
        code, reason = (said[0].code, said[0].reason) if said else (GOING_AWAY, "")
        with suppress(RuntimeError, WebSocketDisconnect):  # the client is gone already
            await websocket.close(code, reason)

    async def _watch(self, websocket: WebSocket, principal: Principal) -> None:
        """End it when the login has ended, or means something else."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                present = await self.find_principal(websocket)
            except (AccessRefused, Refused):
                raise Closed(NO_LOGIN, "the login has ended; log in again") from None
            except PokervodError:
                raise Closed(TRY_LATER, "the login cannot be checked; try again") from None
            if (present.user_id, present.role) != (principal.user_id, principal.role):
                raise Closed(NO_LOGIN, "the login means something else now; load the page again")


async def _send_up(websocket: WebSocket, remote: Any) -> None:
    """Pass on what the client says; return when it is gone."""
    limit: float | None = FIRST_SECONDS
    while True:
        try:
            async with asyncio.timeout(limit):
                message = await websocket.receive()
        except TimeoutError:
            raise Closed(TRY_LATER, f"nothing was said within {FIRST_SECONDS:g} s") from None
        if message["type"] != "websocket.receive":
            return
        said = message.get("text")
        if said is None:
            raise Closed(UNSUPPORTED, "a message has to be text")
        if len(said) > MOST_ASKED:
            raise Closed(TOO_LARGE, f"a message has {MOST_ASKED:,} bytes at most")
        await remote.send(said)
        limit = None


async def _send_down(websocket: WebSocket, remote: Any) -> None:
    """Pass on what the webserver says; return when it is gone."""
    async for said in remote:
        try:
            async with asyncio.timeout(READER_SECONDS):
                await websocket.send_text(said)
        except TimeoutError:
            raise Closed(TRY_LATER, f"no message was taken for {READER_SECONDS:g} s") from None
