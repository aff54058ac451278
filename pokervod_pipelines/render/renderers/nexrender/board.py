"""The server's list of jobs, asked for once for all who look.

A hundred jobs in flight cost one call an interval, and a server with a long list is not asked all the time. What was
taken back while a node worked on it is deleted from here, when the node has ended: the worker of npm (1.8.16) breaks
down over the end of a job that the server does not know any more.
"""

import asyncio
import math
import time
from collections.abc import Iterable
from contextlib import suppress

from pokervod_pipelines.render.renderers.nexrender.client import Client, NoAnswer, outlast
from pokervod_pipelines.render.renderers.nexrender.states import Status

REST = 4.0
"""So many times as long as a listing took, the server is left in peace after it."""

GRACE_SECONDS = 3600.0
"""A node that has not ended so long after its job was taken back never will."""


class Listing:
    """All jobs of the server at one moment; for ``still_seconds`` none that a render node works on has changed.

    They are without end when no node works at all.
    """

    def __init__(self, statuses: Iterable[Status], still_seconds: float = math.inf) -> None:
        self.still_seconds = still_seconds
        self._by_tag: dict[str, list[Status]] = {}
        for status in statuses:
            for tag in status.tags:
                self._by_tag.setdefault(tag, []).append(status)

    def find(self, tag: str) -> list[Status]:
        """Return the jobs with the tag, oldest first."""
        return self._by_tag.get(tag, [])


class Board:
    """What all jobs in flight look at."""

    def __init__(self, client: Client, *, poll_seconds: float, outage_seconds: float) -> None:
        self._client = client
        self._poll_seconds = poll_seconds
        self._outage_seconds = outage_seconds
        self._waiting: list[asyncio.Future[Listing]] = []
        self._asking: asyncio.Task[None] | None = None
        self._taken_back: dict[str, float] = {}
        self._changed: dict[str, tuple[Status, float]] = {}
        """What nodes work on, and since when each is as it is; by our clock, as the server's may be another."""

    async def look(self) -> Listing:
        """Return a listing that was asked for after this call began, within an interval.

        So a job that was queued before the call and is not in it is not at the server. Raises ``NoCapacity`` when the
        server is away for longer than an outage may last, or refuses us.
        """
        future: asyncio.Future[Listing] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._serve(), name="nexrender-board")
        return await future

    def delete_later(self, uid: str) -> None:
        """The job is deleted when its node has ended, as long as somebody looks."""
        self._taken_back[uid] = time.monotonic() + GRACE_SECONDS

    async def close(self) -> None:
        """Nothing asks any more; those who look are cancelled."""
        for future in self._waiting:
            future.cancel()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _serve(self) -> None:
        wait = self._poll_seconds
        while self._waiting:
            await asyncio.sleep(wait)
            # Whoever looks from here on may have queued a job after this listing.
            lookers, self._waiting = self._waiting, []
            began = time.monotonic()
            await self._answer(lookers)
            wait = max(self._poll_seconds, REST * (time.monotonic() - began))

    async def _answer(self, lookers: list["asyncio.Future[Listing]"]) -> None:
        try:
            statuses = await outlast(self._client.list_jobs, self._outage_seconds)
            listing = Listing(statuses, self._measure_stillness(statuses))
            await self._delete_ended(statuses)
        except asyncio.CancelledError:
            for future in lookers:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the listing is waited for
            for future in lookers:
                if not future.done():
                    future.set_exception(error)
            return
        for future in lookers:
            if not future.done():
                future.set_result(listing)

    def _measure_stillness(self, statuses: Iterable[Status]) -> float:
        now = time.monotonic()
        at_work = {status.uid: status for status in statuses if status.is_at_work}
        before = {uid: known for uid, known in self._changed.items() if known[0] == at_work.get(uid)}
        self._changed = {uid: before.get(uid, (status, now)) for uid, status in at_work.items()}
        return min((now - since for _, since in self._changed.values()), default=math.inf)

    async def _delete_ended(self, statuses: Iterable[Status]) -> None:
        working = {status.uid for status in statuses if status.is_worked_on}
        now = time.monotonic()
        ended = [uid for uid, deadline in self._taken_back.items() if uid not in working or now > deadline]
        with suppress(NoAnswer):  # then by the next listing
            for uid in ended:
                await self._client.delete_job(uid)
                del self._taken_back[uid]
