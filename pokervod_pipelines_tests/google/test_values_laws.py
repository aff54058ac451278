"""Check laws of reading and writing values: any range, blank ends cut off, rows of different lengths."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines_tests.google import values_api
from pokervod_pipelines_tests.google.answers import Refused
from pokervod_pipelines_tests.google.discovery import find_method
from pokervod_pipelines_tests.google.model import Spreadsheet, make_spreadsheet
from pokervod_pipelines_tests.google.ranges import Area, column_letters, read_cells, split_range, write_area
from pokervod_pipelines_tests.google.values_api import Rendering, batch_get, batch_update
from pokervod_pipelines_tests.sizes import choose

ME = "me@example.com"
TITLE = "It's 5"
Values = list[list[Any]]

cells = st.sampled_from([None, None, "", "a", "b,c", 0, 1.5, True, '=""', "=A1"])
grids = st.lists(st.lists(cells, max_size=5), max_size=6)


@st.composite
def ranges(draw: st.DrawFn) -> str:
    """Return a range of the tab in one of the forms of A1 notation, inside the grid or ending outside."""
    left, right = sorted((draw(st.integers(0, 5)), draw(st.integers(0, 12))))
    top, bottom = sorted((draw(st.integers(1, 6)), draw(st.integers(1, 200))))
    first, last = column_letters(left), column_letters(right)
    forms = [
        f"{first}{top}",
        f"{first}{top}:{last}{bottom}",
        f"{first}:{last}",
        f"{top}:{bottom}",
        f"{first}{top}:{last}",
    ]
    dollars = [f"${first}${top}:${last}${bottom}", f"{last}{bottom}:{first}{top}".lower()]
    return f"'It''s 5'!{draw(st.sampled_from([*forms, *dollars]))}"


def make_sheet(grid: Values) -> Spreadsheet:
    sheet = make_spreadsheet({TITLE: grid}, "T")
    sheet.grid(TITLE).cells = [list(line) for line in sheet.grid(TITLE).cells]
    return sheet


def ask(sheet: Spreadsheet, text: str, option: str = "FORMATTED_VALUE", dimension: str = "ROWS") -> dict[str, Any]:
    answer = batch_get(sheet, [text], Rendering(option, "SERIAL_NUMBER", dimension))
    method = find_method("values.batchGet")
    assert method is not None
    assert list(method.check_answer(answer)) == []
    (found,) = answer["valueRanges"]
    return dict(found)


def lay_out(values: Values, rows: int, columns: int) -> Values:
    """Return the values as a full rectangle, blank where nothing was answered."""
    full = [[*line, *[""] * (columns - len(line))] for line in values]
    return full + [[""] * columns for _ in range(rows - len(full))]


@settings(max_examples=choose(60, long=1000))
@given(grids, ranges(), st.sampled_from(values_api.RENDER_OPTIONS))
def test_a_range_is_the_part_of_the_whole_tab_without_its_blank_ends(grid: Values, text: str, option: str) -> None:
    sheet = make_sheet(grid)
    rows, columns = sheet.grid(TITLE).rows, sheet.grid(TITLE).columns
    area = read_cells(split_range(text)[1] or "", None)
    assert area is not None
    if area.left >= columns:
        return
    inside = area.clipped(rows, columns)

    answer = ask(sheet, text, option)

    whole = lay_out(ask(sheet, "'It''s 5'", option).get("values", []), rows, columns)
    height, width = (inside.bottom or 0) - inside.top, (inside.right or 0) - inside.left
    part = [line[inside.left : inside.right] for line in whole[inside.top : inside.bottom]]
    assert lay_out(answer.get("values", []), height, width) == part
    assert read_cells(split_range(answer["range"])[1] or "", None) == inside
    assert answer.get("values") != []
    assert not answer.get("values") or answer["values"][-1] != []


@settings(max_examples=choose(40, long=500))
@given(grids, ranges())
def test_columns_are_the_rows_turned(grid: Values, text: str) -> None:
    sheet = make_sheet(grid)
    try:
        by_rows, by_columns = ask(sheet, text), ask(sheet, text, dimension="COLUMNS")
    except Refused:
        return

    height, width = 300, 20
    turned = [list(line) for line in zip(*lay_out(by_rows.get("values", []), height, width), strict=True)]
    assert lay_out(by_columns.get("values", []), width, height) == turned
    assert by_rows["range"] == by_columns["range"]


values = st.lists(st.lists(st.sampled_from([None, "", "x", "=A1", 2, False]), max_size=4), min_size=1, max_size=4)


@settings(max_examples=choose(60, long=1000))
@given(grids, values, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_a_write_changes_the_cells_given_and_no_others(
    grid: Values, given_values: Values, top: int, left: int, entered: bool
) -> None:
    sheet = make_sheet(grid)
    sheet.grid(TITLE).columns = 12
    before = lay_out(sheet.stored(TITLE), 10, 12)
    item = {"range": f"'It''s 5'!{column_letters(left)}{top + 1}", "values": given_values}
    option = "USER_ENTERED" if entered else "RAW"

    answer = batch_update(sheet, {"valueInputOption": option, "includeValuesInResponse": True, "data": [item]}, ME)

    for row, line in enumerate(given_values):
        for column, value in enumerate(line):
            if value is not None:
                before[top + row][left + column] = value
    assert lay_out(sheet.stored(TITLE), 10, 12) == before
    changed = sum(value is not None for line in given_values for value in line)
    assert answer.get("totalUpdatedCells", 0) == changed
    method = find_method("values.batchUpdate")
    assert method is not None
    assert list(method.check_answer(answer)) == []


@given(st.integers(0, 30), st.integers(1, 9), st.integers(0, 800), st.integers(1, 30), st.booleans(), st.booleans())
def test_an_area_reads_as_it_is_written(
    top: int, height: int, left: int, width: int, open_rows: bool, open_columns: bool
) -> None:
    area = Area(
        None, top, None if open_rows else top + height, left, None if open_columns and top == 0 else left + width
    )
    text = write_area(area)

    if area.bottom is None and area.right is None:
        return
    read = read_cells(text, None)

    assert read is not None
    assert (read.top, read.left) == (area.top, area.left)
    assert (read.bottom, read.right) == (area.bottom, area.right)
