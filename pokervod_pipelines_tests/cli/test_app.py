"""Check that a command that fails prints one line that says what to do, and exits with its status."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pokervod_pipelines_tests.cli.outage import cut_off
from pokervod_pipelines_tests.sizes import thin
from pokervod_pipelines_tests.workflows.render_day import RenderDay

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(render_day: RenderDay, tmp_path: Path) -> Iterator[Start]:
    """Return ``start(*words)``, which runs `pokervod …` as a process, its words as bytes if need be."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*words: str | bytes) -> "subprocess.Popen[bytes]":
        url = render_day.engine.url.render_as_string(hide_password=False)
        process = subprocess.Popen(
            [sys.executable, "-m", "pokervod_pipelines.cli", *words],
            cwd=tmp_path,
            env={**os.environ, "POKERVOD_DATABASE_URL": url, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def test_a_command_that_loses_the_database_says_so_in_one_line(start: Start, render_day: RenderDay) -> None:
    render_day.claim_one()
    process = start("render", "pause", "--drain", "--reason", "an update")
    assert process.stderr is not None
    assert process.stderr.readline()

    with cut_off(render_day.engine):
        told = process.communicate(timeout=60)[1].decode()

    assert process.returncode == 1
    assert told.startswith("error: the database connection failed: ")
    assert told.endswith("check with `pokervod doctor` that it answers, then retry\n")
    assert told.count("\n") == 1


NO_UTF_8 = [
    ("render", "pause", "--reason", b"caf\xe9"),
    ("render", "pause", "--reason", "an update", "--by", b"Ren\xe9"),
    ("render", "worker", "--name", b"studio\xff", "--until-empty"),
    ("render", "list", "--template", b"\xff"),
]


@pytest.mark.parametrize("words", thin(NO_UTF_8), ids=lambda words: " ".join(map(str, words[1:4])))
def test_arguments_that_are_not_utf_8_are_refused(
    start: Start, render_day: RenderDay, words: tuple[str | bytes, ...]
) -> None:
    process = start(*words)
    told = process.communicate(timeout=60)[1].decode("utf-8", "replace")

    assert process.returncode == 2
    assert told.startswith("error: ")
    assert told.endswith("is not valid UTF-8; write it in UTF-8, then run this again\n")
    assert told.count("\n") == 1
    assert render_day.execute("select count(*) from events") == [(0,)]
    assert render_day.execute("select count(*) from render_workers") == [(0,)]
