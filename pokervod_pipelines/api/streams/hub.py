"""Write what happens to all streams that want it, and end those whose users may not follow any more."""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pokervod_pipelines.access.ended import ends_access
from pokervod_pipelines.api.errors import DatabaseAway, Refused
from pokervod_pipelines.api.streams.filters import StreamFilter
from pokervod_pipelines.api.streams.messages import Message, Notice, Transfer, make_notice
from pokervod_pipelines.api.streams.positions import Position
from pokervod_pipelines.api.streams.stream import End, Stream, join
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.settings.api import StreamSettings

HEARTBEAT_SECONDS = 10.0

MOST_RECENT = 2_000
"""Events whose number alone says where to continue."""

GOODBYE_SECONDS = 0.5
"""Limit of closing the streams when the server stops; it closes the connections of those that are left."""

RETRY_SECONDS = "10"
"""When a client may ask again that came when there were too many."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Hold an event with its message, made once for all."""

    event: LoggedEvent
    position: Position
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Hold what was read of the log at once, and how far that is.

    Where it was too much to be told, ``told`` is empty, and ``closing`` has the events that end streams.
    """

    told: Sequence[Told]
    closing: Sequence[LoggedEvent]
    position: Position
    is_too_much: bool = False


class Hub:
    """Keep the open streams of a process; only its event loop touches them."""

    def __init__(self, settings: StreamSettings, send_reset: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._settings, self._send_reset = settings, send_reset
        self._groups: defaultdict[tuple[StreamFilter, Transfer], set[Stream]] = defaultdict(set)
        self._of_user: Counter[int | None] = Counter()
        self._recent: dict[int, Position] = {}
        self._position: Position | None = None
        self._stale_since: datetime | None = None
        self._is_closed = False
        self.is_ready = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def streams(self) -> list[Stream]:
        """Return the open streams."""
        return [each for group in self._groups.values() for each in group]

    @property
    def position(self) -> Position:
        """Return how far the streams are. Raises ``DatabaseAway`` before the log was read at all."""
        if self._position is None:
            raise DatabaseAway("the event log was not read yet; ask again in a moment")
        return self._position

    def find_recent(self, number: int) -> Position | None:
        """Return the position after an event that was told lately."""
        return self._recent.get(number)

    def add(self, stream: Stream) -> Position:
        """Let the stream follow from the position that is returned. Raises ``Refused`` where there are too many."""
        position, most, of_user = self.position, self._settings.limit, self._settings.limit_per_user
        if self._is_closed:
            raise Refused(503, End.STOPPED.said, {"Retry-After": RETRY_SECONDS})
        if self._of_user.total() >= most:
            said = f"{most} streams are open, which is the limit (api.streams.limit); close some, or ask again later"
            raise Refused(503, said, {"Retry-After": RETRY_SECONDS})
        if self._of_user[stream.user] >= of_user:
            said = (
                f"{stream.principal.who} has {of_user} open streams, the limit of a user (api.streams.limit_per_user)"
            )
            raise Refused(503, f"{said}; close some", {"Retry-After": RETRY_SECONDS})
        self._groups[stream.filters, stream.transfer].add(stream)
        self._of_user[stream.user] += 1
        return position

    def remove(self, stream: Stream) -> None:
        """Forget the stream."""
        key = stream.filters, stream.transfer
        self._groups[key].discard(stream)
        if not self._groups[key]:
            del self._groups[key]
        self._of_user[stream.user] -= 1
        if not self._of_user[stream.user]:
            del self._of_user[stream.user]

    def start_at(self, position: Position) -> None:
        """Say from where the log is read."""
        self._position = position
        self.is_ready.set()

    def deliver(self, batch: Batch) -> None:
        """Tell what was read; after a time without the database, that it is back."""
        self._position = batch.position
        for event in batch.closing:
            self._end_access(event)
        for each in batch.told:
            self._recent[each.event.id] = each.position
        while len(self._recent) > MOST_RECENT:
            del self._recent[next(iter(self._recent))]
        for (filters, transfer), streams in self._groups.items():
            if messages := [each.message for each in batch.told if filters.fits(each.event)]:
                joined = join(messages, transfer)
                for stream in streams:
                    stream.tell(messages, joined)
        if self._stale_since is not None:
            self._stale_since = None
            self._broadcast(self._make_notice(Notice.CURRENT))
        if batch.is_too_much:
            self._recent.clear()
            self._begin(self._send_reset())

    def note_away(self, problem: str) -> None:
        """Tell that the database is away, once."""
        if self._stale_since is None:
            self._stale_since = datetime.now(UTC)
            _log.warning("streams are stale: %s", problem)
            self._broadcast(self.make_stale())

    def make_stale(self) -> Message | None:
        """Return the message that the database is away, None where it is not."""
        return None if self._stale_since is None else self._make_notice(Notice.STALE)

    def make_heartbeat(self) -> Message:
        """Return the message with the server's time."""
        return self._make_notice(Notice.HEARTBEAT)

    async def beat(self) -> None:
        """Send the server's time now and then, for ever."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self._broadcast(self.make_heartbeat())

    async def close(self) -> None:
        """End all streams, let none in, and wait for a moment until each has said goodbye."""
        self._is_closed = True
        for stream in self.streams:
            stream.end(End.STOPPED)
        for task in self._tasks:
            task.cancel()
        until = time.monotonic() + GOODBYE_SECONDS
        while self._groups and time.monotonic() < until:
            await asyncio.sleep(0.01)

    def _make_notice(self, notice: Notice) -> Message:
        since = self._stale_since and self._stale_since.isoformat()
        data = {"server_time": datetime.now(UTC).isoformat(), "stale_since": since}
        return make_notice(notice, data, self._position)

    def _broadcast(self, message: Message | None) -> None:
        for stream in self.streams:
            if message is not None:
                stream.write(message.encode(stream.transfer))

    def _end_access(self, event: LoggedEvent) -> None:
        for stream in self.streams:
            if ends_access(event.type, event.payload, stream.principal):
                stream.end(End.ACCESS)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
