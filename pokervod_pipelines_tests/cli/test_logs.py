"""``pokervod logs`` shows the lines of all processes by time, waits for more, and helps where there is nothing."""

import json
import logging
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pokervod_pipelines.cli import loading
from pokervod_pipelines.logs.files import LogHandler
from pokervod_pipelines.logs.start import PROCESSES, find_handler
from pokervod_pipelines_tests.cli.command import RunCommand
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder

START = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(plans: PlanFolder) -> Path:
    made = plans.folder / "home" / "logs"
    made.mkdir(parents=True)
    return made


def write(path: Path, *lines: tuple[int, str, str, str], further: str = "") -> None:
    """Append lines of a minute, level, correlation id and text."""
    with path.open("a") as log:
        for minute, level, correlation, text in lines:
            at = (START + timedelta(minutes=minute)).isoformat(timespec="milliseconds")
            log.write(f"{at} {level} nas 1 run-{correlation} {correlation} {text}\n{further}")


def list_texts(printed: str) -> list[str]:
    return [json.loads(line)["text"] for line in printed.splitlines()]


def test_lines_of_all_logs_are_by_time(folder: Path, pokervod: RunCommand) -> None:
    write(folder / "sync.log.20261130T121000.000000Z", (1, "INFO", "aa", "one"), (3, "INFO", "aa", "three"))
    write(folder / "sync.log", (11, "ERROR", "ab", "five"))
    write(folder / "daemon.log", (2, "WARNING", "bb", "two"), (10, "INFO", "-", "four"))

    assert list_texts(pokervod("logs", "--json").printed) == ["one", "two", "three", "four", "five"]


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        (["--process", "daemon"], ["two", "four"]),
        (["--correlation", "aa"], ["one", "three"]),
        (["--correlation", "a"], ["one", "three", "five"]),
        (["--run", "run-bb"], ["two"]),
        (["--level", "WARNING"], ["two", "five"]),
        (["--since", "2026-11-30T12:03:00+00:00"], ["three", "four", "five"]),
        (["-n", "2"], ["four", "five"]),
        (["-n", "1", "--process", "daemon", "--level", "warning"], ["two"]),
        (["-n", "0"], []),
    ],
)
def test_filters(folder: Path, pokervod: RunCommand, words: list[str], texts: list[str]) -> None:
    test_lines_of_all_logs_are_by_time(folder, pokervod)
    os.utime(folder / "daemon.log", times=((START + timedelta(minutes=10)).timestamp(),) * 2)

    assert list_texts(pokervod("logs", "--json", *words).printed) == texts


def test_a_person_sees_further_lines_below_and_no_control_character(folder: Path, pokervod: RunCommand) -> None:
    write(folder / "run.log", (1, "ERROR", "abcdef0123456789", "it failed\x1b[31m"), further="    ValueError: no\n")

    shown = pokervod("logs").printed
    assert shown == "11-30 12:01:00 error   run: it failed␛[31m  (abcdef01)\n    ValueError: no\n"


