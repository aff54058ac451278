"""Run a worker from registration to its end: for the command, the asset and the sensor's run."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection
from datetime import date

from sqlalchemy import Engine

from pokervod_pipelines.errors import OperatorNeeded
from pokervod_pipelines.render import workers
from pokervod_pipelines.render.outputs.marker import mark_known_folder
from pokervod_pipelines.render.outputs.store import list_newest_paths
from pokervod_pipelines.render.states import State
from pokervod_pipelines.render.templates import TemplateCache, find_template_folders
from pokervod_pipelines.render.worker.loop import OnTransition, Worker, WorkerOptions
from pokervod_pipelines.render.worker.pipeline import open_pipeline
from pokervod_pipelines.settings import Settings

_log = logging.getLogger(__name__)


def run_worker(
    engine: Engine,
    settings: Settings,
    *,
    name: str | None = None,
    day: date | None = None,
    until_empty: bool = False,
    concurrency: int | None = None,
    stop_signals: Collection[int] = (),
    on_start: Callable[[str], None] = lambda name: None,
    on_transition: OnTransition = lambda transition: None,
) -> Counter[State]:
    """Run a worker until nothing is due, or until one of the signals; return how many jobs came into which state.

    At a signal, running jobs may finish; a second signal releases them at once. Raises ``BadTemplate`` for a missing
    folder of templates, ``Conflict`` for the name of a living worker, and ``OperatorNeeded`` for a quarantined one.
    """
    templates = TemplateCache(find_template_folders(settings))
    prepare_outputs_folder(engine, settings)

    async def run() -> Counter[State]:
        pipeline = open_pipeline(settings, templates.read, engine=engine, concurrency=concurrency)
        registered = await asyncio.to_thread(workers.register, engine, name, pipeline.slots, day=day)
        if reason := await asyncio.to_thread(workers.record_heartbeat, engine, registered):
            await asyncio.to_thread(workers.deregister, engine, registered)
            command = f"`pokervod render workers --reinstate {registered} --reason …`"
            raise OperatorNeeded(
                f"the worker {registered} is quarantined: {reason}; fix its machine, then run {command}"
            )
        options = WorkerOptions(name=registered, day=day, until_empty=until_empty, read_templates=templates.read)
        worker = Worker(engine, settings.render.queue, pipeline, options, on_transition)
        for number in stop_signals:
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        on_start(registered)
        _log.info("worker %s begins, %s", registered, ", ".join(f"{each} {n}" for each, n in pipeline.slots.items()))
        await pipeline.tidy()
        await worker.run()
        counts = ", ".join(f"{count} {state}" for state, count in sorted(worker.counts.items()))
        _log.info("worker %s ended: %s", registered, counts or "nothing was due")
        return worker.counts

    return asyncio.run(run())


def prepare_outputs_folder(engine: Engine, settings: Settings) -> bool:
    """Mark the folder of the graphics where it is evidently the right one, and return whether it is marked.

    The default folder is created; a configured one has to exist.
    """
    if settings.render.outputs is None:
        settings.renders.mkdir(parents=True, exist_ok=True)
    with engine.connect() as connection:
        known = list_newest_paths(connection)
    return mark_known_folder(settings.renders, known)
