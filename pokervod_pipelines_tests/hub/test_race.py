"""Let a program and our workers share the queue while all of them are killed: no job is done twice, none is lost."""

import asyncio
import random
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from pokervod_pipelines.render import queue
from pokervod_pipelines.render.outputs.marker import FIRST_USE, write_marker
from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.old_library import OldLibrary
from pokervod_pipelines_tests.hub.poller import take_one
from pokervod_pipelines_tests.render.chaos_worker import write_content
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts

LIMITS = RenderQueueSettings(lease_seconds=4, retry_seconds=0, timeout_minutes=0.1)
TIMEOUT_SECONDS = 500
MANY, KILLS = 1_000, 60
FEW = 60
TESTS = Path(__file__).parents[2]


async def request(hub: Hub, count: int) -> list[int]:
    async with hub.connect() as library:
        return [
            await library.insert(
                "render_instructions", template_name="elimination", layer_data_json={"player": f"Ana {number}"}
            )
            for number in range(count)
        ]


def count_open(hub: Hub) -> int:
    rows = hub.read("select count(*) from render_instructions where state in ('pending', 'processing')")
    return int(str(rows[0][0]))


def check_each_once(hub: Hub, requested: list[int]) -> dict[str, int]:
    """Check that each was completed once, by whoever it was; return by how many of each kind of worker."""
    states = hub.read("select id from render_instructions where state = 'completed' order by id")
    done = hub.read("select instruction_id, worker from render_attempts where outcome = 'completed' order by 1")
    told = hub.read("select (payload ->> 'instruction_id')::int from events where type = 'render.completed' order by 1")
    outputs = hub.read("select instruction_id from render_outputs order by 1")
    by_program = [row[0] for row in done if row[1] in hub.roles]
    assert [row[0] for row in states] == [row[0] for row in done] == [row[0] for row in told] == sorted(requested)
    assert sorted([*by_program, *(row[0] for row in outputs)]) == sorted(requested)
    return {"program": len(by_program), "workers": len(done) - len(by_program)}


def work(hub: Hub, name: str, chance: random.Random) -> None:
    """Claim and finish as a worker, and die now and then: its lease expires."""
    while count_open(hub):
        for job in queue.claim_jobs(hub.engine, LIMITS, worker=name, renderer="local", limit=2):
            if chance.random() < 0.15:
                hub.read("update render_instructions set lease_until = now() where id = :id returning id", id=job.id)
            else:
                finished = FinishedRender(job=job, facts=make_output_facts(job), publish=lambda: None)
                queue.record_results(hub.engine, LIMITS, [finished])
        queue.requeue_lost(hub.engine, LIMITS)


async def poll(hub: Hub, chance: random.Random) -> None:
    """Take and complete as a program, and die now and then: its job takes too long."""
    async with OldLibrary(hub.find_url(hub.roles[0])) as library:
        while await asyncio.to_thread(count_open, hub):
            number = await take_one(library)
            if number is not None and chance.random() < 0.15:
                late = "update render_instructions set started_at = now() - interval '1 h' where id = :id returning id"
                await asyncio.to_thread(hub.read, late, id=number)
            elif number is not None:
                await library.set_status(number, "completed")


def test_a_program_and_workers_that_die_do_each_job_once(hub: Hub) -> None:
    requested = asyncio.run(request(hub, FEW))
    hub.read("update render_instructions set max_retries = 1000 returning id")
    chance = random.Random(20261130)
    threads = [threading.Thread(target=work, args=(hub, f"w{number}", chance)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    asyncio.run(poll(hub, chance))
    for thread in threads:
        thread.join()

    check_each_once(hub, requested)


def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", f"pokervod_pipelines_tests.{module}", *arguments], cwd=TESTS)


@pytest.mark.long
def test_a_program_and_two_workers_killed_at_random_do_a_thousand_jobs_once(hub: Hub, tmp_path: Path) -> None:
    root = tmp_path / "renders"
    root.mkdir()
    write_marker(root, FIRST_USE)
    requested = asyncio.run(request(hub, MANY))
    hub.read("update render_instructions set max_retries = 1000 returning id")
    chance, kills, until = random.Random(20261130), 0, time.monotonic() + TIMEOUT_SECONDS
    url = hub.engine.url.render_as_string(hide_password=False)

    def begin(place: int) -> subprocess.Popen[bytes]:
        if place == 0:
            return start("hub.poller", hub.find_url(hub.roles[0]))
        return start("render.chaos_worker", url, str(root), f"worker {place + 2 * kills}")

    with ExitStack() as stack:
        processes = [begin(place) for place in range(3)]
        stack.callback(lambda: [(each.kill(), each.wait()) for each in processes])
        while (left := count_open(hub)) and time.monotonic() < until:
            time.sleep(0.1)
            queue.requeue_lost(hub.engine, LIMITS)
            if left <= MANY * (1 - (kills + 1) / (KILLS + 1)):  # by work done: a slow machine needs no more of them
                victim = chance.randrange(3)
                processes[victim].kill()
                processes[victim].wait()
                kills += 1
                processes[victim] = begin(victim)

    assert kills > KILLS / 2
    shares = check_each_once(hub, requested)
    assert min(shares.values()) > 0
    made = [row[0] for row in hub.read("select instruction_id from render_outputs")]
    files = {int(path.stem): path.read_bytes() for path in (root / "2031-05-04").iterdir()}
    assert {*made} <= {*files}, "a worker killed before it committed leaves its file, and a program does the job"
    assert files == {number: write_content(number) for number in files}