@pytest.mark.parametrize(
    ("words", "errors"),
    [
        ([], "Nothing yet: `pokervod sync` and `pokervod dev` write the first lines.\n"),
        (["--process", "run"], "Nothing yet: `pokervod sync` and `pokervod dev` write the first lines.\n"),
    ],
)
def test_no_log_says_what_writes_one(pokervod: RunCommand, words: list[str], errors: str) -> None:
    assert pokervod("logs", *words).errors == errors


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--correlation", "zz"], "No line matches these filters; the oldest"),
        (["--since", "2027-01-01"], "No line since 2027-01-01 00:00:00; the oldest"),
        (["--since", "2026-01-01", "--run", "x"], "No line since 2026-01-01 00:00:00 that matches these filters; the"),
    ],
)
def test_no_line_says_how_far_the_logs_reach(
    folder: Path, pokervod: RunCommand, words: list[str], sentence: str
) -> None:
    write(folder / "sync.log", (1, "INFO", "aa", "one"))

    ended = pokervod("logs", *words)
    assert ended.status == 0
    assert ended.errors.startswith(sentence)
    assert ended.errors.endswith("of 2026-11-30 12:01:00.\n")


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["--correlation", "run-a"], " `pokervod logs --run run-a` has lines.\n"),
        (["--run", "aa", "--process", "sync"], " `pokervod logs --correlation aa` has lines.\n"),
        (["--run", "aa", "--level", "error"], "12:01:00.\n"),
        (["--run", "aa", "--correlation", "run-aa"], "12:01:00.\n"),
    ],
)
def test_an_id_of_the_other_kind_is_told(folder: Path, pokervod: RunCommand, words: list[str], end: str) -> None:
    write(folder / "sync.log", (1, "INFO", "aa", "one"))

    assert pokervod("logs", *words).errors.endswith(end)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--process", "sinc"], "unknown process 'sinc'; did you mean `sync`?"),
        (["--level", "warn"], "unknown level 'warn'; did you mean `warning`?"),
        (["--since", "soon"], "--since: expected a time such as"),
    ],
)
def test_a_mistake_is_explained(pokervod: RunCommand, words: list[str], error: str) -> None:
    ended = pokervod("logs", *words)

    assert ended.status == 2
    assert ended.error.startswith(error)


def test_follow_survives_a_rotation_and_ends_at_once(folder: Path, plans: PlanFolder) -> None:
    plans.write_settings()
    log = folder / "sync.log"
    write(log, (1, "INFO", "aa", "old"))
    # A background job starts with SIGINT ignored.
    command = [
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "pokervod_pipelines.cli",
        "logs",
        "--follow",
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert list_texts(following.stdout.readline()) == ["old"]
        write(log, (2, "INFO", "aa", "before"))
        log.rename(folder / "sync.log.20261130T120200.000000Z")
        write(log, (3, "INFO", "aa", "after"))
        write(folder / "dev.log", (4, "INFO", "aa", "new process"))
        seen = {list_texts(following.stdout.readline())[0] for _ in range(3)}
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=60) == 0

    assert seen == {"before", "after", "new process"}


def test_a_command_keeps_what_ended_it(plans: PlanFolder) -> None:
    plans.write_settings()
    unreachable = os.environ | {"POKERVOD_DATABASE_URL": "postgresql://a:hunter22@127.0.0.1:1/x"}
    command = [sys.executable, "-m", "pokervod_pipelines.cli"]
    done = subprocess.run([*command, "alerts", "list"], env=unreachable, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr[:7]) == (1, "error: ")

    shown = subprocess.run([*command, "logs", "--json"], capture_output=True, text=True, check=True).stdout
    assert [json.loads(line)["process"] for line in shown.splitlines()] == ["command"]
    assert list_texts(shown)[0].startswith("`pokervod alerts list` failed: ")
    assert "hunter22" not in shown


def test_a_mistyped_command_is_not_logged(folder: Path, plans: PlanFolder) -> None:
    plans.write_settings()
    command = [sys.executable, "-m", "pokervod_pipelines.cli", "logs", "--process", "sinc"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2

    assert list(folder.iterdir()) == []


def test_each_command_starts_the_log_of_its_folder(pokervod: RunCommand, folder: Path) -> None:
    pokervod("logs")
    pokervod("logs")

    handlers = [each for each in logging.getLogger().handlers if isinstance(each, LogHandler)]
    assert [find_handler()] == handlers
    assert handlers[0].path == folder / "command.log"


def test_every_command_with_a_log_of_its_own_exists_and_is_known_to_logs() -> None:
    for command, process in loading.PROCESSES.items():
        group, _, leaf = command.partition(" ")
        assert process in PROCESSES
        assert not leaf or leaf in loading.load_command(group).commands
        assert group in loading.COMMANDS
