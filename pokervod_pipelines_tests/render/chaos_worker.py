"""Run a worker whose graphics are small files of known content, written slowly enough to be killed in the middle.

``python -m pokervod_pipelines_tests.render.chaos_worker URL ROOT NAME``. A player called
``impossible`` fails for good, ``moody`` on the first attempt.
"""

import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.render import workers
from pokervod_pipelines.render.failures import BadInstruction, TransientFailure
from pokervod_pipelines.render.outputs.paths import find_output_path, prepare_target
from pokervod_pipelines.render.outputs.publish import publish
from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.render.worker.database import DatabaseCaller
from pokervod_pipelines.render.worker.loop import Worker, WorkerOptions
from pokervod_pipelines.render.worker.running import ReportProgress
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts

LIMITS = RenderQueueSettings(lease_seconds=4, retry_seconds=0.2, poll_seconds=1)
SLOTS = {"local": 3}
PIECES = 8


def write_content(instruction_id: int) -> bytes:
    """Return the content of the whole file of the instruction."""
    return f"graphic {instruction_id}\n".encode() * PIECES


class SlowPipeline:
    """Write the file piece by piece."""

    def __init__(self, root: Path) -> None:
        self.slots = SLOTS
        self.root = root

    async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
        player = job.layers["player"]
        target = prepare_target(self.root, job.claim_id, "mov_alpha")
        pause = random.Random(job.id).uniform(0.01, 0.05)
        with target.open("wb", buffering=0) as file:
            for piece in range(PIECES):
                file.write(f"graphic {job.id}\n".encode())
                report((piece + 1) / PIECES)
                await asyncio.sleep(pause)
        if player == "impossible" or (player == "moody" and job.retry_count == 0):
            target.unlink()
            raise BadInstruction("nobody can draw that") if player == "impossible" else TransientFailure("it broke off")
        final = find_output_path(self.root, Path(f"2031-05-04/{job.id}"), "mov_alpha")
        return FinishedRender(job=job, facts=make_output_facts(job), publish=_once(target, final))

    def discard(self, job: Job) -> None:
        self._target(job.claim_id).unlink(missing_ok=True)

    def _target(self, claim_id: UUID) -> Path:
        return self.root / ".unfinished" / f"{claim_id}.mov"

    async def close(self) -> None:
        """Stop nothing: nothing runs."""


def _once(target: Path, final: Path) -> Callable[[], None]:
    def move() -> None:
        if target.exists():
            publish(target, final)

    return move


def main(url: str, root: str, name: str) -> None:
    """Work until killed."""

    async def run() -> None:
        engine, pipeline = make_engine(url), SlowPipeline(Path(root))
        registered = await DatabaseCaller().call(lambda: workers.register(engine, name, pipeline.slots))
        await Worker(engine, LIMITS, pipeline, WorkerOptions(name=registered)).run()

    asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])
