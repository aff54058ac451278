"""Check that a sheet that is no longer in the settings is named, is retired only by a person, and returns whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.evaluation import evaluate_all
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.sheets.directive_store import AppliedDirective, is_in_another_sheet
from pokervod_pipelines.sheets.directives import DirectiveKind
from pokervod_pipelines_tests.sheets.harness import SheetHarness, make_line, make_lines

Run = Callable[..., Any]

LINES = [*make_lines(1, 2), make_line(3, In="99:99:00")]
RETIRE = ("sheets", "retire", "hands")
REMOVED = "sheets: [{name: other, path: other.csv}]\n"
WITH_IT = "sheets: [{name: hands, path: hands.csv}, {name: other, path: other.csv}]\n"


def configure(text: str) -> None:
    Path("pokervod.yaml").write_text(f"archive_roots: [{{name: nas, path: .}}]\n{text}", encoding="utf-8")


@pytest.fixture
def run(harness: SheetHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return ``run(*words)``; the removed sheet has a pinned row, a row without video and one without clip."""
    harness.add_files("show 1.mp4", "show 3.mp4", "tape.mxf")
    harness.write(*LINES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", harness.engine.url.render_as_string(hide_password=False))
    configure(WITH_IT)
    for words in (("sheets", "sync", "hands"), ("sheets", "pin", "1", "tape.mxf", "--reason", "seen")):
        CliRunner().invoke(app, words, catch_exceptions=False)
    configure(REMOVED)
    return lambda *words: CliRunner().invoke(app, words)


def read_output(result: Any) -> str:
    return " ".join(f"{result.output} {result.exception or ''}".split())


def evaluate(harness: SheetHarness) -> dict[str, CheckResult]:
    """Return the checks of sheets and clips that do not pass."""
    with harness.engine.connect() as connection:
        results = evaluate_all(connection, load_settings()).items()
    return {name: each for name, each in results if not each.passed and "video_has" not in name}


def test_a_sheet_that_was_removed_from_the_settings_is_named_once_with_the_next_step(
    run: Run, harness: SheetHarness
) -> None:
    configure(WITH_IT)
    assert evaluate(harness).keys() == {"every_row_has_its_video", "every_clip_is_usable"}
    configure(REMOVED)
    (check,) = evaluate(harness).values()

    assert (check.summary, check.evidence) == (
        "1 sheet is no longer in the settings.",
        ("hands: 3 rows, 3 clips",),
    )
    assert "`pokervod sheets retire SHEET --reason …` (first `--preview`)" in check.next_step
    listed = read_output(run("sheets", "list", "--json"))
    assert "no longer in the settings: 3 rows and 3 clips are stored; retire them with" in listed


def test_a_preview_lists_the_rows_and_changes_nothing(run: Run, harness: SheetHarness) -> None:
    before = harness.versions(), harness.events()

    assert "3 rows and 3 clips would be retired" in read_output(run(*RETIRE, "--preview"))
    assert (harness.versions(), harness.events()) == before
    assert "--reason is required" in read_output(run(*RETIRE))
    assert (harness.versions(), harness.events()) == before


def test_a_retired_sheet_has_no_rows_clips_or_alarms_and_returns_with_its_ids_and_pins(
    run: Run, harness: SheetHarness
) -> None:
    ids, clips = harness.ids(), harness.execute("select id, file_id from hand_clips order by id")

    printed = read_output(run(*RETIRE, "--reason", "the series is over", "--by", "kim"))

    assert "3 rows and 3 clips of hands retired" in printed
    assert (harness.ids(), harness.clips(), evaluate(harness)) == ({}, {}, {})
    assert harness.events()[-6:] == [*[("sheets.row.changed", "removed")] * 3, *[("hand.clip.retired", "")] * 3]
    signed = "select payload ->> 'by', payload ->> 'reason' from events where payload ->> 'change' = 'removed'"
    assert {*map(tuple, harness.execute(signed))} == {("kim", "the series is over")}
    assert "hands" not in read_output(run("sheets", "list"))
    tagged = read_output(run("clips", "tag", str(clips[0][0]), "add", "Bluff", "--reason", "x"))
    assert f"clip {clips[0][0]} is retired: its sheet hands was retired; " in tagged
    configure(WITH_IT)
    run("sheets", "sync", "hands")
    assert harness.ids() == ids
    assert harness.execute("select id, file_id from hand_clips where retired_at is null order by id") == clips


def test_clips_that_a_stopped_retirement_left_are_retired_by_the_next(run: Run, harness: SheetHarness) -> None:
    harness.execute("update sheet_rows set retired_at = now()")
    harness.execute("delete from sheet_states")

    assert "0 rows and 3 clips of hands retired" in read_output(run(*RETIRE, "--reason", "x"))
    assert harness.clips() == {}


@pytest.mark.parametrize(
    ("sheet", "says"),
    [
        ("other", "other: the settings have this sheet, so it would be read again. Remove it there first."),
        ("handz", "unknown sheet 'handz'; did you mean `hands`?"),
    ],
)
@pytest.mark.parametrize("how", [("--preview",), ("--reason", "x")])
def test_only_a_sheet_that_is_no_longer_in_the_settings_is_retired(
    run: Run, sheet: str, says: str, how: tuple[str, ...]
) -> None:
    refused = run("sheets", "retire", sheet, *how)

    assert isinstance(refused.exception, BadInput)
    assert says in read_output(refused)


@pytest.mark.parametrize("stored", ["before", "after"])  # an older version kept them
def test_the_directives_of_a_retired_sheet_count_no_more(run: Run, harness: SheetHarness, stored: str) -> None:
    insert = "insert into sheet_directives (sheet, kind, key, value) values ('hands', 'alias', 'Phil', 'Phil Ivey')"
    same = AppliedDirective(kind=DirectiveKind.ALIAS, key="Phil", value="Phil Ivey", decision_id=None, problem=None)
    if stored == "before":
        harness.execute(insert)
        with harness.engine.connect() as connection:
            assert is_in_another_sheet(connection, "other", same)

    run(*RETIRE, "--reason", "x")
    if stored == "after":
        harness.execute(insert)

    with harness.engine.connect() as connection:
        assert not is_in_another_sheet(connection, "other", same)


def test_a_sync_of_a_sheet_that_is_only_stored_says_what_to_do(run: Run) -> None:
    refused = read_output(run("sheets", "sync", "hands"))

    assert "hands: no longer in the settings. Add it to `sheets` there to read it, or retire" in refused
    assert "did you mean `other`?" in read_output(run("sheets", "sync", "othre"))
