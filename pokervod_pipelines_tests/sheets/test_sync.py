"""Check that a sync stores the content of the sheet, and that every row keeps its id."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.errors import BadInput, SuspiciousLoss, Unavailable
from pokervod_pipelines.paging import Page
from pokervod_pipelines.sheets.listing import list_rows
from pokervod_pipelines.sheets.vocabulary import OTHER_TABLES
from pokervod_pipelines_tests.sheets.harness import (
    COLUMNS,
    Line,
    SheetHarness,
    insert_files,
    make_line,
    make_lines,
    write_book,
)

LINES = make_lines(1, 2, 3, 4, 5, 6)

EDITS: list[tuple[str, list[Line], tuple[int, int, int]]] = [
    ("nothing", LINES, (0, 0, 0)),
    ("a row inserted on top", [make_line(50), *LINES], (1, 0, 0)),
    ("a row inserted inside", [*LINES[:3], make_line(50), *LINES[3:]], (1, 0, 0)),
    ("a row deleted", LINES[:2] + LINES[3:], (0, 0, 1)),
    ("sorted the other way", LINES[::-1], (0, 0, 0)),
    ("a row copied", [*LINES, LINES[0]], (1, 0, 0)),
    ("a grade mended", [make_line(1, Hand_Grade="★"), *LINES[1:]], (0, 1, 0)),
    ("a timecode mended", [*LINES[:5], make_line(6, Out="0:06:41")], (0, 1, 0)),
    ("a file renamed", [*LINES[:2], make_line(3, File_Name="show three"), *LINES[3:]], (0, 1, 0)),
    ("a row replaced by another", [*LINES[:2], make_line(50), *LINES[3:]], (1, 0, 1)),
    ("blank lines between", [line for each in LINES for line in (each, ("",) * len(COLUMNS))], (0, 0, 0)),
    ("spaces around a cell", [make_line(1, Hands=" AA vs KK "), *LINES[1:]], (0, 0, 0)),
]


@pytest.mark.parametrize(("edited", "counts"), [pytest.param(*case[1:], id=case[0]) for case in EDITS])
def test_an_edit_is_counted_as_what_it_is_and_every_other_row_keeps_its_id(
    harness: SheetHarness, edited: list[Line], counts: tuple[int, int, int]
) -> None:
    harness.write(*LINES)
    harness.sync()
    before = harness.ids()
    harness.write(*edited)

    report = harness.sync()

    assert (report.added, report.changed, report.removed) == counts
    assert report.rows == report.added + report.changed + report.unchanged == 6 + counts[0] - counts[2]
    assert len({*before.values()} - {*harness.ids().values()}) <= counts[2]
    changes = [change for kind, change in harness.events() if kind == "sheets.row.changed"][6:]
    assert changes == ["added"] * counts[0] + ["changed"] * counts[1] + ["removed"] * counts[2]


@pytest.mark.parametrize("full", [False, True])
def test_a_second_pass_writes_nothing_and_emits_nothing(harness: SheetHarness, full: bool) -> None:
    harness.add_files("show 1.mp4", "a/show 2.mp4", "b/show 2.mp4")
    harness.write(*LINES)
    first = harness.sync()
    harness.build()
    versions, events = harness.versions(), harness.events()

    second = harness.sync(full=full)
    harness.build()

    assert (harness.versions(), harness.events()) == (versions, events)
    assert (second.matched, second.ambiguous, second.unmatched) == (1, 1, 4)
    assert second.problems == first.problems
    assert second.problem_count == first.problem_count == 5


def test_rows_that_only_moved_get_their_new_place_and_no_event(harness: SheetHarness) -> None:
    harness.write(*LINES)
    harness.sync()
    events = harness.events()
    harness.write(("",) * len(COLUMNS), *LINES)

    harness.sync()

    places = harness.execute("select row_number from sheet_rows where changed_at = created_at order by id")
    assert [place[0] for place in places] == [3, 4, 5, 6, 7, 8]
    assert harness.events() == events


def test_a_row_cut_and_pasted_back_is_the_row_it_was(harness: SheetHarness) -> None:
    harness.write(*LINES)
    harness.sync()
    harness.build()
    before, clips = harness.ids(), harness.clips()
    harness.write(*LINES[1:])
    removed, retired = harness.sync(), harness.build()
    harness.write(*LINES[1:], make_line(70), LINES[0])

    back, revived = harness.sync(), harness.build()

    assert (removed.removed, retired.retired) == (1, 1)
    assert (back.added, revived.created) == (2, 1)
    assert {name: harness.ids()[name] for name in before} == before
    assert {title: harness.clips()[title].id for title in clips} == {title: clip.id for title, clip in clips.items()}


FILE_CHANGES: list[tuple[str, Callable[[SheetHarness], None], tuple[str, str | None]]] = [
    ("a file is added", lambda harness: harness.add_files("show 2.mp4"), ("matched", "show 2.mp4")),
    ("its file moves", lambda harness: harness.move_file("show 1.mp4", to="x/show 1.mp4"), ("matched", "x/show 1.mp4")),
    ("its file is renamed", lambda harness: harness.move_file("show 1.mp4", to="other.mp4"), ("none", None)),
    ("another file has the name", lambda harness: harness.add_files("y/show 1.mov"), ("ambiguous", None)),
    (
        "its file is cleared",
        lambda harness: harness.move_file("show 1.mp4", state="cleared", event="nas.file.cleared"),
        ("none", None),
    ),
    (
        "its file is missing",  # the annotation stays tied to what may come back
        lambda harness: harness.move_file("show 1.mp4", state="missing", event="nas.file.removed"),
        ("matched", "show 1.mp4"),
    ),
]


@pytest.mark.parametrize(("change", "expected"), [pytest.param(*case[1:], id=case[0]) for case in FILE_CHANGES])
def test_rows_are_matched_again_when_files_change_though_the_sheet_did_not(
    harness: SheetHarness, change: Callable[[SheetHarness], None], expected: tuple[str, str | None]
) -> None:
    harness.add_files("show 1.mp4")
    harness.write(make_line(2) if expected[1] == "show 2.mp4" else make_line(1))
    harness.sync()
    change(harness)

    report = harness.sync()

    (row,) = harness.execute("""
        select match_status, path from sheet_rows r left join nas_files f on f.id = r.file_id where r.sheet = :sheet
    """)
    assert tuple(row) == expected
    assert (report.changed, report.matched) == (0, int(expected[0] == "matched"))


def test_a_scan_that_commits_after_a_later_one_is_not_missed(harness: SheetHarness) -> None:
    """Its events have lower ids than those that the pass in between has seen."""
    harness.write(make_line(1), make_line(2))
    with harness.engine.connect() as slow, slow.begin():
        insert_files(slow, "show 1.mp4")
        harness.add_files("show 2.mp4")
        between = harness.sync()

    assert between.matched == 1
    assert harness.sync().matched == 2


def test_only_rows_that_changed_are_matched_while_no_file_did(harness: SheetHarness) -> None:
    harness.write(*LINES)
    harness.sync()
    harness.execute("update sheet_rows set match_reason = 'untouched'")
    harness.write(*LINES[1:], make_line(90))

    harness.sync()

    reasons = harness.execute("select match_reason from sheet_rows where match_reason <> 'untouched'")
    assert len(reasons) == 1


LOSSES = [
    # known, left, refused
    (19, 1, False),  # 18 rows are an edit
    (30, 16, False),  # 14 too
    (60, 40, False),  # a third of the sheet
    (60, 29, True),
    (30, 9, True),
    (5, 1, False),
    (5, 0, True),  # a sheet that had rows and has none
    (1, 0, False),
]


@pytest.mark.parametrize(("known", "left", "is_refused"), LOSSES)
def test_a_loss_too_large_for_an_edit_needs_a_person(
    harness: SheetHarness, known: int, left: int, is_refused: bool
) -> None:
    harness.write(*make_lines(*range(known)))
    harness.sync()
    harness.write(*make_lines(*range(left)))

    if is_refused:
        for _ in range(2):
            with pytest.raises(SuspiciousLoss, match=f"{known - left} of {known} rows .* --confirm-loss"):
                harness.sync()
        assert len(harness.ids()) == known
        assert [kind for kind, _ in harness.events()].count("sheets.sync.failed") == 1

    assert harness.sync(confirm_loss=is_refused).removed == known - left
    assert len(harness.ids()) == left


def test_a_tab_without_its_header_keeps_its_rows_and_other_tabs_are_synced(harness: SheetHarness) -> None:
    harness.read_from(harness.path.with_suffix(".xlsx"))
    book = harness.path
    write_book(book, {"2031": [COLUMNS, *LINES[:3]], "2032": [COLUMNS, *LINES[3:]]})
    harness.sync()
    before = harness.ids()
    write_book(book, {"2031": [("moved away",), *LINES[:3]], "2032": [COLUMNS, *LINES[4:], make_line(60)]})

    broken = harness.sync()
    write_book(book, {"2031": [COLUMNS, *LINES[:3]], "2032": [COLUMNS, *LINES[4:], make_line(60)]})
    mended = harness.sync()

    assert (broken.added, broken.changed, broken.removed, broken.unchanged) == (1, 0, 1, 5)
    assert [problem.where for problem in broken.problems][:1] == ["2031"]
    assert (mended.added, mended.changed, mended.removed) == (0, 0, 0)
    assert {name: harness.ids()[name] for name in ("show 1", "show 2", "show 3")}.items() <= before.items()


Tabs = dict[str, list[Line]]
TWO_TABS: Tabs = {"2031": [COLUMNS, *LINES[:3]], "2032": [("late shows",), (), COLUMNS, *LINES[3:]]}
TAB_EDITS: list[tuple[str, Tabs, tuple[int, int, int]]] = [
    ("a tab renamed", {"Season 31": TWO_TABS["2031"], "2032": TWO_TABS["2032"]}, (0, 0, 0)),
    ("the tabs in another order", dict(reversed(TWO_TABS.items())), (0, 0, 0)),
    ("a tab added", {**TWO_TABS, "2033": [COLUMNS, make_line(80)]}, (1, 0, 0)),
    ("a tab of another table added", {**TWO_TABS, "PIC": [OTHER_TABLES["a work status table"]]}, (0, 0, 0)),
    ("a tab deleted", {"2032": TWO_TABS["2032"]}, (0, 0, 3)),
    ("a row moved to the other tab", {"2031": [COLUMNS, *LINES[:2]], "2032": [COLUMNS, *LINES[2:]]}, (0, 0, 0)),
    ("the tabs made one", {"all": [COLUMNS, *LINES]}, (0, 0, 0)),
    ("a tab copied", {**TWO_TABS, "2031 (2)": TWO_TABS["2031"]}, (3, 0, 0)),
]


@pytest.mark.parametrize(("tabs", "counts"), [pytest.param(*case[1:], id=case[0]) for case in TAB_EDITS])
def test_rows_are_the_same_whichever_tab_they_stand_in(
    harness: SheetHarness, tabs: Tabs, counts: tuple[int, int, int]
) -> None:
    harness.read_from(harness.path.with_suffix(".xlsx"))
    write_book(harness.path, TWO_TABS)
    harness.sync()
    before = {*harness.ids().values()}
    write_book(harness.path, tabs)

    report = harness.sync()

    assert (report.added, report.changed, report.removed) == counts
    assert report.problem_count == report.rows  # no row has a video, no tab is a problem
    kept = harness.execute("select id from sheet_rows where retired_at is null")
    assert len(before & {row[0] for row in kept}) == 6 - counts[2]


def test_a_failure_is_reported_once_and_cleared_by_the_next_good_reading(harness: SheetHarness) -> None:
    harness.write(*LINES)
    harness.sync()
    harness.path.rename(harness.path.with_suffix(".away"))
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"hands\.csv"):
            harness.sync()
    failed = harness.execute("select error from sheet_states")
    harness.path.with_suffix(".away").rename(harness.path)

    report = harness.sync()

    assert "hands.csv" in failed[0][0]
    assert harness.execute("select error from sheet_states")[0][0] is None
    assert (report.rows, report.unchanged) == (6, 6)
    assert [kind for kind, _ in harness.events()].count("sheets.sync.failed") == 1


WAITERS = """
    select 1 from pg_locks join pg_database on oid = database
    where datname = current_database() and locktype = 'advisory' and not granted
