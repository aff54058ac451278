"""Kill workers at random and restart the database: nothing is lost, doubled or half written."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.render.outputs.marker import FIRST_USE, write_marker
from pokervod_pipelines_tests.render.chaos_worker import write_content
from pokervod_pipelines_tests.sizes import choose

INSTRUCTIONS = choose(100, long=2_000)
WORKERS = choose(3, long=8)
KILLS = choose(5, long=100)
TIMEOUT_SECONDS = 600


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """Run a server that this test may stop."""
    server = EmbeddedServer(tmp_path / "postgres", settings={"fsync": "off"})
    with server:
        server.create_database("chaos")
        yield server
    server.erase()


def start_worker(url: str, root: Path, number: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pokervod_pipelines_tests.render.chaos_worker", url, str(root), f"worker {number}"]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2])


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def request(engine: Engine) -> dict[int, str]:
    with engine.begin() as connection:
        rows = connection.execute(
            text("""
                insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key,
                    broadcast_day, by)
                select 'elimination', jsonb_build_object('player', case n % 20 when 0 then 'impossible'
                    when 1 then 'moody' else 'Ana Ruiz' end), '{}', '', 'person', n::text, '2031-05-04', 'chaos'
                from generate_series(1, :count) n returning id, layers ->> 'player'
            """),
            {"count": INSTRUCTIONS},
        )
        return {row[0]: row[1] for row in rows}


def count_open(engine: Engine) -> int:
    try:
        with engine.connect() as connection:
            return int(
                connection.scalar(
                    text("select count(*) from render_instructions where state in ('pending', 'processing')")
                )
            )
    except OperationalError:
        return INSTRUCTIONS


@pytest.mark.long
def test_killed_workers_and_a_restarted_database_lose_nothing_and_double_nothing(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    url = own_server.url("chaos", OUR_DRIVER)
    engine = make_engine(url)
    upgrade_database(engine)
    root = tmp_path / "renders"
    root.mkdir()
    write_marker(root, FIRST_USE)
    requested = request(engine)
    chance = random.Random(20261121)
    kills, until, restarted = 0, time.monotonic() + TIMEOUT_SECONDS, False

    with ExitStack() as stack:
        workers = {number: start_worker(url, root, number) for number in range(WORKERS)}
        stack.callback(lambda: [end(process) for process in workers.values()])
        while (open_ := count_open(engine)) and time.monotonic() < until:
            time.sleep(0.1)
            if open_ > INSTRUCTIONS * (1 - (kills + 1) / (KILLS + 1)):
                continue  # a kill is due by work done, not by time: a slow machine needs no more of them
            victim = chance.randrange(WORKERS)
            end(workers[victim])
            kills += 1
            workers[victim] = start_worker(url, root, victim + WORKERS * kills)
            if not restarted and open_ < INSTRUCTIONS / 2:
                restarted = True
                engine.dispose()
                own_server.stop()
                own_server.acquire()
                stack.callback(own_server.release)
                assert own_server.url("chaos", OUR_DRIVER) == url

    assert restarted
    assert kills > KILLS / 2
    with engine.connect() as connection:
        states = {row[0]: row[1] for row in connection.execute(text("select id, state from render_instructions"))}
        outputs = [row[0] for row in connection.execute(text("select instruction_id from render_outputs"))]
        completions = connection.execute(
            text("""
                select (payload ->> 'instruction_id')::bigint, count(*) from events where type = 'render.completed'
                group by 1 having count(*) > 1
            """)
        ).all()
    engine.dispose()
    expected = {number: "failed" if player == "impossible" else "completed" for number, player in requested.items()}
    assert states == expected
    assert sorted(outputs) == sorted(number for number, state in expected.items() if state == "completed")
    assert completions == []
    files = {path.name: path.read_bytes() for path in (root / "2031-05-04").iterdir()}
    assert files == {f"{number}.mov": write_content(number) for number in outputs}
