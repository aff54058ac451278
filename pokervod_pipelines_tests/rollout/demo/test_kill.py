"""Kill the runner and the database in the middle of a rollout: it resumes where it was."""

import json
import os
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines_tests.rollout.demo.conftest import MakeSite
from pokervod_pipelines_tests.rollout.demo.processes import stop, wait_until
from pokervod_pipelines_tests.rollout.demo.site import DemoSite, count_passed


@pytest.mark.long
def test_killed_in_week_5_and_while_it_waits_it_counts_and_reports_everything_once(make_site: MakeSite) -> None:
    site = make_site("killed.yaml")
    assert site.run("rollout", "run").returncode == 3
    (site.folder / "owners.txt").write_text("Eva")

    site.start_command("rollout", "resume", "--reason", "Eva owns it all")
    wait_until(lambda: "waits for go" in site.read_logbook(), "week 5 is running")
    kill_everything(site)

    (site.folder / "go").touch()
    site.start_command("rollout", "resume", "--wait", "--reason", "the power is back")
    wait_until(lambda: "week 6 is retried at" in site.read_output(), "week 6 waits")
    wait_until(lambda: count_passed(site) == [1, 2, 3, 4, 5], "every message has arrived")
    wait_until(lambda: are_all_delivered(site), "the deliveries are stored too; a kill before would repeat the alert")
    kill_everything(site)

    ended = site.run("rollout", "run", "--json")
    waiting = json.loads(ended.stdout)
    assert (ended.returncode, waiting["state"], count_attempts(waiting)) == (4, "waiting", [1, 1, 1, 4, 1, 1, 0, 0, 0])
    (site.folder / "upload.txt").write_text("whole")

    completed = json.loads(site.run("rollout", "resume", "--json", "--reason", "it is whole now").stdout)

    assert (completed["state"], count_attempts(completed)) == ("completed", [1, 1, 1, 4, 1, 2, 1, 1, 1])
    looks = Counter(line for line in site.read_logbook() if line.startswith("attempt"))
    assert [looks[f"attempt {week}"] for week in range(1, 10)] == [1, 1, 1, 4, 2, 2, 1, 1, 1], (
        "week 5 was evaluated twice"
    )
    assert count_passed(site) == [*range(1, 10)]
    assert (len(site.slack.posts), len(site.mail.mails), len(site.progress.posts)) == (2, 2, 11), "and that it is over"
    assert not any("You may have this message already" in json.dumps(each.body) for each in site.progress.posts)


def are_all_delivered(site: DemoSite) -> bool:
    """Return whether no alert is left to deliver."""
    with EmbeddedServer(site.folder / "home" / "postgres") as server:
        engine = make_engine(server.url("pokervod", OUR_DRIVER))
        with engine.connect() as connection:
            left = connection.scalar(text("select count(*) from alert_deliveries where state <> 'delivered'"))
        engine.dispose()
    return left == 0


def count_attempts(report: dict[str, list[dict[str, int]]]) -> list[int]:
    """Return the number of attempts at each week, from the report."""
    return [each["attempts"] for each in report["weeks"]]


def kill_everything(site: DemoSite) -> None:
    """Kill the runner, what it started, and the database."""
    server = EmbeddedServer(site.folder / "home" / "postgres").status().pid
    assert server is not None
    runner = site.runner()
    victims = [runner, *find_descendants(runner), *find_descendants(server), server]
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    stop(site.folder, "runner")
    wait_until(lambda: not any(is_alive(pid) for pid in victims), "all processes ended")


def find_descendants(pid: int) -> list[int]:
    """Return the processes that it started, and those that they started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    children = [child for child, parent in parents.items() if parent == pid]
    return [each for child in children for each in (child, *find_descendants(child))]


def is_alive(pid: int) -> bool:
    """Return whether the process exists and is not a zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
