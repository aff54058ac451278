"""What people do with the queue by command: each says what it did, keeps why, and refuses what makes no sense."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.workflows.render_day import RenderDay

WHY = ("--reason", "the font is there", "--by", "eva")


@dataclass(kw_only=True)
class Said:
    """What a command printed, and the error that it ended with or ""."""

    printed: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.printed)


@pytest.fixture
def desk(engine: Engine, settings_factory: Callable[..., Settings]) -> RenderDay:
    return RenderDay(engine=engine, settings=settings_factory())


@pytest.fixture
def run(desk: RenderDay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Said]:
    """``run(*words)``: what became of ``pokervod render …``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", desk.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("POKERVOD_HOME", str(desk.settings.home))

    def invoke(*words: str) -> Said:
        result = CliRunner().invoke(app, ["render", *words])
        if result.exception and not isinstance(result.exception, BadInput | SystemExit):
            raise result.exception
        return Said(printed=result.stdout, error=str(result.exception or ""))

    return invoke


def fail_one(desk: RenderDay) -> int:
    held = desk.take_one()
    desk.execute("update render_instructions set state = 'failed', claim_id = null where id = :id", id=held.id)
    return held.id


ACTIONS = [
    (("retry",), "failed", "pending", "1 asked again: "),
    (("cancel",), "pending", "cancelled", "1 cancelled or being stopped: "),
    (("prioritize", "--priority", "1"), "pending", "pending", "1 now of priority 1: "),
]


@pytest.mark.parametrize(("words", "before", "after", "says"), ACTIONS, ids=lambda value: str(value)[:14])
def test_an_action_is_done_where_it_can_be_and_the_others_are_named(
    run: Callable[..., Said], desk: RenderDay, words: tuple[str, ...], before: str, after: str, says: str
) -> None:
    number = fail_one(desk) if before == "failed" else desk.ask()[0]

    said = run(words[0], str(number), "987654", *words[1:], *WHY)

    assert says + str(number) in said.printed
    assert said.error == "1 left as they are:\n  987654: there is no such instruction"
    assert desk.states()[number] == after
    assert "the font is there (eva)" in desk.row(number).reason
    assert run(words[0], "987654", *words[1:], *WHY, "--json").json == {
        "done": [],
        "refused": [[987654, "there is no such instruction"]],
    }
    assert run(words[0], "987654", *words[1:], *WHY).printed == ""


def test_all_that_failed_is_asked_again_at_once(run: Callable[..., Said], desk: RenderDay) -> None:
    failed, waiting = [fail_one(desk), fail_one(desk)], desk.ask()

    assert run("bulk-retry", "--day", "2001-01-01", *WHY).printed == "0 asked again: none\n"
    assert sorted(run("bulk-retry", *WHY, "--json").json["done"]) == failed
    assert set(desk.states().values()) == {"pending"}
    assert len(desk.states()) == len(failed) + len(waiting)


WITHOUT_WHY = [
    ("retry", "1"), ("cancel", "1"), ("prioritize", "1", "-p", "1"), ("bulk-retry",), ("pause",), ("resume",),
    ("workers", "--take-back", "w1"),
]  # fmt: skip


@pytest.mark.parametrize("words", WITHOUT_WHY, ids=lambda words: words[0])
def test_nothing_is_done_without_a_reason(run: Callable[..., Said], desk: RenderDay, words: tuple[str, ...]) -> None:
    desk.hire("w1", "local")

    assert run(*words, "--reason", " ").error
    assert run(*words).error
    assert desk.execute("select count(*) from events") == [(0,)]


def test_a_pause_holds_until_it_is_resumed(run: Callable[..., Said], desk: RenderDay) -> None:
    desk.ask()

    assert run("pause", "--drain", *WHY).printed == "all is paused\n"
    assert desk.take() == []
    assert "paused: all, until somebody resumes it: the font is there (eva)" in run("workers").printed
    assert [each["scope"] for each in run("workers", "--json").json["pauses"]] == ["all"]
    run("pause", "--template", "elimination", *WHY)
    assert run("resume", *WHY).printed == "all goes on\nstill paused: template:elimination\n"
    assert run("resume", *WHY).printed == "all was not paused\nstill paused: template:elimination\n"
    run("resume", "-t", "elimination", *WHY)
    assert len(desk.take()) == 1


