"""Check formulas, number formats and typed text, by table."""

from datetime import UTC, datetime, timedelta

import pytest

from pokervod_pipelines_tests.google.cells import Cell, Formula, Value, make_cell, parse_entry, show_value
from pokervod_pipelines_tests.google.formulas import evaluate, move_references, shift_relative
from pokervod_pipelines_tests.google.locales import LOCALES
from pokervod_pipelines_tests.google.model import make_spreadsheet

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SHEET: dict[tuple[int, int], Value] = {
    (0, 0): "ante",
    (0, 1): 4,
    (4, 16): "Text",
    (1, 0): "#REF!",
    (2, 0): "Loading...",
}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('=IF($Q5="text","then","else")', "then"),  # comparison has no case
        ('=IF(A1="","then","say ""else""")', 'say "else"'),
        ("=A1", "ante"),
        ('=A1&"x"', "antex"),
        ("=C9", 0),  # a reference to a blank cell
        ('=C9&"!"', "!"),
        ("=1+2*3", 7),
        ("=(1+2)*3-B1/2", 7),
        ("=-B1", -4),
        ("=UPPER(A1)", "ANTE"),
        ("=upper($A$1)", "ANTE"),
        ("=NOW()", 46027.5),
        ("=1/0", "#DIV/0!"),
        ("=A1+1", "#VALUE!"),
        ("=A2+1", "#REF!"),  # an error is contagious
        ("=#REF!&1", "#REF!"),
        ("=VLOOKUP(A1,B:C,2)", "#NAME?"),
        ("=1+", "#ERROR!"),
        ("=Other!A1", "#ERROR!"),
        ("=NA()", "#N/A"),
        ("=A3&1", "Loading..."),
        ("=IFERROR(1/0,7)", 7),
        ("=IFERROR(A2;UPPER(A1))", "ANTE"),
        ("=IFERROR(NA())", ""),
        ("=IFERROR((1+2)*3,7)", 9),
        ('=ISERROR(UPPER(")")&A2)', True),
        ("=ISERROR(B1)", False),
        ("=TRUE", True),
    ],
)
def test_the_small_language_is_evaluated_and_the_rest_is_no_name(formula: str, value: object) -> None:
    assert evaluate(formula, lambda row, column: SHEET.get((row, column)), NOON) == value


@pytest.mark.parametrize(
    ("formula", "after"),
    [
        ("=A5", "=A6"),
        ("=$A$5+B1", "=$A$6+B1"),
        ('="A5"&A5', '="A5"&A6'),  # text in quotes is no reference
        ("=A2", "=#REF!"),
        ("=LOG10(A5)", "=LOG10(A6)"),  # a function that looks like a cell
    ],
)
def test_references_follow_the_cells_they_name(formula: str, after: str) -> None:
    def moved(row: int, column: int) -> tuple[int, int] | None:
        return None if row == 1 else (row + 1 if row > 1 else row, column)

    assert move_references(formula, moved) == after


@pytest.mark.parametrize(("formula", "after"), [("=A5&B$5", "=A8&B$5"), ("=A1", "=A4")])
def test_a_copied_formula_refers_to_its_own_row(formula: str, after: str) -> None:
    assert shift_relative(formula, 3) == after


def test_a_copy_that_would_refer_above_the_sheet_is_broken() -> None:
    assert shift_relative("=A2", -3) == "=#REF!"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (12, "", "12"),
        (12.0, "", "12"),
        (0.1 + 0.2, "", "0.3"),
        (1 / 3, "", "0.3333333333"),
        (1e20, "", "1E+20"),
        (True, "", "TRUE"),
        ("=RAW", "", "=RAW"),
        (1234567, "#,##0", "1,234,567"),
        (-1234.5, "#,##0.00", "-1,234.50"),
        (1500, '"$"#,##0', "$1,500"),
        (0.256, "0%", "26%"),
        (0.125, "0.0%", "12.5%"),
        (1234.5, "#,##0", "1,235"),
        (-1234.5, "#,##0", "-1,235"),
        (2.5, "0", "3"),
        (1.005, "0.00", "1.01"),
        (1234567, "#,##0,", "1,235"),
        (1234500, "0,", "1235"),
        (12_345_500_000, "#,##0,,", "12,346"),
        (12500, "0.0E+00", "1.3E+04"),
        (99500, "0.0E+00", "1.0E+05"),
        (0.0000125, "0.0E+00", "1.3E-05"),
        (0, "0.00E+00", "0.00E+00"),
        (27.5 / 24, "[h]:mm:ss", "27:30:00"),
        (27.5 / 24, "h:mm:ss", "3:30:00"),
        (5025 / 86400, "h:mm:ss", "1:23:45"),
        (45.0 / 86400, "mm:ss", "00:45"),
        (46027.5, "yyyy-mm-dd", "2026-01-05"),
        (46027.5625, "m/d/yyyy h:mm AM/PM", "1/5/2026 1:30 PM"),
        (46027, "mmm d, yyyy", "Jan 5, 2026"),
        (5025.256 / 86400, "h:mm:ss.00", "1:23:45.26"),
        (5025 / 86400, "[$-en-US]h:mm", "1:23"),
        (1234.5, "[red]0", "1235"),
        (1.04383, "yyyy-mm-dd h:mm:ss", "1899-12-31 1:03:07"),
    ],
)
def test_a_number_shows_as_its_format_says(value: float, number_format: str, text: str) -> None:
    assert show_value(value, number_format) == text


