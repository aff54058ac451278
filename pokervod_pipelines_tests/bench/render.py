"""Measure the queue beside the plainest loop over SKIP LOCKED on the same server."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date

from sqlalchemy import Engine, text

from pokervod_pipelines.render import queue
from pokervod_pipelines.render.changes import InstructionPlan
from pokervod_pipelines.render.drafts import Draft
from pokervod_pipelines.render.instructions import apply_plan
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.worker.loop import Worker, WorkerOptions
from pokervod_pipelines.render.worker.running import ReportProgress
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database
from pokervod_pipelines_tests.render.idle_pipeline import IdlePipeline

PROCRASTINATE = {1: 576 / 2305, 4: 952 / 4558, 8: 834 / 4148}
"""Hold the share of the plain loop that procrastinate reached where both were measured."""


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Measure instructions and jobs a second, and the milliseconds from commit to claim."""
    finished, pending = (10_000, 3_000) if is_small else (100_000, 30_000)
    with scratch() as folder, scratch_database(folder) as engine:
        yield from _measure_asking(engine, 1_000 if is_small else 10_000)
        _fill(engine, finished, pending)
        yield Figure("rows in the table, finished + waiting", f"{finished:,} + {pending:,}")
        for workers in (1, 4, 8):
            raw = _run(engine, "raw", workers, pending // 3)
            ours = _run(engine, "worker", workers, pending // 3)
            yield Figure(f"plain SKIP LOCKED loop, jobs/s, {workers} processes", f"{raw:,.0f}")
            least = f"> {raw * PROCRASTINATE[workers]:,.0f}, aim {0.6 * raw:,.0f}"
            yield Figure(f"our workers, jobs/s, {workers} processes", f"{ours:,.0f}", least)
        taken = asyncio.run(_measure_latency(engine, 60 if is_small else 300))
        yield Figure("commit → claimed, idle, p50 ms", f"{percentile(taken, 0.5):.1f}")
        yield Figure("commit → claimed, idle, p99 ms", f"{percentile(taken, 0.99):.1f}", "< 1,000, aim < 50")


def _measure_asking(engine: Engine, count: int) -> Iterator[Figure]:
    for size in (1, 1_000):
        asked = min(count, 300) if size == 1 else count
        started = time.perf_counter()
        for first in range(0, asked, size):
            _ask(engine, [_draft(f"ask {size} {number}") for number in range(first, first + size)])
        took = time.perf_counter() - started
        yield Figure(f"requested, {size:,} a transaction, instructions/s", f"{asked / took:,.0f}")
    with engine.begin() as connection:
        connection.execute(text("update render_instructions set state = 'cancelled'"))


def _ask(engine: Engine, drafts: list[Draft]) -> None:
    with engine.begin() as connection:
        apply_plan(connection, InstructionPlan(new=tuple(drafts), changes=(), unchanged=0), correlation_id="bench")


def _draft(key: str, renderer: str = "idle") -> Draft:
    return Draft(
        trigger_kind="person",
        trigger_key=key,
        template="elimination",
        layers={"player": "Ana Ruiz", "place": "9th"},
        output={"format": "mov_alpha", "width": 1920, "height": 1080, "fps": 30, "seconds": 6, "path": "{id}"},
        priority=5,
        day=date(2031, 5, 4),
        by="bench",
        reason="",
        renderer=renderer,
    )


def _fill(engine: Engine, finished: int, pending: int) -> None:
    """Insert so many completed instructions, and so many pending ones of a renderer without workers."""
    with engine.begin() as connection:
        connection.execute(text("alter table render_instructions disable trigger guard_render_instruction"))
        for state, count, renderer in (("completed", finished, "idle"), ("pending", pending, "waiting")):
            connection.execute(_FILL, {"state": state, "count": count, "renderer": renderer})
        connection.execute(text("alter table render_instructions enable trigger guard_render_instruction"))
        connection.execute(
            text("""
            create table raw_jobs (id bigserial primary key, state text not null default 'pending',
                payload jsonb not null default '{}', lease_until timestamptz, finished_at timestamptz)
        """)
        )
        connection.execute(text("create index on raw_jobs (id) where state = 'pending'"))
        connection.execute(
            text("insert into raw_jobs (state) select 'completed' from generate_series(1, :count)"), {"count": finished}
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze render_instructions"))
        connection.execute(text("vacuum analyze raw_jobs"))


_FILL = text("""
    insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
        state, renderer, rank)
    select 'elimination', '{"player": "Ana Ruiz"}', '{}', '', 'person', :state || n, date '2031-05-04', 'bench',
        :state, :renderer, now() from generate_series(1, :count) n
""")


_RELEASE = {
    "raw": text("insert into raw_jobs (state) select 'pending' from generate_series(1, :jobs)"),
    "worker": text("""
        update render_instructions set renderer = 'idle' where id in (
            select id from render_instructions where state = 'pending' and renderer = 'waiting' order by id limit :jobs)
    """),
}


def _run(engine: Engine, kind: str, workers: int, jobs: int) -> float:
    """Return jobs a second from the moment all processes are ready."""
    with engine.begin() as connection:
        connection.execute(_RELEASE[kind], {"jobs": jobs})
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "pokervod_pipelines_tests.bench.render_worker", kind, url]
    processes = [
        subprocess.Popen([*command, f"{kind} {number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(workers)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    started = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.close()
    for process in processes:
        process.wait()
    return jobs / (time.perf_counter() - started)


class _Watch(IdlePipeline):
    """Note when each graphic was claimed."""

    def __init__(self) -> None:
        super().__init__({"watched": 4})
        self.claimed: dict[int, float] = {}

    async def render(self, job: ClaimedJob, report: ReportProgress) -> queue.FinishedRender:
        self.claimed[job.id] = time.perf_counter()
        return await super().render(job, report)


async def _measure_latency(engine: Engine, count: int) -> list[float]:
    pipeline = _Watch()
    worker = Worker(engine, RenderQueueSettings(), pipeline, WorkerOptions(name="watch"))
    running = asyncio.create_task(worker.run())
    committed: list[float] = []

    def ask() -> None:
        for number in range(count):
            _ask(engine, [_draft(f"watched {number}", "watched")])
            committed.append(time.perf_counter())
            time.sleep(0.03)

    await asyncio.sleep(0.5)
    await asyncio.to_thread(ask)
    await asyncio.sleep(0.5)
    worker.stop()
    await running
    return [(claimed - commit) * 1000 for commit, claimed in zip(committed, pipeline.claimed.values(), strict=True)]
