"""Check that a pin overrides the rules, survives every change, and can be withdrawn."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.file_index import IdentityParser
from pokervod_pipelines.sheets.listing import ListedRow
from pokervod_pipelines.sheets.pins import list_pins, pin_row, unpin_row
from pokervod_pipelines.sheets.store import lock_sheet
from pokervod_pipelines_tests.sheets.harness import COLUMNS, SheetHarness, make_line, make_lines, write_book

LINES = make_lines(1, 2, 3, 4)
RIGHT = "tapes/tape 7.mxf"


@pytest.fixture
def pinned(harness: SheetHarness) -> SheetHarness:
    """Return a harness whose first row has an exact match, and is pinned to a tape instead."""
    harness.add_files("show 1.mp4", "a/show 2.mp4", "b/show 2.mp4", RIGHT)
    harness.write(*LINES)
    harness.sync()
    harness.build()
    pin(harness, "show 1", RIGHT)
    return harness


def pin(harness: SheetHarness, file_name: str, path: str, **words: str) -> ListedRow:
    signature = {"who": "kim", "reason": "seen", **words}
    return pin_row(
        harness.engine, row_id=harness.ids()[file_name], path=path, actor=Actor(**signature, correlation_id="test")
    )


def unpin(harness: SheetHarness, file_name: str, parsed_identity: IdentityParser | None = None) -> ListedRow:
    return unpin_row(
        harness.engine,
        row_id=harness.ids()[file_name],
        actor=Actor(who="lee", reason="wrong tape", correlation_id="test"),
        parsed_identity=parsed_identity,
    )


def videos(harness: SheetHarness) -> dict[str, tuple[int, str | None]]:
    """Return the id and the video's path of each row, by its file name."""
    rows = harness.execute("""
        select file_name, r.id, path from sheet_rows r left join nas_files f on f.id = r.file_id
        where r.sheet = :sheet and retired_at is null
    """)
    return {row[0]: (row[1], row[2]) for row in rows}


def file_id(harness: SheetHarness, path: str) -> int:
    found: int = harness.execute("select id from nas_files where path = :path", {"path": path})[0][0]
    return found


def test_a_pin_is_in_force_at_once_with_who_and_why(harness: SheetHarness) -> None:
    harness.add_files("show 1.mp4", RIGHT)
    harness.write(*LINES)
    harness.sync()

    row = pin(harness, "show 1", RIGHT, who=" kim ", reason="seen in the titles\n")

    assert (row.status, row.matcher, row.path) == ("matched", "pinned", RIGHT)
    assert (row.reason, row.candidates) == ("pinned by kim: seen in the titles", (RIGHT,))
    (stored,) = harness.execute("select file_id, match_score from sheet_rows where matcher = 'pinned'")
    assert tuple(stored) == (file_id(harness, RIGHT), 1.0)
    assert harness.events()[-1] == ("sheets.row.changed", "pinned")
    (payload,) = harness.execute("select payload from events order by id desc limit 1")[0]
    assert (payload["before"]["path"], payload["after"]["path"], payload["by"]) == ("show 1.mp4", RIGHT, "kim")


@pytest.mark.parametrize("file_name", ["show 2", "show 3"])
def test_a_row_that_was_ambiguous_or_had_no_video_can_be_pinned(pinned: SheetHarness, file_name: str) -> None:
    assert pin(pinned, file_name, "b/show 2.mp4").path == "b/show 2.mp4"
    assert pinned.sync(full=True).matched == 2


def test_the_clip_follows_the_pin_and_its_end(pinned: SheetHarness) -> None:
    clip = pinned.clips()["show 1"]

    assert pinned.build().changed == 1
    followed = pinned.clips()["show 1"]
    unpin(pinned, "show 1")
    assert pinned.build().changed == 1

    assert followed.id == clip.id == pinned.clips()["show 1"].id
    assert followed.file_id == file_id(pinned, RIGHT)
    assert pinned.clips()["show 1"].file_id == clip.file_id == file_id(pinned, "show 1.mp4")


def rename_file_cell(harness: SheetHarness) -> None:
    """Make the row name another video of the archive, exactly."""
    harness.write(make_line(1, File_Name="show 2", Nas_Folder_Link=r"\\nas\archive\a"), *LINES[1:])


def cut_and_paste(harness: SheetHarness) -> None:
    harness.write(*LINES[1:])
    harness.sync()
    harness.write(*LINES)


