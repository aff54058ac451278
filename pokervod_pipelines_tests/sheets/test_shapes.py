"""Read every layout of sheet that people keep, from the file on disk to the clips."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.sheets.reading import find_repeated_ids, read_workbook
from pokervod_pipelines.sheets.rows import AnnotationRow
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines.sheets.vocabulary import OTHER_TABLES
from pokervod_pipelines_tests.sheets.harness import COLUMNS, SheetHarness, make_line, write_book
from pokervod_pipelines_tests.sheets.samples import ARCHIVE_HEADER, ICONIK_HEADER, TRACKER_HEADER

CLIPS = """
    select c.title, f.path, c.in_ms, c.out_ms, c.grade, c.hands,
           array(select name from clip_players cp join players p on p.id = player_id
                 where clip_id = c.id order by position) as players,
           array(select category || ':' || name from clip_tags join tags t on t.id = tag_id
                 where clip_id = c.id order by category, name) as tags
    from hand_clips c join sheet_rows r on r.id = c.sheet_row_id left join nas_files f on f.id = c.file_id
    where c.sheet = :sheet and c.retired_at is null and c.problem is null order by r.tab, r.row_number
"""


def read_clips(harness: SheetHarness) -> list[tuple[Any, ...]]:
    harness.sync()
    harness.build()
    return [tuple(row) for row in harness.execute(CLIPS)]


def write_lines(path: Path, lines: list[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(lines)


def test_an_archive_workbook_with_two_tabs_and_typed_times_becomes_clips(harness: SheetHarness) -> None:
    harness.add_files("SHOW/SHOW 2031/SHOW_2031_02.mxf", "SHOW/late show.mp4")
    harness.read_from(harness.path.with_suffix(".xlsx"))
    link = r"\\nas\archive\SHOW\SHOW 2031"
    first = (
        2,
        "SHOW_2031_02",
        link,
        dt.time(0, 12, 47),
        dt.time(0, 14, 1),
        "★★★",
        "JJ",
        "88 vs JJ",
        "Ana Ruiz",
        "Tom Berg",
    )
    second = (3, "LATE SHOW.mp4", "", "6:58:55", "6:59:30", "★", "", "AKo", "", "", "Eve", "Bad beat", "Cooler")
    write_book(harness.path, {"2031": [ARCHIVE_HEADER, first], "late": [("notes",), (), ARCHIVE_HEADER, (), second]})

    mxf, late = "SHOW/SHOW 2031/SHOW_2031_02.mxf", "SHOW/late show.mp4"
    assert read_clips(harness) == [
        ("SHOW_2031_02", mxf, 767_000, 841_000, 3, "88 vs JJ", ["Ana Ruiz", "Tom Berg"], []),
        (
            "LATE SHOW.mp4",
            late,
            25_135_000,
            25_170_000,
            1,
            "AKo",
            ["Eve"],
            ["poker_play:bad_beat", "poker_play:cooler"],
        ),
    ]


def test_an_iconik_export_becomes_clips(harness: SheetHarness) -> None:
    harness.add_files("clips/Moss folds a boat.mp4", "clips/Ivy calls.mp4")
    moss = (
        "u-1",
        "Moss folds a boat",
        "136600",
        "513088",
        "",
        "",
        "a hero fold",
        "SHOW",
        "2031",
        '["moss","johnny moss"]',
    )
    ivy = ("u-2", "Ivy calls", "", "", "1.5", "61.25", "", "SHOW", "2031", "Ivy, Phil")
    lines = [
        ICONIK_HEADER,
        (*moss, "★★", "QQs", "Quads", "", "Brutal", "Shock", "TRUE"),
        (*ivy, "", "", "", "Hero Call"),
    ]
    write_lines(harness.path, lines)

    tags = ["adjective:brutal", "emotion:shock", "epic_hand:quads", "poker_play:bad_beat"]
    boat, calls = "clips/Moss folds a boat.mp4", "clips/Ivy calls.mp4"
    assert read_clips(harness) == [
        ("Moss folds a boat", boat, 136_600, 513_088, 2, "QQs", ["moss", "johnny moss"], tags),
        ("Ivy calls", calls, 1_500, 61_250, None, "", ["Phil Ivy"], ["poker_play:hero_call"]),
    ]


def test_a_clip_tracker_with_preamble_and_examples_becomes_clips(harness: SheetHarness) -> None:
    harness.add_files("streams/WSOP 2031 Bracelet Events _ Event #3 $1K Mixed.mp4", "streams/other.mp4")
    lines = [
        ("2031 Clip Tracker",),
        ("rules:\none row per hand",),
        TRACKER_HEADER,
        ("ex) 1", "", "show.mp4", "", "#1 Mixed", "", "00:00:10 - 00:01:00", "A vs B", "AA vs KK"),
        ("1", "o", "", "", "#3 $1K Mixed\n(플레이 모음)", "", "00:05:26 - 00:06:28", "MOSS", "98s"),
        ("2", "", "", "", "", "", "00:07:29 ~ 00:08:34\n(2부)", "MOSS vs IVY", "핸드 없음"),
        ("", "", "", "", "", "", "not aired", "", ""),
        ("3", "", "other.mp4", "", "#4 Stud", "", "00:00:11 - 00:00:20", "IVY, ANA", ""),
    ]
    write_lines(harness.path, lines)

    clips = read_clips(harness)

    assert [(clip[2], clip[3], clip[6]) for clip in clips] == [
        (326_000, 388_000, ["MOSS"]),
        (449_000, 514_000, ["MOSS", "IVY"]),
        (11_000, 20_000, ["IVY", "ANA"]),
    ]
    assert [clip[1] and clip[1].rpartition(" ")[2] for clip in clips] == ["Mixed.mp4", "Mixed.mp4", "streams/other.mp4"]


def test_the_real_rows_keep_their_times_and_are_read_the_same_twice(harness: SheetHarness, shared_data: Path) -> None:
    with (shared_data / "sheets" / "clip_tracker_2025_rows.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    lines = [
        make_line(place, In=row["timecode_in"], Out=row["timecode_out"], Hands=row["hands"])
        for place, row in enumerate(rows, start=1)
    ]
    harness.add_files(*(f"show {place}.mp4" for place in range(1, len(rows) + 1)))
    harness.write(*lines)

    report, clips = harness.sync(), harness.build()

    assert (report.rows, report.matched, clips.failed) == (len(rows), len(rows), 0)
    assert harness.sync(full=True).unchanged == harness.build().unchanged == len(rows)


class Pages:
    """Stand in for a workbook that is not a file, such as a Google sheet."""

    name = "pages"

    def __init__(self, *tabs: Tab) -> None:
        self._tabs = tabs

    def revision(self) -> str:
        return "1"

    def tabs(self) -> tuple[Tab, ...]:
        return self._tabs


STATUS_HEADER = OTHER_TABLES["a work status table"]
GOOD = Tab("good", (COLUMNS, make_line(1), ("",) * len(COLUMNS), make_line(2)))
NO_HEADER = Tab("lost", (make_line(1), make_line(2)))
FORMULA_CELLS = [
    # the cell, whether it keeps the tab from being read
    ((1, 3), True),  # an In
    ((3, 0), True),  # a File No., without which the row would look like a remark
    ((0, 3), False),  # the header was found without it
    ((3, len(COLUMNS)), False),  # a column of nobody's
]


def test_every_tab_is_read_or_named_with_its_reason() -> None:
    reading = read_workbook(Pages(NO_HEADER, GOOD, Tab("new", ()), Tab("PIC", (STATUS_HEADER,))))

    assert [(row.tab, row.row_number) for row in reading.rows] == [("good", 2), ("good", 4)]
    assert (reading.skipped, [*reading.unread]) == (1, ["lost"])
    assert [problem.where for problem in reading.problems] == ["lost"]


@pytest.mark.parametrize(("cell", "is_unread"), FORMULA_CELLS)
def test_a_formula_without_a_value_matters_in_annotation_columns_only(cell: tuple[int, int], is_unread: bool) -> None:
    reading = read_workbook(Pages(Tab("good", GOOD.cells, uncomputed=(cell,))))

    assert ([*reading.unread] == ["good"]) == is_unread
    assert len(reading.rows) == (0 if is_unread else 2)


def test_what_no_database_stores_is_replaced_where_it_is_read() -> None:
    dirty = tuple(tuple(cell.replace("show", "sh\0w\ud800") for cell in row) for row in GOOD.cells)

    reading = read_workbook(Pages(Tab("ta\0b", dirty)))

    assert {row.tab for row in reading.rows} == {"ta\ufffdb"}
    assert reading.rows[0].file_name == "sh\ufffdw\ufffd 1"


def test_each_repeated_id_is_reported_once_for_every_row_below_the_first() -> None:
    rows = [
        AnnotationRow(tab=tab, row_number=number, source_id=source_id)
        for tab, number, source_id in [
            ("a", 2, "x"),
            ("a", 3, ""),
            ("a", 4, ""),
            ("b", 2, "x"),
            ("b", 3, "y"),
            ("b", 4, "x"),
        ]
    ]

    assert [(problem.where, "a row 2" in problem.what) for problem in find_repeated_ids(rows)] == [
        ("b row 2", True),
        ("b row 4", True),
    ]
