"""Run the worker's loop: claim what its pipeline has slots for, watch over each running job, and record the results.

One process, one event loop. Running jobs are tasks; the database is called in threads. Results that come in at about
the same time are recorded in one transaction.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.render import queue, workers
from pokervod_pipelines.render.queue import FailedRender, FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.states import Job, State, Transition
from pokervod_pipelines.render.templates import ReadTemplates, Template, TemplateFiles
from pokervod_pipelines.render.worker.database import DatabaseCaller, NotificationListener
from pokervod_pipelines.render.worker.running import Pipeline, RunningJob, TimeLimits
from pokervod_pipelines.settings.render import RenderQueueSettings

T = TypeVar("T")

_log = logging.getLogger(__name__)

PROGRESS_SECONDS = 1.0
"""How often at most progress is written."""

MAX_PUBLISHED = 50
"""How many files at most are published in one transaction, which locks their rows meanwhile."""

REQUEUE_SECONDS = 10.0
SHUTDOWN_SECONDS = 5.0
"""How long a worker that stops waits for a database that is away."""

OnTransition = Callable[[Transition], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """Say how a worker runs: for a day or for all, until nothing is due or until it is stopped.

    Asked to stop, it lets running jobs finish for ``grace_seconds``, then releases them. ``read_templates`` tells how
    long a render may last.
    """

    name: str
    day: date | None = None
    until_empty: bool = False
    grace_seconds: float = 20.0
    read_templates: ReadTemplates = TemplateFiles


class Worker:
    """Run jobs until stopped; ``counts`` has how many came into which state. To be created inside the event loop."""

    def __init__(
        self,
        engine: Engine,
        limits: RenderQueueSettings,
        pipeline: Pipeline,
        options: WorkerOptions,
        on_transition: OnTransition = lambda transition: None,
    ) -> None:
        self._engine, self._limits, self._pipeline, self._options = engine, limits, pipeline, options
        self._on_transition = on_transition
        self._database = DatabaseCaller()
        self._listener = NotificationListener(engine)
        self._running: dict[UUID, RunningJob] = {}
        self._finished: list[FinishedRender] = []
        self._failed: list[FailedRender] = []
        self._has_results = asyncio.Event()
        self._is_stopping = self._releases = False
        self.counts: Counter[State] = Counter()

    def stop(self) -> None:
        """Claim nothing more; called once more, release all running jobs at once."""
        self._releases = self._is_stopping
        self._is_stopping = True
        self._listener.wake()

    async def run(self) -> None:
        """Run until stopped or empty, with no job left running; the worker is registered already."""
        self._listener.start()
        tasks = [
            asyncio.create_task(task)
            for task in (
                self._record_results_forever(),
                self._send_heartbeats_forever(),
                self._check_limits_forever(),
                self._requeue_lost_forever(),
            )
        ]
        try:
            await _finish_among(self._claim_until_stopped(), tasks)
            await _finish_among(self._drain(), tasks)
        finally:
            await self._close(tasks)

    async def _close(self, tasks: list[asyncio.Task[None]]) -> None:
        self._stop_all("the worker ended")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._listener.close()
        await self._pipeline.close()
        with contextlib.suppress(TimeoutError):
            deregister = self._database.call(lambda: workers.deregister(self._engine, self._options.name))
            await asyncio.wait_for(deregister, SHUTDOWN_SECONDS)
        self._database.close()

    async def _claim_until_stopped(self) -> None:
        while not self._is_stopping:
            was_idle = not self._running  # a result recorded while we search may be due again, and not be found
            started = time.monotonic()
            claimed = [job for renderer in self._pipeline.slots for job in await self._claim(renderer)]
            if claimed:
                files = await asyncio.to_thread(self._options.read_templates)
                for job in claimed:
                    self._start(job, files.valid.get(job.template))
            elif self._options.until_empty and was_idle:
                return
            else:
                await self._listener.wait_for_work(await self._find_wait(started))

    async def _claim(self, renderer: str) -> list[ClaimedJob]:
        free = self._count_free(renderer)
        if free <= 0 or self._is_stopping:
            return []
        name, day = self._options.name, self._options.day
        claim = partial(
            queue.claim_jobs, self._engine, self._limits, worker=name, renderer=renderer, limit=free, day=day
        )
        return await self._ask(claim, [])

    def _count_free(self, renderer: str) -> int:
        mine = [each for each in self._running.values() if each.job.renderer == renderer]
        running, slots = sum(not each.is_over for each in mine), self._pipeline.slots[renderer]
        # As many again may wait to be recorded; a slow disk must not make the worker claim ever more.
        return min(slots - running, 2 * slots - len(mine))

    async def _find_wait(self, started: float) -> float:
        """Return how long to wait for a notification: with all slots taken only a notification matters."""
        free = [renderer for renderer in self._pipeline.slots if self._count_free(renderer) > 0]
        if not free:
            return self._limits.poll_seconds
        seconds, day = time.monotonic() - started, self._options.day
        find = partial(
            queue.find_wait_seconds, self._engine, self._limits, renderers=free, searched_seconds=seconds, day=day
        )
        return await self._ask(find, self._limits.poll_seconds)

    async def _ask(self, function: Callable[[], T], otherwise: T) -> T:
        """Return the database's answer; a worker that stops does not wait for a database that is away."""
        try:
            return await self._database.call(function, gives_up=lambda: self._is_stopping)
        except DBAPIError:
            if not self._is_stopping:
                raise
            return otherwise

    def _start(self, job: ClaimedJob, template: Template | None) -> None:
        running = RunningJob(job=job, limits=TimeLimits.of(template, self._limits.timeout_minutes * 60))
        self._running[job.claim_id] = running
        running.task = asyncio.create_task(self._render(running))
        running.task.add_done_callback(lambda _: self._wake())

    def _wake(self) -> None:
        self._has_results.set()
        self._listener.wake()

    async def _render(self, running: RunningJob) -> None:
        try:
            # In two steps: while it renders, the list is taken away and recorded.
            finished = await self._pipeline.render(running.job, running.report)
            self._finished.append(finished)
        except asyncio.CancelledError:
            if running.stop_reason is None:
                raise
            if running.overrun is None:
                return
            self._failed.append(FailedRender(job=running.job, error=running.overrun))
        except Exception as error:  # noqa: BLE001 - any error is classified by its type and recorded
            self._failed.append(FailedRender(job=running.job, error=error))
        running.has_result = True

    async def _record_results_forever(self) -> None:
        while True:
            await self._has_results.wait()
            self._has_results.clear()
            finished, self._finished = self._finished[:MAX_PUBLISHED], self._finished[MAX_PUBLISHED:]
            failed, self._failed = self._failed, []
            recorded = {each.job.claim_id for each in finished} | {each.job.claim_id for each in failed}
            for claim_id in recorded:
                self._running[claim_id].is_recording = True
            await self._record(finished, failed)
            abandoned = [each for each in self._running.values() if each.is_abandoned]
            await self._release(abandoned)
            for claim_id in recorded | {each.job.claim_id for each in abandoned}:
                self._running.pop(claim_id, None)
            if self._finished:
                self._has_results.set()
            self._listener.wake()

    async def _record(self, finished: list[FinishedRender], failed: list[FailedRender]) -> None:
        record = partial(queue.record_results, self._engine, self._limits, finished, failed)
        try:
            transitions = await self._database.call(record)
        except DBAPIError as error:
            await self._record_singly(finished, failed, error)
            return
        completed = {claim_id for claim_id, each in transitions.items() if each.state is State.COMPLETED}
        await self._discard([each for each in finished if each.job.claim_id not in completed])
        for transition in transitions.values():
            self.counts[transition.state] += 1
            if transition.state != "completed":
                _log.info("instruction %d, now %s: %s", transition.job.id, transition.state, transition.reason)
            self._on_transition(transition)

    async def _discard(self, finished: list[FinishedRender]) -> None:
        """Delete the files of these jobs, unfinished and published ones."""
        for each in finished:
            await asyncio.to_thread(self._pipeline.discard, each.job)
        if finished:
            await self._database.call(lambda: queue.delete_unpublished(self._engine, finished))

    async def _record_singly(
        self, finished: list[FinishedRender], failed: list[FailedRender], error: DBAPIError
    ) -> None:
        """Record each result on its own, so that a row which the database refuses fails only its own job."""
        if not finished:
            raise error
        if len(finished) == 1:
            await self._discard(finished)
            await self._record([], [*failed, FailedRender(job=finished[0].job, error=error)])
            return
        await self._record([], failed)
        for each in finished:
            await self._record([each], [])

    async def _release(self, abandoned: list[RunningJob]) -> None:
        by_reason: dict[str, list[Job]] = {}
        for each in abandoned:
            by_reason.setdefault(each.stop_reason or "", []).append(each.job)
        for reason, jobs in by_reason.items():
            await self._database.call(partial(queue.release_claims, self._engine, self._limits, jobs, reason))

    async def _send_heartbeats_forever(self) -> None:
        """Renew leases three times a lease, report progress each second, and stop a cancelled job at once."""
        renewed, heartbeat_seconds = 0.0, find_heartbeat_seconds(self._limits)
        while True:
            is_cancelling = await self._listener.wait_for_cancel(min(PROGRESS_SECONDS, heartbeat_seconds))
            is_due = time.monotonic() - renewed > heartbeat_seconds
            alive = [each for each in self._running.values() if not each.is_recording]
            await self._send_heartbeats([each for each in alive if is_cancelling or is_due or each.has_news])
            if is_due:
                renewed = time.monotonic()
                await self._database.call(lambda: workers.record_heartbeat(self._engine, self._options.name))

    async def _send_heartbeats(self, running: list[RunningJob]) -> None:
        if not running:
            return
        heartbeats = [each.take_heartbeat() for each in running]
        renew = partial(queue.renew_leases, self._engine, self._limits, heartbeats)
        answers = await self._database.call(renew)
        for each in running:
            reason = answers.get(each.job.claim_id, "another worker has claimed it")
            if reason is not None:
                each.stop(reason)

    async def _check_limits_forever(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS / 2)
            now = time.monotonic()
            for each in self._running.values():
                if overrun := each.find_overrun(now):
                    each.stop(str(overrun), overrun)

    async def _requeue_lost_forever(self) -> None:
        def requeue() -> None:
            queue.requeue_lost(self._engine, self._limits, self._options.read_templates().list_time_limits())

        while True:
            await asyncio.sleep(min(REQUEUE_SECONDS, self._limits.lease_seconds / 3))
            await self._database.call(requeue)

    def _stop_all(self, reason: str) -> None:
        for each in self._running.values():
            each.stop(reason)

    async def _drain(self) -> None:
        """Wait until no job is running; not for a database that stays away, since leases expire by themselves."""
        started = time.monotonic()
        while self._running and time.monotonic() - started < self._options.grace_seconds + SHUTDOWN_SECONDS:
            if self._releases or time.monotonic() - started >= self._options.grace_seconds:
                self._stop_all("the worker was stopped")
            await asyncio.sleep(0.05)


def find_heartbeat_seconds(limits: RenderQueueSettings) -> float:
    """Return how often a worker sends heartbeats: three times a lease, and three times before it counts as dead.

    >>> [find_heartbeat_seconds(RenderQueueSettings(lease_seconds=seconds)) for seconds in (15, 3600)]
    [5.0, 10.0]
    """
    return min(limits.lease_seconds, workers.ALIVE_SECONDS) / 3


async def _finish_among(work: Coroutine[Any, Any, None], tasks: list[asyncio.Task[None]]) -> None:
    """Wait for the work, and raise the error of a background task that breaks: a worker without it is blind."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait([task, *tasks], return_when=asyncio.FIRST_COMPLETED)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for each in done:
        each.result()