def to_another_tab(harness: SheetHarness) -> None:
    harness.read_from(harness.path.with_suffix(".xlsx"))
    write_book(harness.path, {"2031": [COLUMNS, *LINES[1:]], "2032": [COLUMNS, LINES[0]]})


LATER: list[tuple[str, Callable[[SheetHarness], None]]] = [
    ("nothing", lambda _: None),
    ("the row edited", lambda harness: harness.write(make_line(1, Hand_Grade="★", Winner="Ana"), *LINES[1:])),
    ("the row's file name edited", rename_file_cell),
    ("rows inserted above", lambda harness: harness.write(make_line(50), make_line(51), *LINES)),
    ("the sheet sorted the other way", lambda harness: harness.write(*LINES[::-1])),
    ("sorted and edited", lambda harness: harness.write(*LINES[:0:-1], make_line(1, Hand_Grade="★"))),
    ("the row copied", lambda harness: harness.write(*LINES, LINES[0])),
    ("the row cut and pasted back", cut_and_paste),
    ("the row moved to another tab", to_another_tab),
    ("a better file added", lambda harness: harness.add_files("new/show 1.mov")),
    ("the pinned file missing", lambda harness: harness.move_file(RIGHT, state="missing", event="nas.file.removed")),
    ("the pinned file cleared", lambda harness: harness.move_file(RIGHT, state="cleared", event="nas.file.cleared")),
]


@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full"])
@pytest.mark.parametrize("change", [pytest.param(case[1], id=case[0]) for case in LATER])
def test_a_pin_survives_every_later_change(
    pinned: SheetHarness, change: Callable[[SheetHarness], None], full: bool
) -> None:
    row_id = pinned.ids()["show 1"]
    change(pinned)

    for _ in range(2):
        pinned.sync(full=full)

    (row,) = pinned.execute("select id, file_id, matcher from sheet_rows where matcher = 'pinned'")
    assert tuple(row) == (row_id, file_id(pinned, RIGHT), "pinned")


def test_a_pin_follows_its_file(pinned: SheetHarness) -> None:
    before = videos(pinned)["show 1"]
    pinned.move_file(RIGHT, to="elsewhere/tape 8.mxf")

    pinned.sync()

    assert videos(pinned)["show 1"] == (before[0], "elsewhere/tape 8.mxf")
    assert file_id(pinned, "elsewhere/tape 8.mxf") == list_pins(pinned.engine)[0].file_id


def test_a_copy_of_a_pinned_row_is_a_new_row_matched_by_the_rules(pinned: SheetHarness) -> None:
    pinned.write(*LINES, LINES[0])
    pinned.sync(full=True)

    paths = pinned.execute("""
        select f.path from sheet_rows r join nas_files f on f.id = r.file_id where file_name = 'show 1' order by r.id
    """)
    assert [row[0] for row in paths] == [RIGHT, "show 1.mp4"]


@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full"])
def test_a_sync_of_pinned_rows_writes_nothing_and_emits_nothing(pinned: SheetHarness, full: bool) -> None:
    pinned.sync()
    pinned.build()
    versions, events = pinned.versions(), pinned.events()

    pinned.sync(full=full)
    pinned.build()

    assert (pinned.versions(), pinned.events()) == (versions, events)


def test_the_same_pin_twice_writes_nothing(pinned: SheetHarness) -> None:
    versions, events, history = pinned.versions(), pinned.events(), list_pins(pinned.engine)

    again = pin(pinned, "show 1", "tape 7.mxf", who="lee", reason="seen too")

    assert again.reason == "pinned by kim: seen"
    assert (pinned.versions(), pinned.events(), list_pins(pinned.engine)) == (versions, events, history)


def test_unpinning_matches_the_row_by_the_rules_at_once(pinned: SheetHarness) -> None:
    row = unpin(pinned, "show 1")

    assert (row.status, row.matcher, row.path) == ("matched", "exact name", "show 1.mp4")
    assert pinned.events()[-1] == ("sheets.row.changed", "unpinned")
    assert (pinned.sync(full=True).matched, videos(pinned)["show 1"][1]) == (1, "show 1.mp4")


def test_unpinning_may_leave_a_row_without_video(pinned: SheetHarness) -> None:
    pin(pinned, "show 2", RIGHT)

    row = unpin(pinned, "show 2")

    assert (row.status, row.path, row.candidates) == ("ambiguous", None, ("a/show 2.mp4", "b/show 2.mp4"))


