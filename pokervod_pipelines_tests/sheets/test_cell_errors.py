"""Check that error cells have no value and a remark, and that merged cells count in each of their rows."""

from pathlib import Path

import openpyxl
import pytest

from pokervod_pipelines.sheets.reading import SheetReading, read_workbook
from pokervod_pipelines.sheets.workbook import open_workbook
from pokervod_pipelines_tests.sheets.harness import COLUMNS, Line, SheetHarness, make_line, to_csv

GOOD = make_line(1)


def read_csv(path: Path, *lines: Line) -> SheetReading:
    path.write_text(to_csv(lines), encoding="utf-8", newline="")
    return read_workbook(open_workbook(path))


def read_merged(path: Path, lines: list[Line], *ranges: str) -> SheetReading:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in lines:
        sheet.append([cell if cell != "" else None for cell in line])
    for each in ranges:
        sheet.merge_cells(each)
    book.save(path)
    return read_workbook(open_workbook(path))


@pytest.mark.parametrize(
    "error",
    [
        *("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
        *("#ERROR!", "Err:502", "########", " #REF! "),
    ],
)
def test_an_error_is_no_value_and_a_remark(tmp_path: Path, error: str) -> None:
    columns = {"File Name": error, "Hand Grade": error, "Tag (Player)": error, "Tag (Poker Play)": error}
    line = tuple(columns.get(column, cell) for column, cell in zip(COLUMNS, GOOD, strict=True))

    reading = read_csv(tmp_path / "hands.csv", line)

    (row,) = reading.rows
    assert (row.file_name, row.grade, row.players, row.tags) == ("", "", (), ())
    (problem,) = reading.problems
    assert problem.where == "hands row 2"
    assert f"B2 {error.strip()}, F2 {error.strip()}, I2 {error.strip()}, J2 {error.strip()}" in problem.what


@pytest.mark.parametrize("text", ["#1", "#bluff", "# 3", "Event #46", "##", "N/A", "#REF", "Err", "#WSOP!"])
def test_a_text_with_a_number_sign_is_a_text(tmp_path: Path, text: str) -> None:
    reading = read_csv(tmp_path / "hands.csv", make_line(1, File_Name=text))

    assert (reading.rows[0].file_name, reading.problems) == (text, ())


def test_a_row_whose_key_shows_an_error_stays_a_row(tmp_path: Path) -> None:
    reading = read_csv(tmp_path / "hands.csv", GOOD, ("#N/A", *GOOD[1:]))

    assert [(row.row_number, row.file_no) for row in reading.rows] == [(2, "1"), (3, "")]


def test_an_error_beside_the_annotations_is_not_said(tmp_path: Path) -> None:
    path = tmp_path / "hands.csv"
    path.write_text(f"{to_csv([GOOD]).strip()}\r\n".replace("\r\n", ",#REF!\r\n"))

    assert read_workbook(open_workbook(path)).problems == ()


def test_a_clip_does_not_get_a_player_or_tag_from_an_error(harness: SheetHarness) -> None:
    harness.add_files("show 1.mp4")
    lines = [tuple("#N/A" if column.startswith("Tag") else cell for column, cell in zip(COLUMNS, GOOD, strict=True))]
    harness.write(*lines)
    report = harness.sync()
    harness.build()

    assert harness.execute("select count(*) from clip_players")[0][0] == 0
    assert harness.execute("select count(*) from clip_tags")[0][0] == 0
    assert (report.matched, report.problem_count) == (1, 1)


@pytest.mark.parametrize(
    ("ranges", "names"),
    [
        (["B2:B4"], ["show 1", "show 1", "show 1", "show 4"]),
        (["B2:C4"], ["show 1", "show 1", "show 1", "show 4"]),
        (["B2:B3", "B4:B5"], ["show 1", "show 1", "show 3", "show 3"]),
        (["B4:B5"], ["show 1", "show 2", "show 3", "show 3"]),
        (["F2:F5", "B3:B5"], ["show 1", "show 2", "show 2", "show 2"]),
        (["G2:H2"], ["show 1", "show 2", "show 3", "show 4"]),
    ],
)
def test_each_row_has_the_merged_value(tmp_path: Path, ranges: list[str], names: list[str]) -> None:
    lines = [COLUMNS, *(make_line(number) for number in range(1, 5))]

    assert [row.file_name for row in read_merged(tmp_path / "hands.xlsx", lines, *ranges).rows] == names


def test_a_line_with_merged_cells_only_is_blank(tmp_path: Path) -> None:
    lines = [COLUMNS, GOOD, ("",) * len(COLUMNS), make_line(3)]
    reading = read_merged(tmp_path / "hands.xlsx", lines, "A2:A3", "B2:B3")

    assert [row.row_number for row in reading.rows] == [2, 4]


def test_a_header_over_two_rows_does_not_become_a_row(tmp_path: Path) -> None:
    lines = [COLUMNS, ("",) * 3 + ("from", "to"), GOOD]

    assert [row.row_number for row in read_merged(tmp_path / "hands.xlsx", lines, "A1:A2", "B1:B2").rows] == [3]
