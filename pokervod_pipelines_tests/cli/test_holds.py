"""Check what people hold and plan by command: who, until when and why is printed, and mistakes are named."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import EXIT_CODES, app
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines_tests.cli.command import CommandResult, RunCommand
from pokervod_pipelines_tests.workflows.render_day import RenderDay

SETTINGS = """
archive_roots: [{name: nas, path: archive}]
libraries: [{name: wsop, root: nas}]
sheets: [{name: notes, path: notes.csv}]
"""
WHY = ("--reason", "it is rebuilt", "--by", "anna")


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunCommand:
    """Return ``run(*words)``, which runs ``pokervod …`` in a folder with a library and a sheet."""
    (tmp_path / "pokervod.yaml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))

    def invoke(*words: str) -> CommandResult:
        result = CliRunner().invoke(app, words)
        error = result.exception
        if error and not isinstance(error, PokervodError | SystemExit):
            raise error
        status = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), result.exit_code)
        return CommandResult(
            printed=result.stdout, errors=result.stderr, error="" if error is None else str(error), status=status
        )

    return invoke


def test_what_is_held_is_listed_until_it_is_released(run: RunCommand) -> None:
    held = run("hold", "sheet", "notes", "--until", "released", *WHY)
    by_two = run("hold", "sheet", "notes", "--until", "2h", "--reason", "x", "--by", "ben")
    listed = run("holds", "--json").json
    refused = run("release", "sheet", "notes", "--reason", "x", "--by", "carl")
    first = run("release", "sheet", "notes", "--reason", "x", "--by", "anna")
    last = run("release", "sheet", "notes", "--reason", "x", "--by", "carl", "--everyone", "--json").json
    again = run("release", "sheet", "notes", "--reason", "x", "--by", "carl")

    assert held.printed == "sheet notes is held by anna until released: it is rebuilt\n"
    assert by_two.printed.splitlines()[1] == "it is held by anna until released: it is rebuilt, too"
    assert [(each["kind"], each["name"], each["by"]) for each in listed] == [
        ("sheet", "notes", "ben"),
        ("sheet", "notes", "anna"),
    ]
    assert (refused.status, "held by anna until released" in refused.error) == (1, True)
    assert first.printed.splitlines()[0] == "sheet notes is released"
    assert first.printed.splitlines()[1].startswith("still sheet notes is held by ben until ")
    assert [each["by"] for each in last["released"]] == ["ben"]
    assert last["held"] is None
    assert again.printed == "sheet notes was not held\n"
    assert "0 holds\nNothing yet: `pokervod hold` keeps a thing from being worked on." in run("holds").printed
    assert "2 holds" in run("holds", "--all").printed


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("hold", "shet", "notes", "--until", "2h", *WHY), "'shet' cannot be held; did you mean `sheet`"),
        (("hold", "sheet", "note", "--until", "2h", *WHY), "unknown sheet 'note'; did you mean `notes`"),
        (("hold", "worker", "w1", "--until", "2h", *WHY), "unknown worker w1"),
        (("hold", "sheet", "notes", "--until", "yesterday", *WHY), "expected a time to come"),
        (("hold", "sheet", "notes", "--until", "2h", "--reason", " "), "--reason is required"),
        (("maintenance", "plan", "--until", "2h", "--kind", "shet", *WHY), "unknown kind 'shet'"),
        (
            ("maintenance", "plan", "--until", "2h", "--kind", "sheet", "--name", "note", *WHY),
            "unknown sheet 'note'; did you mean `notes`",
        ),
        (
            ("maintenance", "plan", "--until", "2h", "--kind", "sheet", "--name", "notes", "--name", "x", *WHY),
            "got 1 kind and 2 names",
        ),
        (("maintenance", "plan", "--from", "3h", "--until", "2h", *WHY), "ends before it begins"),
        (("maintenance", "cancel", "7", *WHY), "unknown window 7"),
    ],
)
def test_a_mistake_is_named_and_holds_nothing(run: RunCommand, words: tuple[str, ...], problem: str) -> None:
    refused = run(*words)

    assert (refused.status, problem in refused.error) == (2, True), refused.error
    assert run("holds", "--json").json == []
    assert run("maintenance", "list", "--json").json == []


def test_a_window_is_planned_listed_and_cancelled(run: RunCommand) -> None:
    planned = run("maintenance", "plan", "--until", "2h", "--kind", "sheet", "--name", "notes", *WHY, "--json").json
    run("maintenance", "plan", "--from", "1h", "--until", "2h", *WHY)
    listed = run("maintenance", "list", "--json").json
    cancelled = run("maintenance", "cancel", str(planned["id"]), *WHY)

    assert [(each["state"], [part["name"] for part in each["coverage"]]) for each in listed] == [
        ("in force", ["notes"]),
        ("planned", []),
    ]
    assert cancelled.printed == "Window 1 is cancelled\n"
    assert [each["state"] for each in run("maintenance", "list", "--all", "--json").json] == ["cancelled", "planned"]


def test_a_hold_says_what_goes_on(run: RunCommand, render_day: RenderDay) -> None:
    job = render_day.claim_one()

    held = run("hold", "instruction", f"#{job.id}", "--until", "released", *WHY).printed

    assert held.splitlines() == [
        f"instruction {job.id} is held by anna until released: it is rebuilt",
        f"{job.worker} is rendering it, which may finish; `pokervod render cancel {job.id}` stops it",
    ]
    assert "unknown instruction 99" in run("hold", "instruction", "99", "--until", "2h", *WHY).error


@pytest.mark.parametrize(("answer", "after"), [("y", "cancelled"), ("n", "pending")])
def test_a_terminal_shows_what_would_be_changed_and_asks(
    run: RunCommand, render_day: RenderDay, tmp_path: Path, answer: str, after: str
) -> None:
    (number,) = render_day.request()
    main, terminal = pty.openpty()
    os.write(main, f"{answer}\n".encode())

    done = subprocess.run(
        [sys.executable, "-m", "pokervod_pipelines.cli", "render", "bulk-cancel", "--day", "2031-05-04", *WHY],
        cwd=tmp_path,
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
    )

    os.close(terminal)
    os.close(main)
    assert "1 of 1 that would be cancelled" in done.stdout, done.stderr
    assert "Cancel 1 graphics?" in done.stdout + done.stderr
    with render_day.engine.connect() as connection:
        assert connection.scalar(text("select state from render_instructions where id = :id"), {"id": number}) == after
