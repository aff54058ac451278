"""Check that a workbook is read as the text people see, and that an unreadable one is never an empty tab."""

import datetime as dt
import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.sheets.tab import column_letters
from pokervod_pipelines.sheets.workbook import MAX_FILE_BYTES, open_workbook
from pokervod_pipelines.sheets.xlsx import parse_xlsx
from pokervod_pipelines.text.delimited import parse_delimited, sniff_delimiter

TEXT = "File No.,이름\n1,배드빗\n"


def write_xlsx(path: Path, cells: list[tuple[Any, str | None]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row, (value, number_format) in enumerate(cells, start=1):
        cell = sheet.cell(row, 1, value)
        if number_format:
            cell.number_format = number_format
    book.save(path)


def rewrite_part(path: Path, part: str, pattern: bytes, replacement: bytes) -> None:
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts[part] = re.sub(pattern, replacement, parts[part])
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)


def save_small_book() -> bytes:
    book, saved = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(["File No.", "이름"])
    book.save(saved)
    return saved.getvalue()


SMALL_BOOK = save_small_book()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp949"])
def test_a_csv_is_read_in_every_encoding_people_save(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "hands.csv"
    path.write_bytes(TEXT.encode(encoding))

    (tab,) = open_workbook(path).tabs()

    assert tab.title == "hands"
    assert tab.cells == (("File No.", "이름"), ("1", "배드빗"))


def test_a_csv_in_another_encoding_is_read_by_its_setting(tmp_path: Path) -> None:
    path = tmp_path / "hands.csv"
    path.write_bytes("Player,Åsa Älv\nNote,It’s Daniel’s bluff\n".encode("cp1252"))

    with pytest.raises(BadInput, match=r"hands\.csv: .* looks like Windows-1252 .*set `sheets\[\]\.encoding: cp1252`"):
        open_workbook(path).tabs()
    given = open_workbook(path, "cp1252")
    (tab,) = given.tabs()

    assert tab.cells == (("Player", "Åsa Älv"), ("Note", "It’s Daniel’s bluff"))
    assert given.revision() != open_workbook(path).revision()


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('a,b\n"two\nlines",2\n', ("two\nlines", "2")),
        ('a;b\n"1,5";2\n', ("1,5", "2")),
        ("a\tb\nQuads, tears\t2\n", ("Quads, tears", "2")),
        ('a,b\nsay "hi",2\n', ('say "hi"', "2")),  # a stray quote, as hand-made files have it
        ('a,b\r\n"x ""y""",2\r\n', ('x "y"', "2")),
    ],
)
def test_cells_keep_their_line_breaks_quotes_and_delimiters(text: str, cells: tuple[str, ...]) -> None:
    assert parse_delimited(text.encode(), file=Path("x.csv"))[1] == list(cells)


HANDS = [f"{number},a{number}.mp4,0:0{number}:00,Ana,good\n" for number in range(1, 9)]


def write_hands(changed: dict[int, tuple[str, str]], header: str = "File No.,File Name,In,Players,Comment\n") -> str:
    return header + "".join(row.replace(*changed.get(at, ("", ""))) for at, row in enumerate(HANDS, start=2))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (write_hands({5: ("good", '"good')}), "line 5, cell 5: .* up to line 9"),  # never closed
        (write_hands({9: ("good", '"good')}), "line 9, cell 5: a quote opens and is not closed. Correct"),
        (write_hands({5: ("4,a", '"4,a'), 7: ("Ana", '"Ana, Bo"')}), "line 5, cell 1: .* up to line 7"),
        (write_hands({5: ("good", '"good'), 7: ("Ana", '5"')}), "line 5, cell 5: .* up to line 7"),  # inches close it
        (write_hands({3: ("Ana", '"'), 4: ("Ana", '"')}), "line 3, cell 4: .* up to line 4"),  # ditto marks
        (write_hands({3: ("good", '"'), 8: ("good", '"')}), "line 3, cell 5: .* up to line 8"),
        (write_hands({6: ("Ana", '"')}, 'File No.,File Name,In,"Players,Comment\n'), "line 1, cell 4: .* up to line 6"),
        (write_hands({5: ("good", '"good'), 7: ("Ana", '5"')}).replace(",", ";"), "line 5, cell 5"),
        (write_hands({5: ("good", '"good'), 7: ("Ana", '5"')}).replace("\n", "\r\n"), "line 5, cell 5"),
    ],
)
def test_a_quote_that_stays_open_never_takes_in_rows(text: str, place: str) -> None:
    with pytest.raises(BadInput, match=rf"hands\.csv: {place}"):
        parse_delimited(text.encode(), file=Path("hands.csv"))


