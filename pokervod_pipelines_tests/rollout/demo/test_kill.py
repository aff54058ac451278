"""Everything is killed with the programme under way, the database too: it goes on where it was."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines_tests.rollout.demo.conftest import MakeTown
from pokervod_pipelines_tests.rollout.demo.processes import stop, until
from pokervod_pipelines_tests.rollout.demo.town import Town, count_passed


def test_killed_in_week_5_and_while_it_waits_it_counts_and_tells_everything_once(make_town: MakeTown) -> None:
    town = make_town("killed.yaml")
    assert town.run("rollout", "run").returncode == 3
    (town.folder / "owners.txt").write_text("Eva")

    town.start_command("rollout", "resume", "--reason", "Eva owns it all")
    until(lambda: "waits for go" in town.read_logbook(), "week 5 is under way")
    kill_everything(town)

    (town.folder / "go").touch()
    town.start_command("rollout", "resume", "--wait", "--reason", "the power is back")
    until(lambda: "week 6 is tried again at" in town.read_said(), "week 6 waits")
    until(lambda: count_passed(town) == [1, 2, 3, 4, 5], "what is to be told was told")
    time.sleep(2)  # its answer is kept as well; a kill before would have it told again
    kill_everything(town)

    ended = town.run("rollout", "run", "--json")
    waiting = json.loads(ended.stdout)
    assert (ended.returncode, waiting["state"], count_attempts(waiting)) == (0, "waiting", [1, 1, 1, 4, 1, 1, 0, 0, 0])
    (town.folder / "upload.txt").write_text("whole")

    completed = json.loads(town.run("rollout", "resume", "--json", "--reason", "it is whole now").stdout)

    assert (completed["state"], count_attempts(completed)) == ("completed", [1, 1, 1, 4, 1, 2, 1, 1, 1])
    looks = Counter(line for line in town.read_logbook() if line.startswith("attempt"))
    assert [looks[f"attempt {week}"] for week in range(1, 10)] == [1, 1, 1, 4, 2, 2, 1, 1, 1], (
        "week 5 was looked at twice"
    )
    assert count_passed(town) == [*range(1, 10)]
    assert (len(town.slack.posts), len(town.mail.mails), len(town.progress.posts)) == (1, 1, 10)
    assert not any("You may have this message already" in json.dumps(each.body) for each in town.progress.posts)


def count_attempts(report: dict[str, list[dict[str, int]]]) -> list[int]:
    """How many attempts there were at each week, as the report has it."""
    return [each["attempts"] for each in report["weeks"]]


def kill_everything(town: Town) -> None:
    """The runner, what it started, and the database are gone, without having been asked."""
    server = EmbeddedServer(town.folder / "home" / "postgres").status().pid
    assert server is not None
    runner = town.runner()
    victims = [runner, *find_descendants(runner), *find_descendants(server), server]
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    stop(town.folder, "runner")
    until(lambda: not any(is_alive(pid) for pid in victims), "they are gone")


def find_descendants(pid: int) -> list[int]:
    """The processes that it started, and those that they did."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    children = [child for child, parent in parents.items() if parent == pid]
    return [each for child in children for each in (child, *find_descendants(child))]


def is_alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