@pytest.mark.parametrize(
    ("typed", "cell"),
    [
        ("12", Cell(12)),
        ("1.5", Cell(1.5)),
        ("1,200", Cell(1200, "#,##0")),
        ("true", Cell(True)),
        ("=A1", Cell(Formula("=A1"))),
        ("'=A1", Cell("=A1")),
        ("'007", Cell("007")),
        ("1:30:00", Cell(0.0625, "h:mm:ss")),
        ("36:00:00", Cell(1.5, "[h]:mm:ss")),
        ("2026-01-05", Cell(46027, "yyyy-mm-dd")),
        ("2026-13-05", Cell("2026-13-05")),
        ("clip 12", Cell("clip 12")),
        ("50%", Cell(0.5, "0%")),
        ("=", Cell("=")),
    ],
)
def test_typed_text_becomes_what_sheets_makes_of_it(typed: str, cell: Cell) -> None:
    assert parse_entry(typed) == cell


@pytest.mark.parametrize(
    ("given", "cell"),
    [
        (None, None),
        ("", None),
        (timedelta(hours=36), Cell(1.5, "[h]:mm:ss")),
        (datetime(2026, 1, 5, 12, tzinfo=UTC), Cell(46027.5, "yyyy-mm-dd h:mm:ss")),
        (NOON.time(), Cell(0.5, "h:mm:ss")),
        (NOON.date(), Cell(46027, "yyyy-mm-dd")),
    ],
)
def test_what_a_workbook_holds_becomes_serial_numbers(given: object, cell: Cell | None) -> None:
    assert make_cell(given) == cell


@pytest.mark.parametrize(
    ("locale", "value", "number_format", "text"),
    [
        ("de_DE", 1234.5, "#,##0", "1.235"),
        ("de_DE", 1234.5, "", "1234,5"),
        ("de_DE", True, "", "WAHR"),
        ("de_DE", 0.0625, "h:mm:ss.00", "1:30:00,00"),
        ("fr_FR", 1234567.25, "#,##0.00", "1\u202f234\u202f567,25"),
        ("fr_FR", 0.125, "0.0%", "12,5%"),
        ("ko_KR", 0.29091435, "am/pm h:mm:ss", "오전 6:58:55"),
        ("ko_KR", 0.79091435, "am/pm h:mm:ss", "오후 6:58:55"),
        ("ko_KR", 1234.5, "#,##0", "1,235"),
        ("en_US", 0.29091435, "h:mm:ss am/pm", "6:58:55 AM"),
        ("sv_SE", 123450, "0.0E+00", "1,2E+05"),
    ],
)
def test_a_value_shows_as_in_its_country(locale: str, value: Value, number_format: str, text: str) -> None:
    assert show_value(value, number_format, LOCALES[locale]) == text


@pytest.mark.parametrize(
    ("locale", "typed", "cell"),
    [
        ("de_DE", "1,5", Cell(1.5)),
        ("de_DE", "1.234", Cell(1234, "#,##0")),
        ("de_DE", "wahr", Cell(True)),
        ("de_DE", "1:30:00", Cell(0.0625, "h:mm:ss")),
        ("fr_FR", "12,5%", Cell(0.125, "0.00%")),
        ("ko_KR", "오전 6:58:55", Cell(25135 / 86400, "am/pm h:mm:ss")),
        ("ko_KR", "1,5", Cell("1,5")),
        ("en_US", "6:58:55 PM", Cell(68335 / 86400, "h:mm:ss am/pm")),
        ("en_US", "12:00:01 AM", Cell(1 / 86400, "h:mm:ss am/pm")),
        ("en_US", "오전 6:58:55", Cell("오전 6:58:55")),
    ],
)
def test_typed_text_is_read_as_in_its_country(locale: str, typed: str, cell: Cell) -> None:
    assert parse_entry(typed, LOCALES[locale]) == cell


@pytest.mark.parametrize(
    ("locale", "formula", "shown"),
    [
        ("en_US", '=IF(A1="x","yes; no","")', "yes; no"),
        ("en_US", '=IF(A1="x";"yes, no";"")', "yes, no"),
        ("de_DE", '=IF(A1="x";"yes, no";"")', "yes, no"),
        ("de_DE", '=IF(A1="x","yes","")', "#ERROR!"),
        ("de_DE", "=1,5*2", "3"),
        ("de_DE", "=3/2", "1,5"),
    ],
)
def test_a_formula_is_read_as_in_its_country(locale: str, formula: str, shown: str) -> None:
    sheet = make_spreadsheet({"T": [["x", None]]}, "T")
    sheet.locale = LOCALES[locale]

    sheet.enter("T", 1, 2, formula)

    assert sheet.shown("T") == [["x", shown]]
