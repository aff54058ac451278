"""A process of the benchmark: takes what waits until nothing is left, as a worker or as the plainest loop there is.

``python -m pokervod_pipelines_tests.bench.render_worker KIND URL NAME``; says ``ready``, then waits for a line.
"""

import asyncio
import sys

import psycopg

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.render.worker.loop import Shift, Worker
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_maker import IdleMaker

SLOTS = 50
CLAIM = """
    update raw_jobs set state = 'processing', lease_until = now() + interval '30 seconds' where id = (
        select id from raw_jobs where state = 'pending' order by id limit 1 for update skip locked) returning id
"""


def work(url: str, name: str) -> None:
    """Our worker, with graphics that take no time."""

    async def run() -> None:
        shift = Shift(name=name, until_empty=True)
        await Worker(make_engine(url), RenderQueueSettings(), IdleMaker({"idle": SLOTS}), shift).run()

    asyncio.run(run())


def work_raw(url: str, name: str) -> None:
    """Claim one, finish one, with nothing else: the most that this server gives a loop of single jobs."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        while (row := connection.execute(CLAIM).fetchone()) is not None:
            connection.execute("update raw_jobs set state = 'completed', finished_at = now() where id = %s", row)


if __name__ == "__main__":
    kind, url, name = sys.argv[1:]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    {"worker": work, "raw": work_raw}[kind](url, name)
