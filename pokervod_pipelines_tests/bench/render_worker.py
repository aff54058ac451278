"""Take pending jobs until none is left, as a worker or as the plainest loop, in a process of the benchmark.

``python -m pokervod_pipelines_tests.bench.render_worker KIND URL NAME``; prints ``ready``, then waits for a line.
"""

import asyncio
import sys

import psycopg

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.render.worker.loop import Worker, WorkerOptions
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_pipeline import IdlePipeline

SLOTS = 50
CLAIM = """
    update raw_jobs set state = 'processing', lease_until = now() + interval '30 seconds' where id = (
        select id from raw_jobs where state = 'pending' order by id limit 1 for update skip locked) returning id
"""


def work(url: str, name: str) -> None:
    """Run our worker with graphics that take no time."""

    async def run() -> None:
        options = WorkerOptions(name=name, until_empty=True)
        await Worker(make_engine(url), RenderQueueSettings(), IdlePipeline({"idle": SLOTS}), options).run()

    asyncio.run(run())


def work_raw(url: str, name: str) -> None:
    """Claim one, finish one, with nothing else: the maximum of this server for single jobs."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        while (row := connection.execute(CLAIM).fetchone()) is not None:
            connection.execute("update raw_jobs set state = 'completed', finished_at = now() where id = %s", row)


if __name__ == "__main__":
    kind, url, name = sys.argv[1:]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    {"worker": work, "raw": work_raw}[kind](url, name)
