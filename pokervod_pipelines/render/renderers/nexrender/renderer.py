"""The renderer ``nexrender``: jobs of this process on After Effects elsewhere, any number side by side."""

import asyncio
import logging
from datetime import UTC, datetime

from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, SpoiledOutput
from pokervod_pipelines.render.renderers.job import RenderJob, ReportProgress
from pokervod_pipelines.render.renderers.nexrender import faults, leftovers
from pokervod_pipelines.render.renderers.nexrender.board import Board
from pokervod_pipelines.render.renderers.nexrender.client import Client
from pokervod_pipelines.render.renderers.nexrender.errand import Errand
from pokervod_pipelines.render.renderers.nexrender.farm import find_farm
from pokervod_pipelines.render.renderers.nexrender.patience import Patience
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.settings.render import NexrenderSettings

LOG = logging.getLogger(__name__)


class NexrenderRenderer:
    """After Effects behind one server; keeps to ``renderers.job.Renderer``. All its calls belong to one event loop."""

    name = "nexrender"

    def __init__(self, settings: NexrenderSettings, secret: str | None, *, patience: Patience | None = None) -> None:
        self._settings, self._secret = settings, secret
        self._patience = patience or Patience()
        self._client: Client | None = None
        self._board: Board | None = None
        if settings.url is not None:
            self._client = Client(settings.url, secret, answer_seconds=self._patience.answer)
            self._board = Board(self._client, poll_seconds=settings.poll_seconds, outage_seconds=self._patience.outage)
        self._endings: set[asyncio.Task[None]] = set()

    async def render(self, job: RenderJob, report: ReportProgress) -> None:
        """The target is written whole. Raises a failure of ``render.failures``, or what the disk raises.

        What is wrong with the farm or its set-up is ``NoCapacity``, though this machine be the one to mend.
        However it ends, the job is taken from the server and its file from the farm's folder. A render node that works
        for it cannot be told to stop; what it makes is left lying where nobody looks.
        """
        if self._client is None or self._board is None:
            raise NoCapacity("render.nexrender.url is not set: the address of the nexrender server")
        farm = find_farm(self._settings)
        await asyncio.to_thread(farm.check)
        errand = Errand(job, self._client, self._board, farm, self._patience)
        try:
            await asyncio.to_thread(self._refuse_faults, job.template)
            await errand.run(report)
        except (SpoiledOutput, BadInstruction, OSError) as error:
            if failure := await asyncio.to_thread(farm.blame, error, job.target):
                raise failure from error
            raise
        finally:
            await self._end(errand)

    def find_faults(self, template: Template) -> list[str]:
        """Return why After Effects could not render the template; each names the key and its mend."""
        return faults.find_faults(template)

    async def check_server(self) -> list[str]:
        """Return what is wrong with settings, folder, server and secret; nothing when jobs can be rendered."""
        return await faults.check_farm(self._settings, self._client, self._secret)

    async def sweep(self) -> list[str]:
        """Return what killed processes of ours had left at the farm; it is gone now. Worth doing once a day."""
        if self._client is None:
            return []
        return await leftovers.sweep(self._client, find_farm(self._settings), now=datetime.now(UTC))

    async def close(self) -> None:
        """What was to be taken back is, and no connection is left."""
        if self._endings:
            await asyncio.wait(self._endings)
        if self._board is not None:
            await self._board.close()
        if self._client is not None:
            await self._client.close()

    def _refuse_faults(self, template: Template) -> None:
        if faulty := self.find_faults(template):
            raise BadInstruction(f"template {template.name}: {'; '.join(faulty)}")

    async def _end(self, errand: Errand) -> None:
        """Even if we are cancelled meanwhile, and not for longer than a farewell may last."""
        ending = asyncio.create_task(self._end_in_time(errand))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        await asyncio.shield(ending)

    async def _end_in_time(self, errand: Errand) -> None:
        try:
            async with asyncio.timeout(self._patience.farewell):
                await errand.end()
        except TimeoutError:
            LOG.warning("a job stays at nexrender, which is slow to answer", extra={"server": self._settings.url})
