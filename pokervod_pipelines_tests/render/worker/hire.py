"""Workers to try things on, in the loop of a test, and makers that do what the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from pokervod_pipelines.render import crew
from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.rescue import rescue_lost
from pokervod_pipelines.render.states import Held
from pokervod_pipelines.render.templates import TemplateFiles, load_templates
from pokervod_pipelines.render.worker.loop import Shift, Told, Worker
from pokervod_pipelines.render.worker.maker import Maker, Report
from pokervod_pipelines.render.worker.shelf import Look
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_maker import name_output
from pokervod_pipelines_tests.render.queue_desk import QueueDesk

DEAF = RenderQueueSettings(retry_seconds=0).model_copy(update={"poll_seconds": 3600.0})
"""A worker with these limits takes nothing in the time of a test that it was not told of."""

MOST_SECONDS = 60.0
"""A busy machine is slow; what takes longer does not come."""

Play = Callable[[Claim, Report], Awaitable[object]]


async def finish_at_once(claim: Claim, report: Report) -> None:
    """The graphic is made."""


class StagedMaker:
    """Makes no files; its graphics are made when ``play`` returns, and it keeps what became of each."""

    def __init__(self, play: Play = finish_at_once, slots: int = 4) -> None:
        self.slots: Mapping[str, int] = {"local": slots}
        self.play = play
        self.begun: list[int] = []
        self.stopped: list[int] = []
        self.discarded: list[int] = []
        self.published: list[int] = []
        self.at_work = self.most_at_work = 0

    async def make(self, claim: Claim, report: Report) -> Made:
        held = claim.held
        self.begun.append(held.id)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            await self.play(claim, report)
        except asyncio.CancelledError:
            self.stopped.append(held.id)
            raise
        finally:
            self.at_work -= 1
        return Made(held=held, facts=name_output(held), publish=lambda: self.published.append(held.id))

    def discard(self, held: Held) -> None:
        self.discarded.append(held.id)

    async def close(self) -> None:
        """Nothing runs."""


@asynccontextmanager
async def hired(
    desk: QueueDesk, maker: Maker, limits: RenderQueueSettings = DEAF, *, tell: Told = lambda settlement: None, **shift: Any
) -> AsyncIterator[Worker]:
    """A worker works; in the end it is stopped, and holds nothing."""
    name = await asyncio.to_thread(crew.sign_on, desk.engine, None, maker.slots)
    worker = Worker(desk.engine, limits, maker, Shift(name=name, **shift), tell)
    work = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        worker.stop()
        await work


def limit_eliminations(**limits: float) -> Look:
    """A look at templates of which that of eliminations sets these limits of its own."""
    shipped = load_templates()
    changed = shipped["elimination"].model_copy(update=limits)
    return lambda: TemplateFiles(sound={**shipped, changed.name: changed})


def has_published(maker: StagedMaker, ids: Collection[int]) -> Callable[[], bool]:
    """Return whether all these were published, to be waited for."""
    return lambda: {*ids} <= {*maker.published}


async def come(condition: Callable[[], object]) -> None:
    """Return when the condition holds; fails when it does not come to that. It is looked at in a thread of its own."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        async with asyncio.timeout(MOST_SECONDS):
            while not await loop.run_in_executor(thread, condition):
                await asyncio.sleep(0.02)


def play(case: Coroutine[Any, Any, None]) -> None:
    """The case came to its end."""
    asyncio.run(asyncio.wait_for(case, 2 * MOST_SECONDS))


def are_all(desk: QueueDesk, state: str) -> Callable[[], bool]:
    """Return whether every instruction is in the state, to be waited for."""
    return lambda: {*desk.states().values()} == {state}


def give_away(desk: QueueDesk) -> None:
    """What is held was rescued and is another's now; the workers there are get nothing more."""
    desk.execute("update render_workers set set_aside = 'for the test'")
    while desk.execute("select 1 from render_instructions where claimed_by <> 'next'"):
        # A sign of life may come between.
        desk.end_lease(*desk.states())
        rescue_lost(desk.engine, DEAF)
        desk.take(99, worker="next")