@pytest.mark.parametrize(
    "text",
    [
        write_hands({4: ("good", '"He said "hi" there"')}),
        write_hands({4: ("good", '"He said "hi" there"'), 6: ("good", '"two\nlines"')}),
        write_hands({4: ("good", '"one, two, three, four, five\nAna, Bo, Cy, Di, Ed\n\nlast"')}),
        write_hands({4: ("Ana,good", '"Ana, Bo\nCy, Di",good'), 5: ("good", '"x ""y"" z"')}),
        "".join('"' + row.strip().replace(",", '","') + '\nsecond line\nthird"\n' for row in ("No,x,y,z,a\n", *HANDS)),
    ],
)
def test_quotes_inside_cells_and_cells_of_several_lines_keep_every_row(text: str) -> None:
    assert len(parse_delimited(text.encode(), file=Path("hands.csv"))) == 1 + len(HANDS)


def test_a_tab_separated_file_with_commas_in_its_text_is_split_at_tabs() -> None:
    assert sniff_delimiter("a, b\tc\nd, e\tf\n", preferred="\t") == "\t"


def test_commas_inside_numbers_are_no_delimiters_where_another_one_splits_the_rows() -> None:
    assert sniff_delimiter("a;b;c\n" + "1;Bo, Cy;10,250,000\n" * 9, preferred=",") == ";"
    assert sniff_delimiter("a,b,c\n" + "1,100,200\n" * 9 + "1,x; y,200\n", preferred=",") == ","


