"""Run ``pokervod render worker`` as a process: stopped, killed, and side by side with others."""

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

from pokervod_pipelines.render.outputs.inspection import ExpectedOutput
from pokervod_pipelines.render.outputs.verify import inspect_output
from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.templates import SHIPPED, load_templates
from pokervod_pipelines_tests.processes.system import is_pending, wait_until_gone
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.worker.graphics import (
    DAY,
    ELIMINATION,
    LONG,
    SMALL,
    list_children,
    list_finished,
    list_unfinished,
    request_graphic,
    wait_until,
)
from pokervod_pipelines_tests.sizes import choose

INSTRUCTIONS, KILLS = 12, 4
LEASE_SECONDS = 4


@dataclass(kw_only=True)
class Site:
    """Hold a database, an outputs folder, and the workers that were started on them."""

    folder: Path
    database: QueueDatabase
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "renders"

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start a worker and capture its output."""
        url = self.database.engine.url.render_as_string(hide_password=False)
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
        """Wait until the graphic is being drawn."""
        wait_until(lambda: (self.database.row(number).progress or 0) > 0)

    def count_living(self) -> int:
        """Count the workers that did not stop in good order."""
        return int(self.database.execute("select count(*) from render_workers where stopped_at is null")[0][0])


@pytest.fixture
def site(engine: Engine, tmp_path: Path) -> Iterator[Site]:
    """Return a site without requests; its workers end with it."""
    queue = {"lease_seconds": LEASE_SECONDS, "retry_seconds": 0, "poll_seconds": 1}
    settings = {"archive_roots": [], "render": {"outputs": "renders", "queue": queue}}
    (tmp_path / "pokervod.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "renders").mkdir()
    made = Site(folder=tmp_path, database=QueueDatabase(engine=engine))
    yield made
    for process in made.started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.long
def test_a_stopped_worker_finishes_its_jobs_and_claims_no_more(site: Site) -> None:
    first, second = (request_graphic(site.database, width=1920, height=1080, seconds=3) for _ in range(2))
    worker = site.start()
    site.wait_for_progress(first)
    children = list_children(worker.pid)

    worker.send_signal(signal.SIGTERM)
    output, _ = worker.communicate(timeout=60)

    assert worker.returncode == 0, output
    assert "done: 1 completed" in output
    assert site.database.states() == {first: "completed", second: "pending"}
    assert len(list_finished(site.root)) == 1
    assert (list_unfinished(site.root), site.count_living()) == ([], 0)
    for child in children:
        wait_until_gone(child)


@pytest.mark.parametrize("number", choose([signal.SIGTERM], long=[signal.SIGTERM, signal.SIGINT]))
def test_a_worker_stopped_twice_releases_its_jobs(site: Site, number: signal.Signals) -> None:
    long = request_graphic(site.database, **LONG)
    worker = site.start()
    site.wait_for_progress(long)
    children = list_children(worker.pid)
    assert children

    worker.send_signal(number)
    wait_until(lambda: not is_pending(worker.pid, number))
    worker.send_signal(number)
    output, _ = worker.communicate(timeout=60)

    assert worker.returncode == 0, output
    row = site.database.row(long)
    assert (row.state, row.retry_count, row.reason) == ("pending", 0, "the worker was stopped")
    assert (list_unfinished(site.root), list_finished(site.root), site.count_living()) == ([], [], 0)
    for child in children:
        wait_until_gone(child)


def test_a_killed_worker_takes_its_children_with_it_and_another_renders_its_jobs(site: Site) -> None:
    long = request_graphic(site.database, width=1920, height=1080, seconds=3)
    worker = site.start("--name", "killed")
    site.wait_for_progress(long)
    children = list_children(worker.pid)
    assert children

    worker.kill()
    for child in children:
        wait_until_gone(child)
    site.start("--name", "other")
    wait_until(lambda: site.database.row(long).state == "completed")

    assert site.database.row(long).retry_count == 1
    attempts = site.database.execute("select worker, outcome from render_attempts order by started_at")
    assert attempts == [("killed", "lost"), ("other", "completed")]


@pytest.mark.long
def test_the_name_of_a_living_worker_is_refused(site: Site) -> None:
    site.start("--name", "studio 1")
    wait_until(lambda: site.count_living() == 1)

    second = site.start("--name", "studio 1")
    output, _ = second.communicate(timeout=60)

    assert second.returncode != 0
    assert "a worker named 'studio 1' is running" in " ".join(output.split())


@pytest.mark.long
def test_a_worker_of_a_day_ends_by_itself(site: Site) -> None:
    mine, others = request_graphic(site.database), request_graphic(site.database)
    site.database.execute("update render_instructions set broadcast_day = '2031-05-05' where id = :id", id=others)

    worker = site.start("--until-empty", "--day", DAY)
    output, _ = worker.communicate(timeout=60)

    assert worker.returncode == 0, output
    assert site.database.states() == {mine: "completed", others: "pending"}


@pytest.mark.long
def test_a_worker_of_a_day_is_registered_as_one(site: Site) -> None:
    site.start("--day", DAY)

    wait_until(lambda: site.count_living() == 1)

    assert site.database.execute("select day::text from render_workers") == [(DAY,)]


def test_a_template_that_is_added_while_a_worker_runs_is_used(site: Site) -> None:
    (site.folder / "templates").mkdir()
    settings = yaml.safe_load((site.folder / "pokervod.yaml").read_text())
    settings["render"]["templates"] = "templates"
    (site.folder / "pokervod.yaml").write_text(yaml.safe_dump(settings))
    site.start()
    wait_until(lambda: site.count_living() == 1)

    shipped = (SHIPPED / "elimination.yaml").read_text(encoding="utf-8")
    (site.folder / "templates" / "out.yaml").write_text(shipped.replace("name: elimination", "name: out"))
    added = request_graphic(site.database, "out")

    wait_until(lambda: site.database.row(added).state == "completed")


@pytest.mark.long
def test_workers_killed_over_real_graphics_render_each_once_and_whole(site: Site) -> None:
    asked = [request_graphic(site.database, layers=ELIMINATION | {"prize": 1_000 * n}) for n in range(INSTRUCTIONS)]
    site.database.execute("update render_instructions set max_retries = 9")
    chance = random.Random(20261121)
    workers = [site.start() for _ in range(2)]
    for _ in range(KILLS):
        wait_until(lambda: "processing" in site.database.states().values() or is_done(site))
        victim = chance.randrange(2)
        time.sleep(chance.uniform(0, 0.5))  # somewhere in the middle
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = site.start()
    wait_until(lambda: is_done(site))

    rows = site.database.execute("""
        select r.id, r.layers, o.path from render_instructions r join render_outputs o on o.instruction_id = r.id
    """)
    assert sorted(row.id for row in rows) == asked
    templates, fields = load_templates(), OutputSpec.__dataclass_fields__
    picture = OutputSpec(**{name: value for name, value in SMALL.items() if name in fields})
    for row in rows:
        expected = ExpectedOutput(template=templates["elimination"], layers=row.layers, spec=picture, renderer="local")
        assert inspect_output(site.root / row.path, expected).problems == ()
    assert Counter(list_finished(site.root)) == Counter(Path(row.path).name for row in rows)
    completed = site.database.execute("select count(*) from events where type = 'render.completed'")
    assert completed == [(INSTRUCTIONS,)]


def is_done(site: Site) -> bool:
    """Return whether every graphic is completed."""
    return {*site.database.states().values()} == {"completed"}
