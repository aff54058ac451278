"""Read the server's list of jobs once for all running jobs.

A hundred jobs cost one call per interval, and a server with a long list is not asked all the time. Jobs that were
cancelled while a node worked on them are deleted from here when the node has ended: the worker of npm (1.8.16) crashes
at the end of a job that the server no longer knows.
"""

import asyncio
import math
import time
from collections.abc import Iterable
from contextlib import suppress

from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient, NoAnswer
from pokervod_pipelines.render.renderers.nexrender.guard import ServerGuard
from pokervod_pipelines.render.renderers.nexrender.states import JobStatus

PAUSE_FACTOR = 4.0
"""Pause between two listings, as a multiple of the time that a listing took."""

GRACE_SECONDS = 3600.0
"""A node that has not ended this long after its job was cancelled never will."""


class JobListing:
    """Hold all jobs of the server at one moment; for ``unchanged_seconds`` no running job has changed.

    It is infinite when no node works at all.
    """

    def __init__(self, statuses: Iterable[JobStatus], unchanged_seconds: float = math.inf) -> None:
        self.unchanged_seconds = unchanged_seconds
        self._by_tag: dict[str, list[JobStatus]] = {}
        for status in statuses:
            for tag in status.tags:
                self._by_tag.setdefault(tag, []).append(status)

    def find(self, tag: str) -> list[JobStatus]:
        """Return the jobs with the tag, oldest first."""
        return self._by_tag.get(tag, [])


class JobList:
    """Share one listing among all running jobs."""

    def __init__(self, client: NexrenderClient, guard: ServerGuard, *, poll_seconds: float) -> None:
        self._client = client
        self._guard = guard
        self._poll_seconds = poll_seconds
        self._waiting: list[asyncio.Future[JobListing]] = []
        self._asking: asyncio.Task[None] | None = None
        self._cancelled: dict[str, float] = {}
        self._changed: dict[str, tuple[JobStatus, float]] = {}
        """Running jobs, and since when each is unchanged; by our clock, because the server's may differ."""

    async def read(self) -> JobListing:
        """Return a listing that was requested after this call began, within an interval.

        So a job that was queued before the call and is not listed is not at the server. Raises ``NoCapacity`` when the
        server is unreachable for longer than an outage may last, or refuses us.
        """
        future: asyncio.Future[JobListing] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._serve(), name="nexrender-board")
        return await future

    def delete_when_ended(self, uid: str) -> None:
        """Delete the job when its node has ended, as long as listings are read."""
        self._cancelled[uid] = time.monotonic() + GRACE_SECONDS

    async def close(self) -> None:
        """Stop reading the list and cancel all waiters."""
        for future in self._waiting:
            future.cancel()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _serve(self) -> None:
        wait = self._poll_seconds
        while self._waiting:
            await asyncio.sleep(wait)
            # Callers from here on may have queued a job after this listing.
            waiters, self._waiting = self._waiting, []
            began = time.monotonic()
            await self._read_list(waiters)
            wait = max(self._poll_seconds, PAUSE_FACTOR * (time.monotonic() - began))

    async def _read_list(self, waiters: list["asyncio.Future[JobListing]"]) -> None:
        """Read the list once for all waiters, and delete the cancelled jobs that ended by it."""
        try:
            statuses = await self._guard.follow(self._client.list_jobs)
            listing = JobListing(statuses, self._measure_unchanged(statuses))
            await self._delete_ended(statuses)
        except asyncio.CancelledError:
            for future in waiters:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - raised again in each waiter
            for future in waiters:
                if not future.done():
                    future.set_exception(error)
            return
        for future in waiters:
            if not future.done():
                future.set_result(listing)

    def _measure_unchanged(self, statuses: Iterable[JobStatus]) -> float:
        now = time.monotonic()
        running = {status.uid: status for status in statuses if status.is_running}
        before = {uid: known for uid, known in self._changed.items() if known[0] == running.get(uid)}
        self._changed = {uid: before.get(uid, (status, now)) for uid, status in running.items()}
        return min((now - since for _, since in self._changed.values()), default=math.inf)

    async def _delete_ended(self, statuses: Iterable[JobStatus]) -> None:
        working = {status.uid for status in statuses if status.is_on_node}
        now = time.monotonic()
        ended = [uid for uid, deadline in self._cancelled.items() if uid not in working or now > deadline]
        with suppress(NoAnswer):  # then by the next listing
            for uid in ended:
                await self._client.delete_job(uid)
                del self._cancelled[uid]
