"""Let a client follow: its first message is the dashboard, or what it has missed since the position that it names.

Everybody gets the dashboard of viewers: no stream has a hole card of a hand inside the broadcast delay.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Depends, FastAPI, Query
from starlette.requests import HTTPConnection
from starlette.types import Receive

from pokervod_pipelines.access.principal import Method, Principal
from pokervod_pipelines.api.context import ApiContext
from pokervod_pipelines.api.routes.dashboard import take_dashboard
from pokervod_pipelines.api.routing import find_principal
from pokervod_pipelines.api.streams.filters import Filtered, StreamFilter
from pokervod_pipelines.api.streams.follower import make_told
from pokervod_pipelines.api.streams.hub import Hub
from pokervod_pipelines.api.streams.messages import Message, Transfer, make_snapshot_message
from pokervod_pipelines.api.streams.positions import MAX_LENGTH, Position, read_position
from pokervod_pipelines.api.streams.stream import End, Stream
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.events.log import LoggedEvent, read_events

MOST_MISSED = 2_000
"""Events that are told to whoever comes back; who has missed more gets the dashboard, with ``reset``."""

READY_SECONDS = 1.0
"""Limit of waiting until the log is read for the first time."""

LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold what a client asks a stream for."""

    filters: StreamFilter
    after: str | None
    limit: int | None

    def continue_after(self, last: str | None) -> "Asked":
        """Return the same from what a browser has got last, where the address does not say it."""
        return self if self.after or not last else replace(self, after=last)


async def read_asked(
    filters: Filtered,
    after: Annotated[
        str | None,
        Query(max_length=MAX_LENGTH, description="`position` or `seq` of the last message: what came later follows."),
    ] = None,
    limit: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="End after so many messages, notices not counted.")
    ] = None,
) -> Asked:
    """Return what is asked for."""
    return Asked(filters=filters, after=after or None, limit=limit)


StreamAsked = Annotated[Asked, Depends(read_asked)]


def make_hub(app: FastAPI, context: ApiContext) -> Hub:
    """Return the hub of the application; of more events than are told one by one, it sends the dashboard instead."""

    async def send_reset() -> None:
        taken = await take_dashboard(app.state.dashboard, context.settings, since=time.monotonic())
        message = make_snapshot_message(taken.value.for_viewers.body, taken.at, hub.position, is_reset=True)
        for stream in hub.streams:
            stream.tell([message], message.encode(stream.transfer))

    hub = Hub(context.settings.api.streams, send_reset)
    return hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Open one stream for the client of a connection."""

    connection: HTTPConnection
    context: ApiContext
    hub: Hub
    asked: Asked

    async def admit(self, transfer: Transfer, principal: Principal) -> tuple[Stream, Sequence[Message]]:
        """Return a stream that holds back what happens, and its first messages; the caller removes it at its end.

        Whoever asks is looked up once more: what ended between the first time and now is told to nobody.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self.hub.is_ready.wait(), READY_SECONDS)
        began = time.monotonic()
        stream = Stream(
            transfer=transfer,
            transport=self.connection.scope["state"]["transport"],
            principal=principal,
            filters=self.asked.filters,
            left=self.asked.limit,
            ended=asyncio.get_running_loop().create_future(),
        )
        position = self.hub.add(stream)
        try:
            found = await run_sync(find_principal, self.connection, self.context)
            if (found.role, found.user_id) != (principal.role, principal.user_id):
                stream.end(End.ACCESS)
            return stream, await self._make_first(position, began)
        except BaseException:
            self.hub.remove(stream)
            raise

    async def _make_first(self, position: Position, began: float) -> Sequence[Message]:
        if self.asked.after is not None:
            after = self._find_position(self.asked.after, position)
            missed = None if after is None else await run_sync(self._read_missed, after, position)
            if after is not None and missed is not None:
                told = [each for each in make_told(missed, after, position.snapshot) if each.event.id != after.seq]
                return [each.message for each in told if self.asked.filters.fits(each.event)]
        state = self.connection.app.state
        taken = await take_dashboard(state.dashboard, self.context.settings, since=began)
        body = taken.value.for_viewers.body
        return [make_snapshot_message(body, taken.at, position, is_reset=self.asked.after is not None)]

    def _find_position(self, after: str, now: Position) -> Position | None:
        """Return the position that the client names, None for one from which nobody can continue."""
        if after.isdecimal() and after.isascii():
            return self.hub.find_recent(int(after[:19]))
        found = read_position(after)
        return None if found is None or found.next_transaction > now.next_transaction else found

    def _read_missed(self, after: Position, until: Position) -> list[LoggedEvent] | None:
        """Return what happened between the positions, None where it is too much."""
        with self.context.database.connect() as connection:
            found, _ = read_events(connection, after.snapshot, until=until.snapshot, limit=MOST_MISSED + 1)
        return found if len(found) <= MOST_MISSED else None

    async def wait_for_end(self, stream: Stream, receive: Receive) -> End:
        """Return why the stream ended; who follows for long is looked up again when the session or key may be over."""
        listening = asyncio.ensure_future(_listen(stream, receive))
        try:
            while not stream.ended.done():
                seconds = find_recheck(stream.principal, self.context.settings.api.session_idle_hours)
                await asyncio.wait([stream.ended], timeout=seconds)
                if not stream.ended.done():
                    await self._recheck(stream)
            return stream.ended.result()
        finally:
            listening.cancel()

    async def _recheck(self, stream: Stream) -> None:
        try:
            stream.principal = await run_sync(find_principal, self.connection, self.context)
        except PokervodError:
            stream.end(End.ACCESS)


def find_recheck(principal: Principal, idle_hours: float) -> float | None:
    """Return after how many seconds whoever follows is looked up again, None for never.

    An open stream is no use of a session: one that nobody uses ends, with its streams.
    """
    waits = [] if principal.expires_at is None else [principal.expires_at - datetime.now(UTC)]
    if principal.how is Method.SESSION:
        waits.append(timedelta(hours=idle_hours))
    return max(min(*waits, LONGEST).total_seconds(), 0.1) if waits else None


async def _listen(stream: Stream, receive: Receive) -> None:
    """End the stream when its client has gone, or says what it cannot say here."""
    while True:
        message = await receive()
        if message["type"] in {"http.disconnect", "websocket.disconnect"}:
            stream.end(End.GONE)
            return
        if message["type"] == "websocket.receive":
            stream.end(End.SPOKE)
            return
