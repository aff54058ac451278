"""One claim at the farm: queued once, watched, queued again if the server forgot it, and taken back at the end.

The server knows no idempotence: a job whose answer was lost may be there or not, and posted twice it is two jobs. So a
job carries its claim as a tag, and is looked for before it is posted again; one that appears twice loses the younger.
"""

import asyncio
import logging
import time
from functools import partial

from pokervod_pipelines.render.failures import NoCapacity, RenderFailure, TransientFailure
from pokervod_pipelines.render.renderers.job import SUFFIXES, RenderJob, ReportProgress
from pokervod_pipelines.render.renderers.nexrender import pickup
from pokervod_pipelines.render.renderers.nexrender.board import Board, Listing
from pokervod_pipelines.render.renderers.nexrender.client import Client, outlast
from pokervod_pipelines.render.renderers.nexrender.complaints import read_complaint
from pokervod_pipelines.render.renderers.nexrender.farm import Farm
from pokervod_pipelines.render.renderers.nexrender.orders import name_order, write_order
from pokervod_pipelines.render.renderers.nexrender.patience import Patience
from pokervod_pipelines.render.renderers.nexrender.states import ERROR, FINISHED, QUEUED, Status, measure_progress

LOG = logging.getLogger(__name__)

TRIES = 3
"""So often a job is queued that the server forgets; each has a file of its own, for the forgotten one may live on."""


class Errand:
    """The way of one job through the server; ``run`` once, then ``end`` whatever came of it."""

    def __init__(self, job: RenderJob, client: Client, board: Board, farm: Farm, patience: Patience) -> None:
        self._job, self._client, self._board, self._farm, self._patience = job, client, board, farm, patience
        self._names: list[str] = []
        self._uids: dict[str, bool] = {}
        """The jobs of ours at the server, and whether a node works on each."""
        self._is_over = False
        self._is_uncertain = False
        """Whether a job of ours may be at the server whose uid is not known."""
        self._done = 0.0
        self._unclaimed_since: float | None = None

    async def run(self, report: ReportProgress) -> None:
        """The target is written. Raises a failure of ``render.failures`` or an ``OSError``."""
        for number in range(1, TRIES + 1):
            name = name_order(self._job.claim_id, number)
            await self._queue(name)
            if await self._is_finished(report):
                await self._fetch(name)
                report(1.0)
                return
            LOG.warning("nexrender forgot a job", extra={"instruction": self._job.instruction_id, "tries": number})
        message = f"nexrender at {self._client.url} forgot the job {TRIES} times; look at the server and its store"
        raise TransientFailure(message)

    async def end(self) -> None:
        """No node will begin a job of this claim, and its files are gone, if server and folder can be reached.

        A server that is away is told when it is seen again.
        """
        try:
            if self._names and not self._is_over:
                self._note(await self._client.list_jobs())
            for uid, is_worked_on in self._uids.items():
                if is_worked_on:
                    await self._client.take_back_job(uid)
                    self._board.delete_later(uid)
                else:
                    await self._client.delete_job(uid)
        except RenderFailure as failure:
            for uid in self._uids:
                self._board.delete_later(uid)
            LOG.warning("a job stays at nexrender", extra={"claim": str(self._job.claim_id), "reason": str(failure)})
        try:
            await asyncio.to_thread(self._remove_files)
        except OSError as error:
            LOG.warning("a file stays in the farm's folder", extra={"reason": str(error)})

    async def _queue(self, name: str) -> None:
        order = await asyncio.to_thread(write_order, self._job, name, self._farm)
        self._names.append(name)
        if self._job.picture.format == "png_sequence":  # After Effects makes no folder
            await asyncio.to_thread((self._farm.here / name).mkdir, exist_ok=True)

        async def post() -> None:
            if self._is_uncertain and self._find(await self._board.look()):
                return
            self._is_uncertain = True
            self._uids[await self._client.post_job(order)] = False
            self._is_uncertain = False

        await outlast(post, self._patience.outage)

    async def _is_finished(self, report: ReportProgress) -> bool:
        """Whether the job came to its end; False when the server has forgotten it."""
        while True:
            listing = await self._board.look()
            found = self._find(listing)
            if not found:
                return False
            status = await self._choose(found)
            self._is_over = status.state in {FINISHED, ERROR}
            if status.state == FINISHED:
                return True
            if status.state == ERROR:
                raise read_complaint(status.error)
            if status.state == QUEUED:
                self._wait_for_node(listing)
                report(0.0)
            elif (done := measure_progress(status)) > self._done:
                self._done = done
                report(done)

    def _wait_for_node(self, listing: Listing) -> None:
        """Waiting behind others may last; waiting while no node works, or all have died, is a farm without nodes."""
        if listing.still_seconds < max(self._patience.still, self._job.template.max_seconds or 0.0):
            self._unclaimed_since = None
            return
        now = time.monotonic()
        self._unclaimed_since = self._unclaimed_since or now
        if now - self._unclaimed_since > self._patience.unclaimed:
            raise NoCapacity(
                f"nexrender at {self._client.url}: no render node takes jobs; look at them, start @nexrender/worker"
            )

    def _find(self, listing: Listing) -> list[Status]:
        found = [status for name in self._names for status in listing.find(name)]
        self._note(found)
        return listing.find(self._names[-1])

    def _note(self, statuses: list[Status]) -> None:
        self._uids |= {s.uid: s.is_worked_on for s in statuses if not s.tags.isdisjoint(self._names)}

    async def _choose(self, found: list[Status]) -> Status:
        """The one that is furthest; a post that came through late made the others, and they are taken back."""
        chosen = max(found, key=measure_progress)
        for status in found:
            if status is not chosen:
                await outlast(partial(self._client.delete_job, status.uid), self._patience.outage)
        return chosen

    async def _fetch(self, name: str) -> None:
        source = self._farm.here / (name + SUFFIXES[self._job.picture.format])
        frames = self._job.picture.frames if self._job.picture.format == "png_sequence" else None
        await pickup.pick_up(source, self._job.target, frames=frames, seconds=self._patience.share)

    def _remove_files(self) -> None:
        for name in self._names:
            pickup.remove(self._farm.here / (name + SUFFIXES[self._job.picture.format]))
