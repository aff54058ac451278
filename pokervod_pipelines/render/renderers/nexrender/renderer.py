"""Run any number of jobs of this process on After Effects elsewhere."""

import asyncio
import logging
from datetime import UTC, datetime

from pokervod_pipelines.policies.breakers import Breaker
from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, SpoiledOutput
from pokervod_pipelines.render.renderers.job import RenderJob, ReportProgress
from pokervod_pipelines.render.renderers.nexrender import checks, cleanup
from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient
from pokervod_pipelines.render.renderers.nexrender.farm import find_farm
from pokervod_pipelines.render.renderers.nexrender.guard import ServerGuard
from pokervod_pipelines.render.renderers.nexrender.job_list import JobList
from pokervod_pipelines.render.renderers.nexrender.nexrender_job import NexrenderJob
from pokervod_pipelines.render.renderers.nexrender.timeouts import NexrenderTimeouts
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.settings.render import NexrenderSettings

LOG = logging.getLogger(__name__)


class NexrenderRenderer:
    """Render with After Effects behind one server; follows ``renderers.job.Renderer``. Use it in one event loop."""

    name = "nexrender"

    def __init__(
        self,
        settings: NexrenderSettings,
        secret: str | None,
        *,
        timeouts: NexrenderTimeouts | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._settings, self._secret = settings, secret
        self._timeouts = timeouts or NexrenderTimeouts()
        self._client: NexrenderClient | None = None
        self._job_list: JobList | None = None
        self._guard = ServerGuard(breaker, outage_seconds=self._timeouts.outage)
        if settings.url is not None:
            self._client = NexrenderClient(settings.url, secret, answer_seconds=self._timeouts.answer)
            self._job_list = JobList(self._client, self._guard, poll_seconds=settings.poll_seconds)
        self._shutdowns: set[asyncio.Task[None]] = set()

    async def render(self, job: RenderJob, report: ReportProgress) -> None:
        """Write the target whole. Raises a failure of ``render.failures``, or what the disk raises.

        Faults of the farm or its set-up are ``NoCapacity``, even if this machine has to be fixed. However it ends, the
        job is removed from the server and its file from the farm's folder. A render node that works on it cannot be
        stopped; its file is ignored.
        """
        if self._client is None or self._job_list is None:
            raise NoCapacity("render.nexrender.url is not set; set it to the address of the nexrender server")
        farm = find_farm(self._settings)
        await asyncio.to_thread(farm.check)
        nexrender_job = NexrenderJob(job, self._client, self._guard, self._job_list, farm, self._timeouts)
        try:
            await asyncio.to_thread(self._refuse_faults, job.template)
            await nexrender_job.run(report)
        except (SpoiledOutput, BadInstruction, OSError) as error:
            if failure := await asyncio.to_thread(farm.explain_error, error, job.target):
                raise failure from error
            raise
        finally:
            await self._end(nexrender_job)

    def find_faults(self, template: Template) -> list[str]:
        """Return why After Effects could not render the template; each names the key and the fix."""
        return checks.find_faults(template)

    async def check_server(self) -> list[str]:
        """Return what is wrong with settings, folder, server and secret; nothing when jobs can be rendered."""
        return await checks.check_farm(self._settings, self._client, self._secret)

    async def sweep(self) -> list[str]:
        """Delete what killed processes of ours left at the farm, and return it. Worth doing once a day."""
        if self._client is None:
            return []
        return await cleanup.sweep(self._client, find_farm(self._settings), now=datetime.now(UTC))

    async def close(self) -> None:
        """Finish removing jobs, then close all connections."""
        if self._shutdowns:
            await asyncio.wait(self._shutdowns)
        if self._job_list is not None:
            await self._job_list.close()
        if self._client is not None:
            await self._client.close()

    def _refuse_faults(self, template: Template) -> None:
        if faulty := self.find_faults(template):
            raise BadInstruction(f"template {template.name}: {'; '.join(faulty)}")

    async def _end(self, nexrender_job: NexrenderJob) -> None:
        """End the job even if we are cancelled meanwhile, within the time limit of a shutdown."""
        ending = asyncio.create_task(self._end_in_time(nexrender_job))
        self._shutdowns.add(ending)
        ending.add_done_callback(self._shutdowns.discard)
        await asyncio.shield(ending)

    async def _end_in_time(self, nexrender_job: NexrenderJob) -> None:
        try:
            async with asyncio.timeout(self._timeouts.shutdown):
                await nexrender_job.end()
        except TimeoutError:
            LOG.warning("a job was left at nexrender, which is slow to answer", extra={"server": self._settings.url})
