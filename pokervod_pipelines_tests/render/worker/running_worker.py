"""Run workers in the loop of a test, with pipelines that do what the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from pokervod_pipelines.render import workers
from pokervod_pipelines.render.queue import FinishedRender, requeue_lost
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.render.templates import ReadTemplates, TemplateFiles, load_templates
from pokervod_pipelines.render.worker.loop import OnTransition, Worker, WorkerOptions
from pokervod_pipelines.render.worker.running import Pipeline, ReportProgress
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

NO_POLLING = RenderQueueSettings(retry_seconds=0).model_copy(update={"poll_seconds": 3600.0})
"""With these limits a worker claims nothing during a test that it was not notified of."""

MAX_SECONDS = 60.0
"""A busy machine is slow; what takes longer does not happen."""

Script = Callable[[ClaimedJob, ReportProgress], Awaitable[object]]


async def finish_at_once(job: ClaimedJob, report: ReportProgress) -> None:
    """Render the job at once."""


class ScriptedPipeline:
    """Write no files; a job is rendered when ``script`` returns, and what happened to each is kept."""

    def __init__(self, script: Script = finish_at_once, slots: int = 4) -> None:
        self.slots: Mapping[str, int] = {"local": slots}
        self.script = script
        self.started: list[int] = []
        self.stopped: list[int] = []
        self.discarded: list[int] = []
        self.published: list[int] = []
        self.running = self.max_running_jobs = 0

    async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
        self.started.append(job.id)
        self.running += 1
        self.max_running_jobs = max(self.max_running_jobs, self.running)
        try:
            await self.script(job, report)
        except asyncio.CancelledError:
            self.stopped.append(job.id)
            raise
        finally:
            self.running -= 1
        return FinishedRender(job=job, facts=make_output_facts(job), publish=lambda: self.published.append(job.id))

    def discard(self, job: Job) -> None:
        self.discarded.append(job.id)

    async def close(self) -> None:
        """Stop nothing: nothing runs."""


@asynccontextmanager
async def running_worker(
    database: QueueDatabase,
    pipeline: Pipeline,
    limits: RenderQueueSettings = NO_POLLING,
    *,
    on_transition: OnTransition = lambda transition: None,
    **options: Any,
) -> AsyncIterator[Worker]:
    """Run a worker; at the end stop it and release its jobs."""
    name = await asyncio.to_thread(workers.register, database.engine, None, pipeline.slots)
    worker = Worker(database.engine, limits, pipeline, WorkerOptions(name=name, **options), on_transition)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        worker.stop()
        await task


def limit_eliminations(**limits: float) -> ReadTemplates:
    """Return templates of which the one for eliminations has these limits."""
    shipped = load_templates()
    changed = shipped["elimination"].model_copy(update=limits)
    return lambda: TemplateFiles(valid={**shipped, changed.name: changed})


def has_published(pipeline: ScriptedPipeline, ids: Collection[int]) -> Callable[[], bool]:
    """Return whether all these were published, to be waited for."""
    return lambda: {*ids} <= {*pipeline.published}


async def wait_for(condition: Callable[[], object]) -> None:
    """Wait until the condition is true, and fail if it never is; it is evaluated in a thread of its own."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        async with asyncio.timeout(MAX_SECONDS):
            while not await loop.run_in_executor(thread, condition):
                await asyncio.sleep(0.02)


def run_case(case: Coroutine[Any, Any, None]) -> None:
    """Run the case to its end."""
    asyncio.run(asyncio.wait_for(case, 2 * MAX_SECONDS))


def are_all(database: QueueDatabase, state: str) -> Callable[[], bool]:
    """Return whether every instruction is in the state, to be waited for."""
    return lambda: {*database.states().values()} == {state}


def reassign_jobs(database: QueueDatabase) -> None:
    """Let another worker claim all running jobs, and no worker of the test claim any more."""
    database.execute("update render_workers set quarantine_reason = 'for the test'")
    while database.execute("select 1 from render_instructions where claimed_by <> 'next'"):
        # A heartbeat may come between.
        database.expire_lease(*database.states())
        requeue_lost(database.engine, NO_POLLING)
        database.claim(99, worker="next")
