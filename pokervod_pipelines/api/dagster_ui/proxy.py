"""Answer what is below ``/dagster``: who may see it, by which webserver, within limits of size and time."""

import asyncio
import html
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from pokervod_pipelines.access.principal import Principal, Role
from pokervod_pipelines.api.context import ApiContext, read_credentials, refuse_strangers
from pokervod_pipelines.api.dagster_ui.programs import Folder
from pokervod_pipelines.api.dagster_ui.relay import Relay
from pokervod_pipelines.api.dagster_ui.rules import (
    PREFIX,
    find_mutation,
    find_refusal,
    pick_request_headers,
    pick_response_headers,
)
from pokervod_pipelines.api.dagster_ui.webservers import Upstream, Webserver
from pokervod_pipelines.api.errors import Refused
from pokervod_pipelines.api.guard import lift_limit
from pokervod_pipelines.api.problems import answer_known
from pokervod_pipelines.errors import AccessRefused, PokervodError, Unavailable
from pokervod_pipelines.events import EventType, NewEvent, append_events

if TYPE_CHECKING:
    import httpx2

DOWNLOAD_SECONDS = 600.0
"""Limit of an answer, from its first byte to its last."""

READER_SECONDS = 30.0
"""Limit of a client that takes no more of its answer."""

MOST_BYTES = 500_000_000
"""Of an answer: the log of a run, or all that Dagster knows of one."""

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class DagsterUi:
    """Be the application below ``/dagster``: viewers are answered by a read-only webserver."""

    context: ApiContext
    viewers: Webserver
    operators: Webserver
    folder: Folder

    def __post_init__(self) -> None:
        """Prepare the WebSockets."""
        self._relay = Relay(find_principal=self._find_principal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or relay one WebSocket."""
        if scope["type"] == "websocket":
            websocket = WebSocket(scope, receive, send)
            await self._relay.serve(websocket, self._find_webserver)
            return
        request = Request(scope, receive)
        async with AsyncExitStack() as stack:
            try:
                response = await self._answer(request, stack)
            except AccessRefused:
                raise  # leads a person to the login
            except ClientDisconnect:
                return
            except PokervodError as error:
                response = explain(request, answer_known(error, request.url.path), str(error))
            await response(scope, receive, _limit_sending(send))

    async def close(self) -> None:
        """Stop the webservers."""
        await asyncio.gather(self.viewers.close(), self.operators.close())
        self.folder.remove()

    async def _answer(self, request: Request, stack: AsyncExitStack) -> Response:
        principal = await self._find_principal(request)
        request.scope["state"]["who"] = principal.who
        path, query = request.scope["raw_path"], request.scope["query_string"]
        if path == PREFIX.encode():
            return RedirectResponse(f"{PREFIX}/", HTTPStatus.TEMPORARY_REDIRECT)
        if refusal := find_refusal(request.method, path, query, request.headers, principal):
            raise Refused(*refusal)
        body = await request.body()
        lift_limit(request.scope)
        mutation = find_mutation(body)
        if mutation is not None:
            await run_sync(self._record, principal, mutation)
        upstream = await stack.enter_async_context(self._find_webserver(principal).use())
        return await _ask(upstream, request, path + (b"?" + query if query else b""), body, stack)

    async def _find_principal(self, connection: HTTPConnection) -> Principal:
        principal = await run_sync(self.context.authenticate, read_credentials(connection))
        refuse_strangers(connection, principal)
        return principal

    def _find_webserver(self, principal: Principal) -> Webserver:
        return self.operators if principal.role.includes(Role.OPERATOR) else self.viewers

    def _record(self, principal: Principal, mutation: str) -> None:
        """Refuse an action of a viewer, and record one of an operator: Dagster knows nobody's name."""
        if not principal.role.includes(Role.OPERATOR):
            raise Refused(HTTPStatus.FORBIDDEN, "Dagster's UI is read-only for you; an action needs the role operator")
        actor = principal.make_actor("in Dagster's UI")
        payload = {"operation": mutation, "by": actor.who, "reason": actor.reason}
        with self.context.database.begin() as connection:
            append_events(connection, "api", actor.correlation_id, [NewEvent(EventType.API_DAGSTER_ACTED, payload)])


async def _ask(upstream: Upstream, request: Request, target: bytes, body: bytes, stack: AsyncExitStack) -> Response:
    """Return the answer of the webserver, whose body comes as it arrives."""
    import httpx2  # noqa: PLC0415 - few ask for it

    client = upstream.find_client()
    headers = pick_request_headers(request.headers)
    url = client.base_url.copy_with(raw_path=target)
    try:
        asked = client.build_request(request.method, url, headers=headers, content=body or None)
        answer = await client.send(asked, stream=True)
    except httpx2.TimeoutException:
        raise Refused(HTTPStatus.GATEWAY_TIMEOUT, "Dagster's webserver took too long; ask for less, or later") from None
    except httpx2.HTTPError as error:
        _log.warning("Dagster's webserver does not answer: %s", error or type(error).__name__)
        said = "Dagster's webserver does not answer; it is started again. Load the page again in a few seconds."
        raise Refused(HTTPStatus.BAD_GATEWAY, said, {"Retry-After": "3"}) from None
    stack.push_async_callback(answer.aclose)
    picked = pick_response_headers(request.url.path, answer.status_code, answer.headers)
    if request.method == "HEAD" or answer.status_code in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        return Response(None, answer.status_code, picked)
    return StreamingResponse(_read(answer), answer.status_code, picked)


async def _read(answer: "httpx2.Response") -> AsyncIterator[bytes]:
    """Yield what arrives; raise where it does not end, which cuts the connection, so that nobody takes it for whole."""
    size = 0
    async with asyncio.timeout(DOWNLOAD_SECONDS):
        async for chunk in answer.aiter_raw():
            size += len(chunk)
            if size > MOST_BYTES:
                raise Unavailable(f"an answer of Dagster's webserver has more than {MOST_BYTES:,} bytes")
            yield chunk


def _limit_sending(send: Send) -> Send:
    """Return what sends, and gives up a client that takes nothing."""

    async def send_in_time(message: Message) -> None:
        async with asyncio.timeout(READER_SECONDS):
            await send(message)

    return send_in_time


def explain(request: Request, problem: Response, said: str) -> Response:
    """Return the problem as a page for a person, who sees it in a tab; to a script it is one of the API."""
    if "text/html" not in request.headers.get("accept", ""):
        return problem
    title = f"{problem.status_code} {HTTPStatus(problem.status_code).phrase}"
    page = (
        f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f"<h1>{title}</h1><p>{html.escape(said)}</p><p><a href={PREFIX}/>Dagster's UI</a></p></html>\n"
    )
    kept = {name: value for name, value in problem.headers.items() if name == "retry-after"}
    return Response(page, problem.status_code, kept, "text/html")