"""


def test_a_pass_that_waited_for_another_reads_the_current_sheet(harness: SheetHarness) -> None:
    """Reading first and waiting then would write the older sheet over the newer one."""
    harness.write(*LINES)
    with hold_lock(harness.engine, f"reading of sheet {harness.sheet}"):
        waiting = threading.Thread(target=harness.sync)
        waiting.start()
        while waiting.is_alive() and not harness.execute(WAITERS):
            pass
        harness.write(*LINES[:2])
    waiting.join()

    assert set(harness.ids()) == {"show 1", "show 2"}


PASS = """
import sys
from sqlalchemy import create_engine
from pokervod_pipelines.clips.build import build_clips
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import sync_sheet

engine = create_engine(sys.argv[1])
settings = Settings.model_validate({"home": "/nowhere", "sheets": [{"name": "hands", "path": sys.argv[2]}]})
print("ready", flush=True)
sys.stdin.readline()
print(sync_sheet(engine, settings, "hands", correlation_id=sys.argv[3]).added)
print(build_clips(engine, "hands", correlation_id=sys.argv[3]).created)
"""


def test_two_processes_at_once_do_the_work_once(harness: SheetHarness) -> None:
    harness.write(*make_lines(*range(40)))
    url = harness.engine.url.render_as_string(hide_password=False)
    commands = [[sys.executable, "-c", PASS, url, str(harness.path), name] for name in ("one", "two")]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for command in commands
    ]

    assert [process.stdout and process.stdout.readline() for process in started] == ["ready\n"] * 2
    answers = [process.communicate("go\n")[0].split() for process in started]

    assert sorted(answers, key=lambda answer: -int(answer[0]))[0][0] == "40"
    assert [sum(int(answer[place]) for answer in answers) for place in (0, 1)] == [40, 40]
    assert harness.events().count(("sheets.row.changed", "added")) == len(harness.ids()) == len(harness.clips()) == 40


INTERRUPTED = """
import sys
from pathlib import Path
from sqlalchemy import create_engine
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import sync_sheet

