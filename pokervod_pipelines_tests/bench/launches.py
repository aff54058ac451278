"""Measure 200 workflows requested at once with three priorities: their order, how many run at once, and the cost."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path

import dagster as dg
import yaml
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.defs.ended_runs import describe_failure
from pokervod_pipelines.defs.launch import Launcher, open_launcher
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.setup import find_dagster_home
from pokervod_pipelines_tests.bench.figure import Figure, scratch
from pokervod_pipelines_tests.bench.rest import run_dev
from pokervod_pipelines_tests.sheets.harness import make_lines, to_csv

PRIORITIES = (0, 10, 20)
WORKFLOW = "clips_update"
DAEMON_SECONDS = 90.0
TOLERANCE_SECONDS = 6.0
"""Between a run's turn and the start that its record tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Hold a request's priority, why it failed if it did, and when it was queued, began and ended."""

    priority: int
    failure: str
    queued_at: float
    began_at: float
    ended_at: float


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Start everything, put the requests into the queue one after the other, and wait until all have ended."""
    count = 20 if is_small else 200
    with scratch() as folder:
        _write_settings(folder)
        # Dagster's storage keeps the database for as long as its process lives.
        with run_dev(folder), ProcessPoolExecutor(1, get_context("spawn")) as requester:
            ran = requester.submit(run_requests, folder, count).result()
        at_once = load_settings({}, folder).workflows.at_once
    first = min(each.queued_at for each in ran)
    queued = max(each.queued_at for each in ran) - first
    failures = Counter(each.failure for each in ran if each.failure)
    yield Figure("requests that ended well", f"{count - failures.total()} of {count}", "all")
    for failure, times in failures.items():
        yield Figure(f"failed: {failure}", str(times), "0")
    yield Figure("to put one into the queue, ms", f"{1000 * queued / (count - 1):.0f}")
    yield Figure("runs in progress at once, at most", str(_count_at_once(ran)), f"≤ {at_once}")
    yield Figure("began though one of a higher priority waited", str(_count_inversions(ran)), "0")
    for priority in reversed(PRIORITIES):
        waits = sorted(each.began_at - each.queued_at for each in ran if each.priority == priority)
        yield Figure(f"priority {priority}: wait in the queue p50, s", f"{waits[len(waits) // 2]:.1f}")
    yield Figure("runs a second", f"{count / (max(each.ended_at for each in ran) - first):.2f}")


def _write_settings(folder: Path) -> None:
    values = {
        "archive_roots": [{"name": "shows", "path": "shows"}],
        "sheets": [{"name": "hands", "path": "hands.csv"}],
    }
    (folder / "shows").mkdir()
    (folder / "hands.csv").write_text(to_csv(make_lines(1, 2)), encoding="utf-8")
    (folder / "pokervod.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")


def run_requests(folder: Path, count: int) -> list[Ran]:
    """Launch so many runs of a small workflow, and wait until all have ended."""
    os.chdir(folder)
    settings = load_settings({}, folder)
    with open_database(settings) as engine, _wait_for_daemon(engine, settings) as launcher:
        run_ids = list(_launch(launcher, settings, count))
        while True:
            records = launcher.instance.get_run_records(dg.RunsFilter(run_ids=run_ids))
            if all(each.dagster_run.is_finished for each in records):
                return [_read_record(launcher.instance, each) for each in records]
            time.sleep(2)


@contextmanager
def _wait_for_daemon(engine: Engine, settings: Settings) -> Iterator[Launcher]:
    home, end = find_dagster_home(settings), time.monotonic() + DAEMON_SECONDS
    while time.monotonic() < end:
        with suppress(Unavailable), open_launcher(engine, settings, home):
            break
        time.sleep(1)
    with open_launcher(engine, settings, home) as launcher:
        yield launcher


def _launch(launcher: Launcher, settings: Settings, count: int) -> Iterator[str]:
    workflow = list_workflows()[WORKFLOW]
    given = workflow.read_input({"sheet": "hands"}, settings)
    for priority in islice(cycle(PRIORITIES), count):
        actor = Actor(who="bench", reason="to measure")
        yield launcher.launch(workflow, given, actor, priority=priority).run_id


def _read_record(instance: dg.DagsterInstance, record: dg.RunRecord) -> Ran:
    run = record.dagster_run
    return Ran(
        priority=int(run.tags["dagster/priority"]),
        failure="" if run.is_success else describe_failure(instance, run.run_id),
        queued_at=record.create_timestamp.timestamp(),
        began_at=record.start_time or 0.0,
        ended_at=record.end_time or 0.0,
    )


def _count_at_once(ran: list[Ran]) -> int:
    """Return the largest number of runs between their start and their end."""
    changes = sorted(change for each in ran for change in ((each.began_at, 1), (each.ended_at, -1)))
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    return most


def _count_inversions(ran: list[Ran]) -> int:
    """Count the runs that began while one of a higher priority waited, and went on waiting."""
    return sum(
        any(
            other.priority > each.priority
            and other.queued_at + TOLERANCE_SECONDS < each.began_at < other.began_at - TOLERANCE_SECONDS
            for other in ran
        )
        for each in ran
    )
