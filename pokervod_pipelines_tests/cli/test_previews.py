"""Check that each action on many rows lists them first by ``--preview``, changes nothing then, and then just those."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.db.engine import CONNECT_ARGUMENTS
from pokervod_pipelines.db.migrate import newest_revision
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness, make_line
from pokervod_pipelines_tests.workflows.render_day import RenderDay

__all__ = ["harness"]

Run = Callable[..., Any]

STATE = text("""
    select (select jsonb_agg(f.state order by f.id) from nas_files f), (select jsonb_agg(d.value) from decisions d),
           (select jsonb_agg(c.input_hash order by c.id) from hand_clips c), (select count(*) from events),
           (select jsonb_agg(r.state order by r.id) from render_instructions r)
""")


@pytest.fixture
def run(harness: SheetHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return ``run(*words)`` in a folder with missing and unseen files, clips, and cancelled graphics."""
    (tmp_path / "pokervod.yaml").write_text(
        "archive_roots: [{name: nas, path: nas}]\nsheets: [{name: hands, path: hands.csv}]\n"
        "scan: {settle_seconds: 0}\n",
        encoding="utf-8",
    )
    folder = tmp_path / "nas"
    folder.mkdir()
    for number in range(6):
        (folder / f"show {number}.mp4").write_bytes(b"x" * (number + 1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", harness.engine.url.render_as_string(hide_password=False))
    scan_library(harness.engine, load_settings(), "nas", correlation_id="test")
    for number in range(4):
        (folder / f"show {number}.mp4").unlink()
    harness.execute("update nas_files set state = 'missing', state_since = now() where path < 'show 2'")
    harness.execute("update nas_files set state = 'unseen', state_since = now() where path ~ 'show [23]'")
    harness.write(*(make_line(number, **{"Tag_(Player)": "The Kid" if number else "Ana Ruiz"}) for number in range(4)))
    harness.sync()
    harness.build()
    RenderDay(engine=harness.engine, settings=load_settings()).request_for("Ana", "Tom")
    harness.execute("update render_instructions set state = 'cancelled'")
    return lambda *words: CliRunner().invoke(app, words)


ALIAS = ("players", "alias", "The Kid", "Ana Ruiz")
ACTIONS = [
    (("nas", "clear", "--library", "nas", "--below", "."), "2 files would be cleared", "2 missing files cleared"),
    (
        ("nas", "clear", "--library", "nas", "--below", "show 1.mp4"),
        "1 file would be cleared",
        "1 missing file cleared",
    ),
    (("nas", "clear", "--library", "nas", "--below", "other"), "0 files would be cleared", "no missing file of nas"),
    (("nas", "clear", "--library", "nas", "--below", "show 2.mp4"), "0 files would be cleared", "mount the share"),
    (("nas", "confirm-loss", "--library", "nas", "--below", "."), "2 files would be confirmed", "2 files now missing"),
    (ALIAS, "3 clips would be changed", "3 clips changed"),
    (("render", "bulk-retry", "--state", "cancelled"), "2 would be retried", "2 requeued"),
    (("render", "bulk-retry", "--template", "payouts"), "0 would be retried", "0 requeued"),
]


def read_state(harness: SheetHarness) -> list[Any]:
    with harness.engine.connect() as connection:
        return [*connection.execute(STATE).one()]


@pytest.mark.parametrize(("words", "listed", "done"), ACTIONS)
def test_a_preview_changes_nothing_and_lists_what_the_action_changes(
    run: Run, harness: SheetHarness, words: tuple[str, ...], listed: str, done: str
) -> None:
    before = read_state(harness)
    shown = run(*words, "--preview")

    assert (shown.exit_code, read_state(harness)) == (0, before), shown.output
    assert listed in shown.output
    after = run(*words, "--reason", "re-cut")
    assert done in f"{after.output} {after.exception}"


def test_files_that_were_only_not_seen_are_told_from_missing_ones(run: Run) -> None:
    shown = " ".join(run("nas", "missing").output.split())

    assert shown.startswith("4 files missing ")
    assert "2 of them only not seen: mount the share, then scan again." in shown


def test_a_file_of_graphics_is_checked_before_it_is_enqueued(run: Run, harness: SheetHarness, tmp_path: Path) -> None:
    (tmp_path / "friday.csv").write_text("template,player\nelimination,Ana\nelimination,Bob\nelimination,Ana\n")
    before = read_state(harness)

    for wanted in ("2 would be requested, 0 already exist", "2 would be requested, 0 already exist"):
        assert wanted in run("render", "enqueue", "friday.csv", "--preview").output
    assert read_state(harness) == before
    run("render", "enqueue", "friday.csv")
    assert "0 would be requested, 2 already exist" in run("render", "enqueue", "friday.csv", "--preview").output


@pytest.mark.parametrize(
    ("revision", "listed"), [("base", "steps would be undone"), (newest_revision(), "0 steps would be undone")]
)
def test_steps_are_listed_before_they_are_undone(run: Run, harness: SheetHarness, revision: str, listed: str) -> None:
    before = read_state(harness)

    assert listed in run("db", "downgrade", revision, "--preview").output
    assert read_state(harness) == before


def test_the_clips_of_an_alias_are_listed_before_it_is_deleted(run: Run, harness: SheetHarness) -> None:
    run(*ALIAS)
    before = read_state(harness)

    assert "3 clips would be changed" in run("players", "unalias", "The Kid", "--preview").output
    assert read_state(harness) == before
    assert "3 clips changed" in run("players", "unalias", "The Kid").output


@pytest.mark.parametrize("words", [words for words, _, done in ACTIONS if words[0] == "nas"])
def test_the_action_itself_needs_a_reason(run: Run, harness: SheetHarness, words: tuple[str, ...]) -> None:
    before = read_state(harness)
    refused = run(*words)

    assert isinstance(refused.exception, BadInput)
    assert "--reason is required" in str(refused.exception)
    assert read_state(harness) == before


@pytest.mark.parametrize("words", [words for words, *_ in ACTIONS if words[0] == "nas"])
def test_a_preview_waits_for_no_one_who_changes_the_files(
    run: Run, harness: SheetHarness, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setitem(CONNECT_ARGUMENTS, "options", "-c lock_timeout=1s")
    with harness.engine.connect() as connection:
        connection.execute(text("select from nas_files for update"))

        assert run(*words, "--preview").exception is None