settings = Settings.model_validate({"home": "/nowhere", "sheets": [{"name": "hands", "path": sys.argv[2]}]})

def stop(count):
    print(count, flush=True)
    sys.stdin.readline()

sync_sheet(create_engine(sys.argv[1]), settings, "hands", correlation_id="killed", progress=stop)
"""


def test_a_pass_that_is_killed_after_writing_leaves_nothing_behind(harness: SheetHarness) -> None:
    harness.write(*LINES[:2])
    harness.sync()
    events = harness.events()
    harness.write(*LINES[1:])
    url = harness.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", INTERRUPTED, url, str(harness.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "5\n"
        killed.kill()

    assert harness.events() == events
    assert set(harness.ids()) == {"show 1", "show 2"}
    assert harness.sync().added == 4


LISTED: list[tuple[dict[str, Any], list[int]]] = [
    ({"page": Page(limit=9)}, [1, 2, 3]),
    ({"sheet": "hands", "status": "matched", "page": Page(limit=9)}, [1]),
    ({"sheet": "hands", "status": "ambiguous", "page": Page(limit=9)}, [2]),
    ({"status": "none", "page": Page(limit=9)}, [3]),
    ({"sheet": "another", "page": Page(limit=9)}, []),
    ({"page": Page(limit=2)}, [1, 2]),
    ({"page": Page(limit=2, after=2)}, [3]),
    ({"state": "several videos", "page": Page(limit=9)}, [2]),
    ({"state": "no video", "page": Page(limit=9)}, [3]),
    ({"state": "waiting", "page": Page(limit=9)}, [1]),
    ({"state": "ready", "page": Page(limit=9)}, []),
]


def test_rows_are_listed_with_their_video_or_their_candidates(harness: SheetHarness) -> None:
    harness.add_files("show 1.mp4", "b/show 2.mp4", "a/show 2.mp4")
    harness.write(*LINES[:3])
    harness.sync()

    with harness.engine.connect() as connection:
        listed = [list_rows(connection, **filters) for filters, _ in LISTED]

    assert [[row.row_number - 1 for row in rows] for rows in listed] == [numbers for _, numbers in LISTED]
    assert [row.state for row in listed[0]] == ["waiting", "several videos", "no video"]
    assert [(row.path, row.candidates) for row in listed[0]] == [
        ("show 1.mp4", ("show 1.mp4",)),
        (None, ("a/show 2.mp4", "b/show 2.mp4")),
        (None, ("show 1.mp4", "a/show 2.mp4", "b/show 2.mp4")),
    ]


ICONIK_HEADER = "id,title,time_start_ms,time_end_ms,PlayersTags,PokerPlayTags,Emotion\n"
SMUGGLED = r'"[""Ana\u0000"",""Tom \ud83d""]"'


def test_characters_that_no_database_stores_do_not_break_the_pass(harness: SheetHarness) -> None:
    harness.path.write_text(f"{ICONIK_HEADER}u-1,show 1,1000,2000,{SMUGGLED},{SMUGGLED},{SMUGGLED}\n", encoding="utf-8")

    assert harness.sync().rows == 1
    assert harness.build().clips == 1
    assert [row[0] for row in harness.execute("select key from players order by 1")] == ["ana", "tom"]


def test_a_sheet_whose_file_name_is_not_utf8_is_read_and_its_failures_are_kept(harness: SheetHarness) -> None:
    path = Path(f"{harness.path.parent}/hand\udcff.csv")
    settings = harness.settings.model_copy(
        update={"sheets": (harness.settings.sheets[0].model_copy(update={"path": path}),)}
    )
    harness.write(*LINES)
    harness.path.rename(path)
    harness.settings = settings

    assert harness.sync().rows == 6
    path.write_bytes(b"")
    with pytest.raises(BadInput, match="0 bytes"):
        harness.sync()
    assert harness.execute("select tab, error from sheet_rows, sheet_states limit 1")[0][0] == "hand\ufffd"


def test_sheets_of_one_database_are_independent(harness: SheetHarness, tmp_path: Path) -> None:
    harness.write(*LINES)
    harness.sync()
    twin: dict[str, Any] = {"name": "twin", "path": tmp_path / "twin.csv"}
    settings = type(harness.settings).model_validate({**harness.settings.model_dump(), "sheets": [twin]})
    other = SheetHarness(engine=harness.engine, settings=settings, path=twin["path"], sheet="twin")
    other.write(*LINES)

    report = other.sync()

    assert (report.added, report.removed) == (6, 0)
    assert not {*harness.ids().values()} & {*other.ids().values()}
    with harness.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from sheet_rows where retired_at is not null")) == 0
