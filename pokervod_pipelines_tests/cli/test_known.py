"""Check that a name that nobody knows is told from one with nothing to show, with the name that was meant."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.store import record_failure
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness, make_line

__all__ = ["harness"]

Run = Callable[..., Any]


@pytest.fixture
def run(harness: SheetHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return ``run(*words)``, which runs ``pokervod …`` where two clips are built."""
    harness.write(
        make_line(1, **{"Tag_(Player)": "Ana Ruiz vs Tom Berg", "Tag_(Poker_Play)": "Bad Beat"}),
        make_line(2, **{"Tag_(Player)": "Tom Berg"}),
    )
    harness.sync()
    harness.build()
    (tmp_path / "pokervod.yaml").write_text(
        "archive_roots: [{name: nas, path: .}]\nlibraries: [{name: wsop, root: nas}]\n"
        "sheets: [{name: hands, path: hands.csv}]\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", harness.engine.url.render_as_string(hide_password=False))
    return lambda *words: CliRunner().invoke(app, words)


UNKNOWN = [
    (("clips", "list", "--player", "Ana Ruis"), "unknown player 'Ana Ruis'; did you mean `Ana Ruiz`?"),
    (("clips", "list", "--player", "Bergg"), "unknown player 'Bergg'; did you mean `Tom Berg`?"),
    (("clips", "list", "--tag", "bad beet"), "unknown tag 'bad beet'; did you mean `bad_beat`?"),
    (("clips", "list", "--project", "WSPO"), "unknown project 'WSPO'; "),
    (("clips", "list", "--sheet", "hand"), "unknown sheet 'hand'; did you mean `hands`?"),
    (("clips", "search", "bluff", "--project", "WSPO"), "unknown project 'WSPO'; "),
    (("clips", "export", "out", "--player", "Ana Ruis"), "unknown player 'Ana Ruis'; did you mean `Ana Ruiz`?"),
    (("clips", "export", "out", "--tag", "bad beet"), "unknown tag 'bad beet'; did you mean `bad_beat`?"),
    (("sheets", "rows", "handz"), "unknown sheet 'handz'; did you mean `hands`?"),
    (("sheets", "rows", "--status", "match"), "unknown status 'match'; did you mean `matched`?"),
    (("sheets", "sync", "handz"), "unknown sheet 'handz'; did you mean `hands`?"),
    (("nas", "scan", "--library", "wspo"), "unknown library 'wspo'; did you mean `wsop`?"),
    (("nas", "missing", "--library", "wspo"), "unknown library 'wspo'; did you mean `wsop`?"),
    (
        ("nas", "clear", "--library", "wspo", "--below", "x", "--reason", "y"),
        "unknown library 'wspo'; did you mean `wsop`?",
    ),
    (("catalog", "search", "x", "--project", "WSPO"), "unknown project 'WSPO'; "),
    (("catalog", "search", "x", "--stage", "final_tabel"), "unknown stage 'final_tabel'; "),
    (("catalog", "search", "x", "--player", "Ana Ruis"), "unknown player 'Ana Ruis'; did you mean `Ana Ruiz`?"),
    (("catalog", "tree", "WSPO"), "unknown project 'WSPO'; "),
    (("hands", "list", "--table", "feature"), "unknown table 'feature'; known: none"),
    (("events", "tail", "--type", "clip.creatd"), "unknown event type 'clip.creatd'; did you mean "),
    (("render", "list", "--state", "pendng"), "unknown state 'pendng'; did you mean `pending`?"),
    (("render", "list", "--template", "elimnation"), "unknown template 'elimnation'; did you mean `elimination`?"),
    (
        ("render", "pause", "--template", "elimnation", "--reason", "y"),
        "unknown template 'elimnation'; did you mean `elimination`?",
    ),
    (
        ("render", "enqueue", "--template", "elimnation", "--layer", "player=Ana"),
        "unknown template 'elimnation'; did you mean `elimination`?",
    ),
    (
        ("render", "enqueue", "--template", "elimination", "--layer", "plyer=Ana"),
        "unknown layer 'plyer' of elimination; did you mean `player`?",
    ),
]


