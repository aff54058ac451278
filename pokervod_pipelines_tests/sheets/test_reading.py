"""Read whole workbooks in the layouts people keep: file to tabs to rows, and again after edits."""

from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from pokervod_pipelines.sheets.align import Alignment, align_rows
from pokervod_pipelines.sheets.headers import AnnotationLayout, SkippedTab, find_layout
from pokervod_pipelines.sheets.reading import read_workbook
from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint, read_rows
from pokervod_pipelines.sheets.stored_rows import StoredRow
from pokervod_pipelines.sheets.workbook import open_workbook
from pokervod_pipelines_tests.sheets.samples import ARCHIVE_HEADER

Lines = list[tuple[str, ...]]


def write_book(path: Path, tabs: dict[str, Lines]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, lines in tabs.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book.save(path)
    return path


def read_book(path: Path) -> list[AnnotationRow]:
    rows: list[AnnotationRow] = []
    for tab in open_workbook(path).tabs():
        layout = find_layout(tab)
        if isinstance(layout, AnnotationLayout):
            rows += read_rows(tab, layout).rows
    return rows


def make_lines(count: int, show: str = "show") -> Lines:
    return [
        (f"{n // 3 + 1}", f"{show} {n // 3 + 1}", "", f"0:{n:02d}:00", f"0:{n:02d}:40", "★", "", "AA vs KK")
        for n in range(count)
    ]


def store(rows: Sequence[AnnotationRow]) -> list[StoredRow]:
    return [
        StoredRow(
            id=number,
            fingerprint=fingerprint(row),
            source_id=row.source_id,
            file_no=row.file_no,
            file_name=row.file_name,
            time_in=row.time_in,
            time_out=row.time_out,
            hands=row.hands,
        )
        for number, row in enumerate(rows, start=1)
    ]


def test_tabs_with_their_header_in_different_rows_are_read_together(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "archive.xlsx",
        {
            "first": [ARCHIVE_HEADER, *make_lines(3)],
            "third": [("metadata, third season",), ("",), ARCHIVE_HEADER, *make_lines(2, "late show")],
            "status": [("Archive", "Category", "PIC", "Status", "Total", "Excel Done")],
            "empty": [],
        },
    )

    rows = read_book(path)

    assert [(row.tab, row.row_number) for row in rows] == [
        ("first", 2),
        ("first", 3),
        ("first", 4),
        ("third", 4),
        ("third", 5),
    ]


def test_each_unread_tab_has_a_reason(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "odd.xlsx",
        {"work": [("Archive", "Category", "PIC", "Status", "Total")], "notes": [("call Tim",)], "new": []},
    )

    found = [find_layout(tab) for tab in open_workbook(path).tabs()]

    assert [isinstance(layout, SkippedTab) and layout.is_problem for layout in found] == [False, True, False]


def test_a_tracker_csv_with_preamble_examples_and_line_breaks_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tracker.csv"
    path.write_bytes(
        "2031 Clip Tracker,,,,,\r\n"
        '"rules:\r\none row per hand",,,,,\r\n'
        "File No.,Filename,Event Name,timecode range,players,hands\r\n"
        "ex) 1,show.mp4,#1 Mixed,00:00:10 - 00:01:00,A vs B,AA vs KK\r\n"
        '1,,"#3 $1K Mixed\n(플레이 모음)",00:05:26 - 00:06:28,MOSS,98s\r\n'
        "2,,,00:07:29 - 00:08:34,MOSS vs IVY,핸드 없음\r\n"
        ",,,,,,\r\n"
        ",,,not aired,,\r\n"
        '3,,#4 Stud,"00:00:11 - 00:00:20\n(2부)","IVY, ANA",\r\n'.encode("utf-8-sig")
    )

    rows = read_book(path)

    assert [(row.row_number, row.file_no, row.file_name) for row in rows] == [
        (5, "1", "#3 $1K Mixed\n(플레이 모음)"),
        (6, "2", "#3 $1K Mixed\n(플레이 모음)"),
        (9, "3", "#4 Stud"),
    ]
    assert [row.players for row in rows] == [("MOSS",), ("MOSS vs IVY",), ("IVY, ANA",)]


def edit_nothing(lines: Lines) -> Lines:
    return lines


def insert_above(lines: Lines) -> Lines:
    return [("99", "new show", "", "0:00:01", "0:00:09"), *lines]


def delete_one(lines: Lines) -> Lines:
    return lines[:4] + lines[5:]


def sort_downwards(lines: Lines) -> Lines:
    return lines[::-1]


def copy_below(lines: Lines) -> Lines:
    return [*lines, lines[0]]


def grade_one(lines: Lines) -> Lines:
    return [*lines[:4], (*lines[4][:5], "★★★", *lines[4][6:]), *lines[5:]]


def blank_between(lines: Lines) -> Lines:
    return [line for pair in zip(lines, [("",)] * len(lines), strict=True) for line in pair]


@pytest.mark.parametrize(
    ("edit", "counts"),
    [
        (edit_nothing, (9, 0, 0, 0)),
        (insert_above, (9, 0, 1, 0)),
        (delete_one, (8, 0, 0, 1)),
        (sort_downwards, (9, 0, 0, 0)),
        (copy_below, (9, 0, 1, 0)),
        (grade_one, (8, 1, 0, 0)),
        (blank_between, (9, 0, 0, 0)),
    ],
)
def test_edits_of_a_workbook_are_reported_as_what_they_are(
    tmp_path: Path, edit: Callable[[Lines], Lines], counts: tuple[int, int, int, int]
) -> None:
    lines = make_lines(9)
    before = read_book(write_book(tmp_path / "a.xlsx", {"tab": [ARCHIVE_HEADER, *lines]}))
    after = read_book(write_book(tmp_path / "b.xlsx", {"tab": [("moved down",), ARCHIVE_HEADER, *edit(lines)]}))

    found: Alignment = align_rows(store(before), after)

    assert (len(found.kept), len(found.changed), len(found.added), len(found.removed)) == counts


def test_rows_above_the_header_are_named_and_examples_are_not(tmp_path: Path) -> None:
    rows = make_lines(3)
    lines = [("a note",), ("ex) 1", *rows[0][1:]), *rows[:2], ARCHIVE_HEADER, rows[2]]
    reading = read_workbook(open_workbook(write_book(tmp_path / "hands.xlsx", {"2031": lines})))

    assert [(each.where, each.what) for each in reading.problems] == [
        ("2031 row 3", "The row is above the header in row 5, like 1 more, and is not read. Move it below.")
    ]
    assert [row.row_number for row in reading.rows] == [6]
