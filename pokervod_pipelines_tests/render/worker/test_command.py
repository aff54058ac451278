"""``pokervod render worker`` as a process: told to end, killed, and side by side with others."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine

from pokervod_pipelines.render.outputs.verify import inspect_output
from pokervod_pipelines.render.outputs.wanted import Wanted
from pokervod_pipelines.render.renderers.job import Picture
from pokervod_pipelines.render.templates import SHIPPED, load_templates
from pokervod_pipelines_tests.processes.system import wait_until_gone
from pokervod_pipelines_tests.render.queue_desk import QueueDesk
from pokervod_pipelines_tests.render.worker.gallery import (
    DAY,
    ELIMINATION,
    LONG,
    SMALL,
    ask_graphic,
    list_children,
    list_finished,
    list_unfinished,
    wait_until,
)

INSTRUCTIONS, KILLS = 12, 4
LEASE_SECONDS = 4


@dataclass(kw_only=True)
class House:
    """A database, a folder of graphics, and the workers that were started on them."""

    folder: Path
    desk: QueueDesk
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "renders"

    def start(self, *options: str) -> subprocess.Popen[str]:
        """A worker signed on; what it says is kept."""
        url = self.desk.engine.url.render_as_string(hide_password=False)
        process = subprocess.Popen(
            [sys.executable, "-m", "pokervod_pipelines.cli", "render", "worker", "--concurrency", "1", *options],
            cwd=self.folder,
            env={**os.environ, "POKERVOD_CONFIG": "pokervod.yaml", "POKERVOD_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def wait_for_progress(self, number: int) -> None:
        """The graphic is being drawn."""
        wait_until(lambda: (self.desk.row(number).progress or 0) > 0)

    def count_living(self) -> int:
        """How many workers did not stop in good order."""
        return int(self.desk.execute("select count(*) from render_workers where stopped_at is null")[0][0])


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Iterator[House]:
    """A house with nothing asked for; its workers end with it."""
    queue = {"lease_seconds": LEASE_SECONDS, "retry_seconds": 0, "poll_seconds": 1}
    settings = {"archive_roots": [], "render": {"outputs": "renders", "queue": queue}}
    (tmp_path / "pokervod.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "renders").mkdir()
    made = House(folder=tmp_path, desk=QueueDesk(engine=engine))
    yield made
    for process in made.started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_a_worker_told_to_end_makes_what_it_holds_and_takes_no_more(house: House) -> None:
    first, second = (ask_graphic(house.desk, width=1920, height=1080, seconds=3) for _ in range(2))
    worker = house.start()
    house.wait_for_progress(first)
    children = list_children(worker.pid)

    worker.send_signal(signal.SIGTERM)
    said, _ = worker.communicate(timeout=60)

    assert worker.returncode == 0, said
    assert "done: 1 completed" in said
    assert house.desk.states() == {first: "completed", second: "pending"}
    assert len(list_finished(house.root)) == 1
    assert (list_unfinished(house.root), house.count_living()) == ([], 0)
    for child in children:
        wait_until_gone(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_twice_hands_back_what_it_holds(house: House, number: signal.Signals) -> None:
    long = ask_graphic(house.desk, **LONG)
    worker = house.start()
    house.wait_for_progress(long)
    children = list_children(worker.pid)
    assert children

    worker.send_signal(number)
    wait_until(lambda: house.desk.row(long).state == "processing")
    worker.send_signal(number)
    said, _ = worker.communicate(timeout=60)

    assert worker.returncode == 0, said
    row = house.desk.row(long)
    assert (row.state, row.retry_count, row.reason) == ("pending", 0, "the worker was stopped")
    assert (list_unfinished(house.root), list_finished(house.root), house.count_living()) == ([], [], 0)
    for child in children:
        wait_until_gone(child)


def test_a_killed_worker_takes_its_children_with_it_and_another_makes_what_it_held(house: House) -> None:
    long = ask_graphic(house.desk, width=1920, height=1080, seconds=3)
    worker = house.start("--name", "killed")
    house.wait_for_progress(long)
    children = list_children(worker.pid)
    assert children

    worker.kill()
    for child in children:
        wait_until_gone(child)
    house.start("--name", "other")
    wait_until(lambda: house.desk.row(long).state == "completed")

    assert house.desk.row(long).retry_count == 1
    attempts = house.desk.execute("select worker, outcome from render_attempts order by started_at")
    assert attempts == [("killed", "lost"), ("other", "completed")]


def test_a_name_that_a_living_worker_has_is_refused(house: House) -> None:
    house.start("--name", "studio 1")
    wait_until(lambda: house.count_living() == 1)

    second = house.start("--name", "studio 1")
    said, _ = second.communicate(timeout=60)

    assert second.returncode != 0
    assert "a worker named 'studio 1' lives" in " ".join(said.split())


def test_a_worker_of_a_day_ends_by_itself(house: House) -> None:
    mine, others = ask_graphic(house.desk), ask_graphic(house.desk)
    house.desk.execute("update render_instructions set broadcast_day = '2031-05-05' where id = :id", id=others)

    worker = house.start("--until-empty", "--day", DAY)
    said, _ = worker.communicate(timeout=60)

    assert worker.returncode == 0, said
    assert house.desk.states() == {mine: "completed", others: "pending"}


def test_a_worker_of_a_day_is_known_as_one(house: House) -> None:
    house.start("--day", DAY)

    wait_until(lambda: house.count_living() == 1)

    assert house.desk.execute("select day::text from render_workers") == [(DAY,)]


def test_a_template_that_is_added_while_a_worker_runs_is_used(house: House) -> None:
    (house.folder / "templates").mkdir()
    settings = yaml.safe_load((house.folder / "pokervod.yaml").read_text())
    settings["render"]["templates"] = "templates"
    (house.folder / "pokervod.yaml").write_text(yaml.safe_dump(settings))
    house.start()
    wait_until(lambda: house.count_living() == 1)

    shipped = (SHIPPED / "elimination.yaml").read_text(encoding="utf-8")
    (house.folder / "templates" / "out.yaml").write_text(shipped.replace("name: elimination", "name: out"))
    added = ask_graphic(house.desk, "out")

    wait_until(lambda: house.desk.row(added).state == "completed")


def test_workers_killed_over_real_graphics_make_each_once_and_whole(house: House) -> None:
    asked = [ask_graphic(house.desk, layers=ELIMINATION | {"prize": 1_000 * n}) for n in range(INSTRUCTIONS)]
    house.desk.execute("update render_instructions set max_retries = 9")
    chance = random.Random(20261121)
    workers = [house.start() for _ in range(2)]
    for _ in range(KILLS):
        wait_until(lambda: "processing" in house.desk.states().values() or is_done(house))
        victim = chance.randrange(2)
        time.sleep(chance.uniform(0, 0.5))  # somewhere in the middle
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = house.start()
    wait_until(lambda: is_done(house))

    rows = house.desk.execute("""
        select r.id, r.layers, o.path from render_instructions r join render_outputs o on o.instruction_id = r.id
    """)
    assert sorted(row.id for row in rows) == asked
    templates, fields = load_templates(), Picture.__dataclass_fields__
    picture = Picture(**{name: value for name, value in SMALL.items() if name in fields})
    for row in rows:
        wanted = Wanted(template=templates["elimination"], layers=row.layers, picture=picture, renderer="local")
        assert inspect_output(house.root / row.path, wanted).faults == ()
    assert Counter(list_finished(house.root)) == Counter(Path(row.path).name for row in rows)
    completed = house.desk.execute("select count(*) from events where type = 'render.completed'")
    assert completed == [(INSTRUCTIONS,)]


def is_done(house: House) -> bool:
    """Every graphic was made."""
    return {*house.desk.states().values()} == {"completed"}
