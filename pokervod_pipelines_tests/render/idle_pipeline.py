"""Render nothing, for as long as a test likes: to measure what the queue itself does and costs."""

import asyncio
from collections.abc import Mapping

from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob, OutputFacts
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.render.worker.running import ReportProgress


class IdlePipeline:
    """Report every job as rendered; the file that it names does not exist."""

    def __init__(self, slots: Mapping[str, int], seconds: float = 0.0) -> None:
        self.slots = slots
        self.seconds = seconds

    async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return FinishedRender(job=job, facts=make_output_facts(job), publish=lambda: None)

    def discard(self, job: Job) -> None:
        """Delete nothing: no file was written."""

    async def close(self) -> None:
        """Stop nothing: nothing runs."""


def make_output_facts(job: Job) -> OutputFacts:
    """Return the facts that the file of this job would have."""
    return OutputFacts(
        path=f"{job.id}.mov",
        sha256="",
        size_bytes=0,
        mtime_ns=0,
        frames=1,
        width=1920,
        height=1080,
        fps=30,
        seconds=1,
        pixel_format="argb",
        picture_hash=None,
        preview=None,
    )