@pytest.mark.parametrize(
    "top", ["No,Pot,Players", "No,Pot,Players; seats", "Day 1\n\nNo,Pot,Players", "Day 1; x\nNo,Pot,Players"]
)
def test_a_column_of_three_digits_is_split_by_commas_beside_cells_with_others(top: str) -> None:
    text = f"{top}\n1,150,Ana; Bo; Cy\n2,200,Di; Ed; Fi\n"

    assert parse_delimited(text.encode(), file=Path("hands.csv"))[-1] == ["2", "200", "Di; Ed; Fi"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "0 bytes"),
        ("empty.xlsx", b"", "0 bytes"),
        ("blank.csv", b"\n,,\n \n", "is empty"),
        ("null.csv", b"a,b\n1,\x002\n", "line 2 contains a null byte"),
        ("noise.csv", b"a,b\n\xff\xff,1\n", "Expected UTF-8, got what looks like .*line 2"),
        (
            "glued.csv",
            "이름,배드빗\n".encode() * 3 + "이름,배드빗\n".encode("cp949"),
            "line 4 is not UTF-8, other lines are",
        ),
        ("half.csv", b'a,b\n"never closed,1\n', "is not closed"),
        ("huge.csv", b"a,b\n" + b"x" * 200_000 + b",1\n", "line"),
        ("text.xlsx", b"not a zip", "damaged"),
        ("old.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 512, "password"),
        ("notes.docx", b"PK", "Save it as one of"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_file_and_place(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(BadInput, match=message) as refused:
        open_workbook(path).tabs()

    assert name in str(refused.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_workbook_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.xlsx"
    write_xlsx(path, [(f"row {number}", None) for number in range(200)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(BadInput, match=r"cut\.xlsx"):
        open_workbook(path).tabs()


@pytest.mark.parametrize("name", ["gone.csv", "gone.xlsx"])
def test_a_file_that_vanished_is_unavailable_not_empty(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unavailable, match=name):
        open_workbook(tmp_path / name)


def test_a_folder_or_a_pipe_in_place_of_a_workbook_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")

    for name in ("folder.xlsx", "pipe.csv"):
        with pytest.raises(BadInput, match=f"{name}: expected a file"):
            open_workbook(tmp_path / name)


def test_a_video_saved_under_the_name_of_a_sheet_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "hands.csv").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    with pytest.raises(BadInput, match="too many for a sheet"):
        open_workbook(tmp_path / "hands.csv")


def test_a_formula_without_a_saved_value_is_not_a_blank_cell(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "made.xlsx", [("=1+1", None), (None, None), ("text", None), ("=A1", None)])

    (tab,) = open_workbook(tmp_path / "made.xlsx").tabs()

    assert ["".join(row) for row in tab.cells] == ["", "", "text"]
    assert tab.uncomputed == ((0, 0), (3, 0))


def test_a_formula_whose_value_is_an_empty_text_is_computed(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "made.xlsx", [("=A2", None), ("=A3", None)])
    rewrite_part(
        *(tmp_path / "made.xlsx", "xl/worksheets/sheet1.xml"),
        *(rb'<c r="A1"[^>]*><f>A2</f>.*?</c>', rb'<c r="A1" t="str"><f>A2</f><v></v></c>'),
    )

    (tab,) = open_workbook(tmp_path / "made.xlsx").tabs()

    assert tab.uncomputed == ((1, 0),)


@given(place=st.floats(0, 1), byte=st.integers(0, 255))
def test_a_workbook_with_a_damaged_byte_is_read_or_refused(place: float, byte: int) -> None:
    content = bytearray(SMALL_BOOK)
    content[int(place * (len(content) - 1))] = byte

    try:
        refusal = "" if parse_xlsx(bytes(content), file=Path("damaged.xlsx")) else "nothing was read"
    except BadInput as refused:
        refusal = str(refused)

    assert refusal == "" or "damaged.xlsx" in refusal


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (136600, None, "136600"),
        (136600.0, None, "136600"),
        (1.5, None, "1.5"),
        (True, None, "TRUE"),
        (False, None, "FALSE"),
        ("  ★★ ", None, "  ★★ "),
        (dt.time(6, 58, 55), "h:mm:ss", "6:58:55"),
        (dt.time(0, 12, 47), "h:mm:ss", "0:12:47"),
        (dt.time(0, 12, 47), "mm:ss", "12:47"),
        (dt.time(12, 47), "h:mm", "12:47"),  # typed as m:ss, stored as hours
        (dt.timedelta(hours=25, seconds=3), "[h]:mm:ss", "25:00:03"),
        (dt.time(0, 0, 1, 500_000), "h:mm:ss.000", "0:00:01.500"),
        (dt.datetime(2031, 5, 7), "yyyy-mm-dd", "2031-05-07"),  # noqa: DTZ001 - a cell has no zone
        (dt.datetime(2031, 5, 7, 20, 30), None, "2031-05-07 20:30:00"),  # noqa: DTZ001
    ],
)
def test_a_cell_is_the_text_a_person_sees(tmp_path: Path, value: object, number_format: str | None, text: str) -> None:
    path = tmp_path / "cells.xlsx"
    write_xlsx(path, [(value, number_format)])

    (tab,) = open_workbook(path).tabs()

    assert tab.cells == ((text,),)


def test_blank_rows_inside_a_tab_keep_the_row_numbers_below(tmp_path: Path) -> None:
    path = tmp_path / "gaps.xlsx"
    write_xlsx(path, [("first", None), (None, None), (None, None), ("fourth", None)])

    (tab,) = open_workbook(path).tabs()

    assert [row[0] if row else "" for row in tab.cells] == ["first", "", "", "fourth"]


def test_every_tab_is_read_in_order(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("둘째 탭")
    book.save(tmp_path / "two.xlsx")

    assert [tab.title for tab in open_workbook(tmp_path / "two.xlsx").tabs()] == ["Sheet", "둘째 탭"]


def test_the_revision_follows_the_content_alone(tmp_path: Path) -> None:
    path = tmp_path / "hands.csv"
    path.write_text("a,b\n1,2\n")
    before = open_workbook(path).revision()
    os.utime(path, (1, 1))
    touched = open_workbook(path).revision()
    path.write_text("a,b\n1,3\n")
    os.utime(path, (1, 1))

    assert touched == before
    assert open_workbook(path).revision() != before


def test_a_workbook_once_opened_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "hands.csv"
    path.write_text("a,b\n1,2\n")
    workbook = open_workbook(path)
    path.unlink()

    assert workbook.name == "hands.csv"
    assert workbook.tabs()[0].cells[1] == ("1", "2")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        cells, refusal = parse_delimited(content, file=Path("any.csv")), ""
    except BadInput as refused:
        cells, refusal = (), str(refused)

    assert any(cell.strip() for row in cells for cell in row) or "any.csv" in refusal


@given(st.integers(0, 20_000))
def test_column_letters_count_like_a_sheet(index: int) -> None:
    number = 0
    for letter in column_letters(index):
        number = number * 26 + ord(letter) - ord("A") + 1

    assert number == index + 1
