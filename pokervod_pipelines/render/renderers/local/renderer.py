"""The renderer ``local`` as the worker sees it: jobs go to children that wait, so many at once as the settings say."""

import asyncio
from contextlib import suppress

from pokervod_pipelines.render.failures import Passing
from pokervod_pipelines.render.renderers.job import RenderJob, Report
from pokervod_pipelines.render.renderers.local import check
from pokervod_pipelines.render.renderers.local.draftsman import PROGRAM, Draftsman, NotTaken
from pokervod_pipelines.render.renderers.local.encode import MovCodec
from pokervod_pipelines.render.renderers.local.order import write_order
from pokervod_pipelines.render.templates import Template


class LocalRenderer:
    """Draws in at most ``processes`` children, started when they are needed and kept for the next job."""

    name = "local"

    def __init__(self, mov_codec: MovCodec, processes: int, *, program: str = PROGRAM) -> None:
        self._mov_codec: MovCodec = mov_codec
        self._program = program
        self._places = asyncio.Semaphore(processes)
        self._idle: list[Draftsman] = []
        self._busy: set[Draftsman] = set()
        self._is_closed = False

    async def render(self, job: RenderJob, report: Report) -> None:
        """The target is written whole. Raises a failure of ``render.failures``, or an ``OSError`` with its number.

        Cancelled, it kills the child; what lies at the target then is for the caller to sweep away.
        """
        order = write_order(job, self._mov_codec)
        async with self._places:
            with suppress(NotTaken):
                await self._draw(order, report)
                return
            await self._draw(order, report)

    def find_faults(self, template: Template) -> list[str]:
        """Return what is wrong with the template: composition, layers, size, letters, fonts."""
        return check.find_faults(template)

    async def close(self) -> None:
        """No child is left; renders that are under way fail."""
        self._is_closed = True
        children = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(child.end() for child in children))

    async def _draw(self, order: str, report: Report) -> None:
        child = await self._find_child()
        self._busy.add(child)
        try:
            await child.draw(order, report)
        finally:
            self._busy.discard(child)
            if child.is_usable and not self._is_closed:
                self._idle.append(child)
            else:
                await child.end()

    async def _find_child(self) -> Draftsman:
        if self._is_closed:
            message = "the local renderer was closed; nothing can be drawn any more"
            raise Passing(message)
        while self._idle:
            child = self._idle.pop()
            if child.is_usable:
                return child
            await child.end()
        return await Draftsman.start(self._program)
