"""Take one claim through the farm: queue it, follow it, queue it again if the server forgot it, remove it at the end.

The server is not idempotent: a job whose answer was lost may exist or not, and posting twice makes two jobs. So a job
has its claim as a tag and is searched for before it is posted again; of two copies the younger is deleted.
"""

import asyncio
import logging
import time
from functools import partial

from pokervod_pipelines.render.failures import NoCapacity, RenderFailure, TransientFailure
from pokervod_pipelines.render.renderers.job import SUFFIXES, RenderJob, ReportProgress
from pokervod_pipelines.render.renderers.nexrender import pickup
from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient
from pokervod_pipelines.render.renderers.nexrender.farm import FarmFolder
from pokervod_pipelines.render.renderers.nexrender.guard import ServerGuard
from pokervod_pipelines.render.renderers.nexrender.job_builder import build_job, name_job
from pokervod_pipelines.render.renderers.nexrender.job_list import JobList, JobListing
from pokervod_pipelines.render.renderers.nexrender.node_errors import read_node_error
from pokervod_pipelines.render.renderers.nexrender.states import ERROR, FINISHED, QUEUED, JobStatus, measure_progress
from pokervod_pipelines.render.renderers.nexrender.timeouts import NexrenderTimeouts

LOG = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""How often a forgotten job is queued; each has its own file, because the forgotten one may still run."""


class NexrenderJob:
    """Run one job on the server; call ``run`` once, then always ``end``."""

    def __init__(
        self,
        job: RenderJob,
        client: NexrenderClient,
        guard: ServerGuard,
        job_list: JobList,
        farm: FarmFolder,
        timeouts: NexrenderTimeouts,
    ) -> None:
        self._job, self._client, self._guard = job, client, guard
        self._job_list, self._farm, self._timeouts = job_list, farm, timeouts
        self._names: list[str] = []
        self._uids: dict[str, bool] = {}
        """Our jobs at the server, and whether a node has each."""
        self._is_over = False
        self._is_uncertain = False
        """Whether a job of ours with an unknown uid may be at the server."""
        self._done = 0.0
        self._unclaimed_since: float | None = None

    async def run(self, report: ReportProgress) -> None:
        """Write the target. Raises a failure of ``render.failures`` or an ``OSError``."""
        for number in range(1, MAX_ATTEMPTS + 1):
            name = name_job(self._job.claim_id, number)
            await self._queue(name)
            if await self._is_finished(report):
                await self._fetch(name)
                report(1.0)
                return
            LOG.warning("nexrender forgot a job", extra={"instruction": self._job.instruction_id, "tries": number})
        message = f"nexrender at {self._client.url} forgot the job {MAX_ATTEMPTS} times; check the server and its store"
        raise TransientFailure(message)

    async def end(self) -> None:
        """Cancel the jobs of this claim and delete its files, if server and folder can be reached.

        An unreachable server is told when it answers again.
        """
        try:
            if (self._uids or self._is_uncertain) and not self._is_over:
                self._remember(await self._client.list_jobs())
            for uid, is_on_node in self._uids.items():
                if is_on_node:
                    await self._client.cancel_job(uid)
                    self._job_list.delete_when_ended(uid)
                else:
                    await self._client.delete_job(uid)
        except RenderFailure as failure:
            for uid in self._uids:
                self._job_list.delete_when_ended(uid)
            LOG.warning("a job was left at nexrender", extra={"claim": str(self._job.claim_id), "reason": str(failure)})
        try:
            await asyncio.to_thread(self._remove_files)
        except OSError as error:
            LOG.warning("a file was left in the farm's folder", extra={"reason": str(error)})

    async def _queue(self, name: str) -> None:
        body = await asyncio.to_thread(build_job, self._job, name, self._farm)
        self._names.append(name)
        if self._job.spec.format == "png_sequence":  # After Effects makes no folder
            await asyncio.to_thread((self._farm.here / name).mkdir, exist_ok=True)

        async def post() -> None:
            if self._is_uncertain and self._find(await self._job_list.read()):
                return
            self._is_uncertain = True
            self._uids[await self._client.post_job(body)] = False
            self._is_uncertain = False

        await (self._guard.begin if len(self._names) == 1 else self._guard.follow)(post)

    async def _is_finished(self, report: ReportProgress) -> bool:
        """Return True when the job has finished, False when the server has forgotten it."""
        while True:
            listing = await self._job_list.read()
            found = self._find(listing)
            if not found:
                return False
            status = await self._choose_one(found)
            self._is_over = status.state in {FINISHED, ERROR}
            if status.state == FINISHED:
                return True
            if status.state == ERROR:
                raise read_node_error(status.error)
            if status.state == QUEUED:
                self._wait_for_node(listing)
                report(0.0)
            elif (done := measure_progress(status)) > self._done:
                self._done = done
                report(done)

    def _wait_for_node(self, listing: JobListing) -> None:
        """Raise ``NoCapacity`` when no node works: waiting behind other jobs is fine, waiting for dead nodes is not."""
        if listing.unchanged_seconds < max(self._timeouts.still, self._job.template.max_seconds or 0.0):
            self._unclaimed_since = None
            return
        now = time.monotonic()
        self._unclaimed_since = self._unclaimed_since or now
        if now - self._unclaimed_since > self._timeouts.unclaimed:
            raise NoCapacity(
                f"nexrender at {self._client.url}: no render node takes jobs; start @nexrender/worker on a node"
            )

    def _find(self, listing: JobListing) -> list[JobStatus]:
        found = [status for name in self._names for status in listing.find(name)]
        self._remember(found)
        return listing.find(self._names[-1])

    def _remember(self, statuses: list[JobStatus]) -> None:
        self._uids |= {s.uid: s.is_on_node for s in statuses if not s.tags.isdisjoint(self._names)}

    async def _choose_one(self, found: list[JobStatus]) -> JobStatus:
        """Return the job with most progress and delete the others, which a late post created."""
        chosen = max(found, key=measure_progress)
        for status in found:
            if status is not chosen:
                await self._guard.follow(partial(self._client.delete_job, status.uid))
        return chosen

    async def _fetch(self, name: str) -> None:
        source = self._farm.here / (name + SUFFIXES[self._job.spec.format])
        frames = self._job.spec.frames if self._job.spec.format == "png_sequence" else None
        await pickup.pick_up(source, self._job.target, frames=frames, seconds=self._timeouts.share)

    def _remove_files(self) -> None:
        for name in self._names:
            pickup.remove(self._farm.here / (name + SUFFIXES[self._job.spec.format]))