WRONG = [
    (("pause", "--renderer", "remote"), "there is no renderer 'remote'"),
    (("pause", "--template", "banner"), "there is no template 'banner'; there are chip_counts"),
    (("pause", "--renderer", "local", "-t", "elimination"), "give one of them"),
    (("workers", "--take-back", "nobody"), "there is no worker 'nobody'"),
    (("bulk-retry", "--state", "completed"), "what is completed cannot be asked for again"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_a_slip_is_told(run: Callable[..., Said], words: tuple[str, ...], says: str) -> None:
    assert says in run(*words, *WHY).error


def test_a_worker_that_was_set_aside_is_taken_back(run: Callable[..., Said], desk: RenderDay) -> None:
    desk.hire("studio-2", "local", "nexrender")
    desk.execute("update render_workers set set_aside = 'its disk', strikes = 3")

    assert "set aside: its disk" in run("workers").printed
    (worker,) = run("workers", "--take-back", "studio-2", *WHY, "--json").json["workers"]
    assert (worker["set_aside"], worker["strikes"], worker["is_alive"]) == (None, 0, True)
    printed = run("workers").printed
    assert "works" in printed
    assert " s ago" in printed


def test_the_lost_are_put_back(run: Callable[..., Said], desk: RenderDay) -> None:
    first, second = desk.take_one(), desk.take_one()
    desk.end_lease(first.id)
    printed = run("rescue").printed
    desk.end_lease(second.id)

    assert printed.startswith("1 put back\n")
    assert f"{first.id} elimination: waits again, try 2 of 4 follows" in printed
    assert [(each["id"], each["state"]) for each in run("rescue", "--json").json] == [(second.id, "pending")]


def test_one_is_shown_with_its_tries_and_its_file(run: Callable[..., Said], desk: RenderDay) -> None:
    path = desk.make_file("Ana Ruiz")

    shown, (told,) = run("show", "1").printed, run("show", "1", "--json").json

    assert str(path) in shown
    assert all(line in " ".join(shown.split()) for line in ("state completed", "player Ana Ruiz", "made by w1"))
    assert "retry_count" not in shown
    assert (told["output"]["format"], told["file"]["path"], told["attempts"][0]["worker"]) == (
        "mov_alpha",
        path.name,
        "w1",
    )


def test_a_long_id_is_listed_as_it_is_typed(run: Callable[..., Said], desk: RenderDay) -> None:
    desk.execute("alter sequence render_instructions_id_seq restart with 1234567")
    desk.want("Ana Ruiz")

    printed = run("list").printed

    assert "1234567" in printed
    assert "Ana Ruiz" in printed


INTERRUPTIBLE = """
import signal
from pokervod_pipelines.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""The command as in a terminal, also where the tests run in a shell's background, which ignores interrupts."""


def test_the_list_follows_the_queue_until_it_is_interrupted(desk: RenderDay, tmp_path: Path) -> None:
    desk.want("Ana Ruiz")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "render", "list", "--follow"],
        cwd=tmp_path,
        env={
            **os.environ,
            "POKERVOD_DATABASE_URL": desk.engine.url.render_as_string(hide_password=False),
            "TERM": "xterm",
            "COLUMNS": "100",
        },
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = _read_until(ours, "1 pending")
    desk.take()
    seen += _read_until(ours, "1 processing")
    process.send_signal(signal.SIGINT)
    seen += _read_until(ours, None)

    assert process.wait(timeout=20) == 0
    assert "Ana Ruiz" in seen
    assert "workers: 0" in seen
    assert "Traceback" not in seen


def _read_until(handle: int, words: str | None) -> str:
    """What the terminal shows until these words, or until it is closed."""
    seen = ""
    while words is None or words not in seen:
        try:
            read = os.read(handle, 4096)
        except OSError:  # how Linux tells that nobody writes any more
            return seen
        if not read:
            return seen
        seen += read.decode(errors="replace")
    return seen
