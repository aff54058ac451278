"""Tell what happens as it happens: by server-sent events, and by a WebSocket."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response, WebSocket
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from pokervod_pipelines.access.principal import Principal, Role
from pokervod_pipelines.api.context import ContextOf
from pokervod_pipelines.api.guard import lift_limit
from pokervod_pipelines.api.routing import Asking, make_check, needs
from pokervod_pipelines.api.streams.messages import RECONNECT_MILLISECONDS, Message, Notice, Transfer, make_notice
from pokervod_pipelines.api.streams.opening import Opening, StreamAsked
from pokervod_pipelines.api.streams.stream import End, Stream

GRACE_SECONDS = 1.0
"""Limit of reading the last message; then the connection is cut."""

router = APIRouter(tags=["live"])

DECLARED = needs(Role.VIEWER, example=None, texts=["text/event-stream"])
DECLARED["responses"].pop(304)


@router.get("/api/stream", response_class=Response, **DECLARED)
async def follow(
    request: Request,
    principal: Asking,
    context: ContextOf,
    asked: StreamAsked,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="What a browser has got last; `after` for programs.")
    ] = None,
) -> Response:
    """Tell what happens as server-sent events: first the dashboard as `snapshot`, then each event of the log.

    Each has the JSON `{type, data, timestamp, seq, position}`, and its position as id. Ids and numbers are told, texts
    are not. A `heartbeat` comes every ten seconds.
    """
    asked = asked.continue_after(last_event_id)
    return EventStream(Opening(connection=request, context=context, hub=request.app.state.hub, asked=asked), principal)


@router.websocket("/ws/dashboard", dependencies=[Depends(make_check(Role.VIEWER))])
async def follow_dashboard(websocket: WebSocket, principal: Asking, context: ContextOf, asked: StreamAsked) -> None:
    """Tell the same as messages of a WebSocket."""
    opening = Opening(connection=websocket, context=context, hub=websocket.app.state.hub, asked=asked)
    stream, first = await opening.admit(Transfer.SOCKET, principal)
    try:
        await websocket.accept()
        _begin(stream, first, opening)
        end = await opening.wait_for_end(stream, websocket.receive)
        if end is not End.GONE:
            _say_goodbye(stream, end)
            with suppress(WebSocketDisconnect, RuntimeError):
                await websocket.close(end.code, end.said)
    finally:
        opening.hub.remove(stream)


class EventStream(Response):
    """Answer with server-sent events that are written to the connection as they happen."""

    media_type = "text/event-stream"

    def __init__(self, opening: Opening, principal: Principal) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store", "Connection": "close"})
        del self.headers["content-length"]
        self._opening, self._principal = opening, principal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        opening = self._opening
        stream, first = await opening.admit(Transfer.EVENTS, self._principal)
        try:
            lift_limit(scope)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            retry = f"retry: {RECONNECT_MILLISECONDS}\n\n".encode()
            await send({"type": "http.response.body", "body": retry, "more_body": True})
            _begin(stream, first, opening)
            end = await opening.wait_for_end(stream, receive)
            if end is not End.GONE:
                _say_goodbye(stream, end)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            opening.hub.remove(stream)


def _begin(stream: Stream, first: Sequence[Message], opening: Opening) -> None:
    """Write the first messages: after the missed ones the server's time, in a time without database since when."""
    notice = opening.hub.make_stale() or (opening.hub.make_heartbeat() if opening.asked.after else None)
    stream.begin(first, notice)


def _say_goodbye(stream: Stream, end: End) -> None:
    """Tell why the stream ends, and cut the connection of whoever does not read that."""
    message = make_notice(Notice.CLOSED, {"code": end.code, "reason": end.said}, None)
    if not stream.transport.is_closing():
        stream.transport.write(message.encode(stream.transfer))
    asyncio.get_running_loop().call_later(GRACE_SECONDS, stream.transport.abort)