def test_unpinning_asks_the_given_reader_what_names_mean(pinned: SheetHarness) -> None:
    pinned.write(*LINES, make_line(60, File_Name="the closing"))
    pinned.add_files("last evening.mov")
    pinned.sync()
    pin(pinned, "the closing", RIGHT)

    row = unpin(pinned, "the closing", lambda name: "end" if name in {"the closing", "last evening.mov"} else None)

    assert (row.matcher, row.path) == ("parsed identity", "last evening.mov")


def test_the_history_keeps_every_pin_and_unpin(pinned: SheetHarness) -> None:
    pin(pinned, "show 1", "a/show 2.mp4", reason="no, this")
    unpin(pinned, "show 1")
    pin(pinned, "show 1", RIGHT, who="kim", reason="after all")

    history = list_pins(pinned.engine, "hands")

    assert [(each.by, each.reason, each.path, each.is_in_force) for each in history] == [
        ("kim", "seen", RIGHT, False),
        ("kim", "no, this", "a/show 2.mp4", False),
        ("lee", "wrong tape", None, False),
        ("kim", "after all", RIGHT, True),
    ]
    assert {(each.row_id, each.sheet, each.row_number, each.file_name) for each in history} == {
        (pinned.ids()["show 1"], "hands", 2, "show 1")
    }
    assert list_pins(pinned.engine, "another") == []


def test_a_retired_row_is_still_listed_with_its_pin(pinned: SheetHarness) -> None:
    row_id = pinned.ids()["show 1"]
    pinned.write(*LINES[1:])
    pinned.sync()

    (listed,) = list_pins(pinned.engine)

    assert (listed.is_retired, listed.is_in_force) == (True, True)
    with pytest.raises(BadInput, match=f"unknown row {row_id};"):
        pin_row(pinned.engine, row_id=row_id, path=RIGHT, actor=Actor(who="kim", reason="seen", correlation_id="test"))


NAMED = [
    RIGHT,
    "tape 7.mxf",
    f"nas/{RIGHT}",
    f"/{RIGHT}",
    r"tapes\tape 7.mxf",
    r"Z:\nas\tapes\tape 7.mxf",
    '"tapes/tape 7.mxf"',
]


@pytest.mark.parametrize("path", NAMED)
def test_a_video_is_named_by_its_path_or_an_end_of_it(harness: SheetHarness, path: str) -> None:
    harness.add_files(RIGHT, "tapes/my tape 7.mxf", "tapes/other.mxf")
    harness.write(*LINES)
    harness.sync()

    assert pin(harness, "show 4", path).path == RIGHT


def test_a_whole_path_selects_its_file_though_others_end_like_it(harness: SheetHarness) -> None:
    harness.add_files(RIGHT, f"old/{RIGHT}")
    harness.write(*LINES)
    harness.sync()

    assert pin(harness, "show 4", RIGHT).path == RIGHT


def test_names_composed_differently_are_the_same(harness: SheetHarness) -> None:
    harness.add_files("Caf\N{LATIN SMALL LETTER E WITH ACUTE}.mp4")
    harness.write(*LINES)
    harness.sync()

    assert pin(harness, "show 4", "Cafe\N{COMBINING ACUTE ACCENT}.mp4").status == "matched"


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("no such file", {"path": "tape 9.mxf"}, r"no video .* ends with it. Candidates of the row:\n  a/show 2"),
    ("an end inside a name", {"path": "pe 7.mxf"}, "no video"),
    ("a pattern is only a text", {"path": "%"}, "no video"),
    ("no path", {"path": " "}, "no video"),
    ("a character no database stores", {"path": "tape\0\udcff.mxf"}, "no video"),
    ("several files", {"path": "show 2.mp4"}, "2 videos .* the right path:\n  a/show 2.mp4\n  b/show 2.mp4"),
    ("a file that is no video", {"path": "notes.txt"}, "no video"),
    ("a junk file", {"path": "._show.mp4"}, "no video"),
    ("a file gone for good", {"path": "gone.mp4"}, "no video"),
    ("nobody", {"who": " "}, "name of the person is required"),
    ("no reason", {"reason": "\n"}, "--reason is required"),
]