def test_an_unknown_name_is_refused_with_the_one_that_was_meant(run: Run) -> None:
    for words, says in UNKNOWN:
        error = run(*words).exception

        assert isinstance(error, BadInput), (words, error)
        assert says in str(error), words


NOTHING_THERE = [
    ("clips", "list", "--player", "ruiz", "--grade", "1"),
    ("clips", "list", "--tag", "Hero Call"),
    ("clips", "list", "--sheet", "HANDS", "--grade", "1"),
    ("clips", "search", "zzzz"),
    ("sheets", "rows", "--status", "ambiguous"),
    ("nas", "missing", "--library", "wsop"),
    ("catalog", "search", "zzzz"),
    ("render", "list", "--template", "elimination"),
]


def test_a_known_name_may_have_nothing_to_show(run: Run) -> None:
    assert {words: run(*words).exit_code for words in NOTHING_THERE} == dict.fromkeys(NOTHING_THERE, 0)


def test_an_empty_export_is_refused_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    error = run("clips", "export", "out", "--query", "zzzz", "--format", "csv").exception

    assert str(error) == "no usable clip matches, so nothing was written. List them with `pokervod clips list`."
    assert not (tmp_path / "out").exists()


def test_the_id_of_a_session_may_be_as_long_as_the_database_takes(run: Run) -> None:
    assert run("hands", "list", "--session", str(2**63 - 1)).exit_code == 0


def test_clips_of_a_sheet_that_cannot_be_read_now_say_of_when_they_are(run: Run, harness: SheetHarness) -> None:
    note = (
        r"\nhands: rows of \d{4}-\d\d-\d\d \d\d:\d\d, kept until it can be read \(`pokervod sheets list` says why\)\n"
    )
    lists = [("clips", "list"), ("clips", "search", "berg"), ("clips", "list", "--sheet", "hands", "-n", "1")]
    lists += [("sheets", "rows"), ("sheets", "rows", "hands", "-n", "1")]
    fresh = [run(*words).stdout for words in lists]
    with harness.engine.begin() as connection:
        record_failure(connection, "hands", "hands.csv: a quote is not closed")

    assert not [printed for printed in fresh if "kept until" in printed]
    assert [len(re.findall(note, run(*words).stdout)) for words in lists] == [1] * 5
    assert "kept until" not in run("clips", "list", "--grade", "1").stdout
    assert len(json.loads(run("clips", "list", "--json").stdout)) == 2


def test_a_sheet_that_cannot_be_read_now_is_listed_with_when_its_rows_were(run: Run, harness: SheetHarness) -> None:
    def find_reading() -> tuple[str | None, str]:
        (sheet,) = json.loads(run("sheets", "list", "--json").stdout)
        return sheet["stale_since"], sheet["read_at"]

    fresh = find_reading()
    with harness.engine.begin() as connection:
        record_failure(connection, "hands", "hands.csv: a quote is not closed")
    stale, read_at = find_reading()
    printed = " ".join(run("sheets", "list").stdout.split())

    assert fresh == (None, read_at)
    assert stale == read_at
    assert "a quote is not closed" in printed
    assert re.search(r"rows of 20\d\d-\d\d-\d\d \d\d:\d\d, kept until it can be read", printed)
    with harness.engine.begin() as connection:
        connection.execute(text("delete from sheet_states"))
        record_failure(connection, "hands", "hands.csv: a quote is not closed")
    assert find_reading() == (None, None)  # never read, so there are no rows of when


def test_ids_are_listed_as_commands_take_them(run: Run, harness: SheetHarness) -> None:
    for table, last in (("hand_clips", 2098), ("decisions", 4999)):
        harness.execute(f"select setval(pg_get_serial_sequence('{table}', 'id'), {last})")
    harness.write(make_line(1), make_line(2), make_line(3))
    harness.sync()
    harness.build()
    clip = max(each["id"] for each in json.loads(run("clips", "list", "--json").stdout))
    run("clips", "tag", str(clip), "add", "Hero Call", "--reason", "seen")

    listed = run("clips", "decisions").stdout.split()

    assert clip > 2098
    assert {"5000", str(clip)} <= {*listed}