@pytest.mark.parametrize(("words", "message"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_an_invalid_pin_is_refused_and_changes_nothing(
    pinned: SheetHarness, words: dict[str, str], message: str
) -> None:
    pinned.add_files("notes.txt", "._show.mp4", "gone.mp4")
    pinned.move_file("gone.mp4", state="cleared")
    pinned.execute("update nas_files set category = 'other' where path = 'notes.txt'")
    pinned.execute("update nas_files set is_junk = true where path = '._show.mp4'")
    versions, events, history = pinned.versions(), pinned.events(), list_pins(pinned.engine)

    with pytest.raises(BadInput, match=f"(?s){message}"):
        pin(pinned, "show 2", **{"path": RIGHT, **words})

    assert (pinned.versions(), pinned.events(), list_pins(pinned.engine)) == (versions, events, history)


def test_one_path_in_two_archive_roots_is_distinguished_by_the_root(pinned: SheetHarness) -> None:
    pinned.execute("""
        insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)
        select 'tape', library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk
        from nas_files where path = 'show 1.mp4'
    """)

    with pytest.raises(BadInput, match=r"\n  nas/show 1\.mp4\n  tape/show 1\.mp4"):
        pin(pinned, "show 3", "show 1.mp4")
    pin(pinned, "show 3", "tape/show 1.mp4")

    (root,) = pinned.execute("select root from sheet_pins p join nas_files f on f.id = file_id order by p.id desc")[0]
    assert root == "tape"


def test_what_is_not_pinned_cannot_be_unpinned(pinned: SheetHarness) -> None:
    unpin(pinned, "show 1")

    for file_name in ("show 1", "show 2"):
        with pytest.raises(BadInput, match=f"row {pinned.ids()[file_name]} is not pinned"):
            unpin(pinned, file_name)
    with pytest.raises(BadInput, match="unknown row 0;"):
        unpin_row(pinned.engine, row_id=0, actor=Actor(who="lee", reason="wrong", correlation_id="test"))


def test_signatures_that_no_database_stores_are_cleaned(pinned: SheetHarness) -> None:
    assert pin(pinned, "show 3", RIGHT, reason="seen\0\udcff").reason == "pinned by kim: seen\ufffd\ufffd"


WAITERS = """
    select 1 from pg_locks join pg_database on oid = database
    where datname = current_database() and locktype = 'advisory' and not granted
"""


def test_a_pin_waits_for_a_running_sync_and_reports_its_result(pinned: SheetHarness) -> None:
    with pinned.engine.connect() as syncing:
        with syncing.begin():
            lock_sheet(syncing, pinned.sheet)
            waiting = threading.Thread(target=pin, args=(pinned, "show 2", RIGHT))
            waiting.start()
            while waiting.is_alive() and not pinned.execute(WAITERS):
                pass
            before = list_pins(pinned.engine)
            syncing.execute(text("update sheet_rows set row_number = 77 where file_name = 'show 2'"))
        waiting.join()

    (payload,) = pinned.execute("select payload from events order by id desc limit 1")[0]
    assert (len(before), len(list_pins(pinned.engine))) == (1, 2)
    assert (payload["change"], payload["row_number"]) == ("pinned", 77)


@pytest.fixture
def run(pinned: SheetHarness, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """``run(*words)``: what ``pokervod sheets …`` fingerprints."""
    monkeypatch.chdir(pinned.path.parent)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", pinned.engine.url.render_as_string(hide_password=False))

    def invoke(*words: Any) -> str:
        result = CliRunner().invoke(app, ["sheets", *map(str, words)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_the_commands_pin_list_and_unpin_and_the_clip_follows(pinned: SheetHarness, run: Callable[..., str]) -> None:
    row_id = pinned.ids()["show 2"]

    printed = run("pin", row_id, "b/show 2.mp4", "--reason", "asked [Ana]", "--by", "kim")
    clip = pinned.clips()["show 2"]

    assert f"row {row_id} (hands hands 3): matched b/show 2.mp4; pinned by kim: asked [Ana]" in printed
    assert (clip.file_id, clip.problem) == (file_id(pinned, "b/show 2.mp4"), None)
    assert "asked [Ana]" in run("pins")
    assert "ambiguous; 2 files fit" in run("unpin", row_id, "--reason", "both are wrong")
    assert pinned.clips()["show 2"].file_id is None
    assert "1 pin\n" in run("pins", "hands")
    reasons = [each["reason"] for each in json.loads(run("pins", "--history", "--json"))]
    assert reasons == ["seen", "asked [Ana]", "both are wrong"]
    assert "superseded" in run("pins", "--history")


def test_the_list_of_rows_shows_the_id_to_pin(pinned: SheetHarness, run: Callable[..., str]) -> None:
    pinned.execute("select setval(pg_get_serial_sequence('sheet_rows', 'id'), 123455)")
    pinned.write(*LINES, make_line(60))
    pinned.sync()

    assert "123456 hands hands 6 show 60" in " ".join(run("rows").split())
