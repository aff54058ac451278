"""Answer ``spreadsheets.values``: read and write cells by range."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pokervod_pipelines_tests.google.answers import PROTECTED, TOO_LONG, Refused, describe_excess, refuse
from pokervod_pipelines_tests.google.cells import Cell, Value, is_date_format
from pokervod_pipelines_tests.google.grid import Grid
from pokervod_pipelines_tests.google.locales import Locale
from pokervod_pipelines_tests.google.model import Spreadsheet, entered_cell, stored_value
from pokervod_pipelines_tests.google.ranges import (
    Area,
    BadRange,
    column_letters,
    read_cells,
    split_range,
    write_area,
)

Json = dict[str, Any]

RENDER_OPTIONS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
DATE_OPTIONS = ("SERIAL_NUMBER", "FORMATTED_STRING")
DIMENSIONS = ("ROWS", "COLUMNS")
INPUT_OPTIONS = ("RAW", "USER_ENTERED")


@dataclass(frozen=True, slots=True)
class Rendering:
    """Select how values are shown."""

    option: str = "FORMATTED_VALUE"
    dates: str = "SERIAL_NUMBER"
    dimension: str = "ROWS"


def choose(given: object, name: str, allowed: tuple[str, ...], default: str) -> str:
    """Return the given option, or the default if there is none.

    Raises:
        Refused: it is not one of those allowed.

    """
    if given is None or given == "":
        return default
    if given not in allowed:
        raise refuse(400, f"Invalid value at '{name}' (type.googleapis.com/google.apps.sheets.v4), \"{given}\"")
    return str(given)


def read_rendering(params: Mapping[str, object], prefix: str = "") -> Rendering:
    """Return the rendering that the parameters (or, with prefix ``response``, the body) ask for."""

    def name(option: str) -> str:
        return prefix + option[0].upper() + option[1:] if prefix else option

    value, dates = name("valueRenderOption"), name("dateTimeRenderOption")
    return Rendering(
        choose(params.get(value), value, RENDER_OPTIONS, "FORMATTED_VALUE"),
        choose(params.get(dates), dates, DATE_OPTIONS, "SERIAL_NUMBER"),
        choose(params.get("majorDimension"), "majorDimension", DIMENSIONS, "ROWS"),
    )


def get_values(sheet: Spreadsheet, text: str, rendering: Rendering) -> Json:
    """Answer ``values.get``."""
    grid, area = resolve_range(sheet, text)
    check_inside(grid, area, reading=True)
    return _value_range(sheet, grid, area, rendering)


def batch_get(sheet: Spreadsheet, ranges: list[str], rendering: Rendering) -> Json:
    """Answer ``values.batchGet``."""
    return {"spreadsheetId": sheet.id, "valueRanges": [get_values(sheet, text, rendering) for text in ranges]}


def resolve_range(sheet: Spreadsheet, text: str) -> tuple[Grid, Area]:
    """Return the tab and place that a range, a tab title or a named range means.

    Raises:
        Refused: it means nothing.

    """
    try:
        title, cells, quoted = split_range(text)
    except BadRange:
        raise refuse(400, f"Unable to parse range: {text}") from None
    if cells is None and not quoted:
        for name, place in sheet.areas.named.items():
            if name.casefold() == text.casefold():
                return next(grid for grid in sheet.grids if grid.id == place.tab), place.area
        if (area_here := read_cells(text, None)) is not None:
            return sheet.grids[0], area_here
    found = read_cells(cells, None) if cells is not None else Area()
    try:
        grid = sheet.grid(title or "")
    except KeyError:
        found = None
    if found is None:
        raise refuse(400, f"Unable to parse range: {text}")
    return grid, found


def check_inside(grid: Grid, area: Area, *, reading: bool) -> None:
    """Check that the area begins (to be read) or lies (to be written) inside the grid.

    Raises:
        Refused: it does not.

    """
    outside = area.top >= grid.rows or area.left >= grid.columns
    if not reading:
        outside = outside or (area.bottom or 0) > grid.rows or (area.right or 0) > grid.columns
    if outside:
        raise refuse(400, describe_excess(grid, area))


def _value_range(sheet: Spreadsheet, grid: Grid, area: Area, rendering: Rendering) -> Json:
    inside = area.clipped(grid.rows, grid.columns)
    rows = _rendered_rows(sheet, grid, inside, rendering)
    if rendering.dimension == "COLUMNS":
        width = max(map(len, rows), default=0)
        rows = [[row[at] if at < len(row) else None for row in rows] for at in range(width)]
    shown = [["" if value is None else value for value in row] for row in _trim(rows)]
    place = Area(grid.title, inside.top, inside.bottom, inside.left, inside.right)
    answer: Json = {"range": write_area(place), "majorDimension": rendering.dimension}
    return answer | ({"values": shown} if shown else {})


def _rendered_rows(sheet: Spreadsheet, grid: Grid, area: Area, rendering: Rendering) -> list[list[Value | None]]:
    bottom = min(area.bottom or 0, len(grid.cells))
    return [
        [
            _render(sheet, grid, row, column, rendering)
            for column in range(area.left, min(area.right or 0, len(grid.cells[row])))
        ]
        for row in range(area.top, bottom)
    ]


def _render(sheet: Spreadsheet, grid: Grid, row: int, column: int, rendering: Rendering) -> Value | None:
    cell = grid.at(row, column)
    if cell is None or cell.content is None:
        return None
    if rendering.option == "FORMATTED_VALUE":
        return sheet.show(grid, row, column)
    value = stored_value(cell) if rendering.option == "FORMULA" else sheet.value(grid, row, column)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and rendering.dates == "FORMATTED_STRING" and is_date_format(cell.number_format):
        return sheet.show(grid, row, column)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _trim(rows: list[list[Value | None]]) -> list[list[Value | None]]:
    """Return the rows without blank ends; a formula that yields empty text is no blank cell."""
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


@dataclass(frozen=True, slots=True)
class Writing:
    """Hold one checked range of a write, and the cells that it will set."""

    grid: Grid
    asked: Area
    written: Area
    cells: dict[tuple[int, int], Value]


def batch_update(sheet: Spreadsheet, body: Json, email: str) -> Json:
    """Answer ``values.batchUpdate``: all of it is written, or nothing."""
    option = read_input_option(body)
    rendering = read_rendering(body, "response")
    with sheet.editing():
        writings = [_plan_item(sheet, item, at, email) for at, item in enumerate(body.get("data", []))]
        for writing in writings:
            _write(sheet, writing, option)
        shown = rendering if body.get("includeValuesInResponse") else None
        responses = [_response(sheet, writing, shown) for writing in writings]
    totals = {f"totalU{key[1:]}": sum(answer[key] for answer in responses) for key in _COUNTS}
    tabs = len({writing.grid.id for writing in writings})
    return {"spreadsheetId": sheet.id, **totals, "totalUpdatedSheets": tabs, "responses": responses}


def _plan_item(sheet: Spreadsheet, item: Json, at: int, email: str) -> Writing:
    """Plan one of many writings: a refusal names it."""
    try:
        return _plan(sheet, item, f"data[{at}].", email)
    except Refused as refusal:
        error = refusal.body["error"]
        if not error["message"].startswith("Invalid "):
            error["message"] = f"Invalid data[{at}]: {error['message']}"
        raise


def update(sheet: Spreadsheet, text: str, params: Mapping[str, object], body: Json, email: str) -> Json:
    """Answer ``values.update``."""
    option = read_input_option(params)
    with sheet.editing():
        writing = _plan(sheet, {**body, "range": text}, "", email)
        _write(sheet, writing, option)
        wanted = str(params.get("includeValuesInResponse", "")).lower() == "true"
        return _response(sheet, writing, read_rendering(params, "response") if wanted else None)


def read_input_option(given: Mapping[str, object]) -> str:
    """Return RAW or USER_ENTERED; Google has no default.

    Raises:
        Refused: it is neither.

    """
    if not given.get("valueInputOption"):
        raise refuse(400, "'valueInputOption' is required but not specified")
    return choose(given["valueInputOption"], "valueInputOption", INPUT_OPTIONS, "")


_COUNTS = ("updatedRows", "updatedColumns", "updatedCells")


def _plan(sheet: Spreadsheet, item: Json, place: str, email: str) -> Writing:
    grid, asked = resolve_range(sheet, str(item.get("range", "")))
    rows = _checked_values(item.get("values", []), place)
    if choose(item.get("majorDimension"), f"{place}major_dimension", DIMENSIONS, "ROWS") == "COLUMNS":
        height = max(map(len, rows), default=0)
        rows = [[column[at] if at < len(column) else None for column in rows] for at in range(height)]
    height, width = len(rows), max(map(len, rows), default=0)
    check_inside(grid, asked, reading=False)
    area = asked
    if asked.is_cell:
        area = Area(None, asked.top, asked.top + max(1, height), asked.left, asked.left + max(1, width))
    inside = area.clipped(grid.rows, grid.columns)
    _check_fits(grid, asked if asked.is_cell else inside, inside, height, width)
    written = Area(grid.title, area.top, area.top + max(1, height), area.left, area.left + max(1, width))
    cells = {
        (area.top + r, area.left + c): value
        for r, row in enumerate(rows)
        for c, value in enumerate(row)
        if value is not None
    }
    if any(sheet.areas.is_protected(grid, Area(None, r, r + 1, c, c + 1), email) for r, c in cells):
        raise refuse(400, PROTECTED)
    return Writing(grid, inside, written, cells)


def _checked_values(values: object, place: str) -> list[list[Value | None]]:
    if not isinstance(values, list) or not all(isinstance(row, list) for row in values):
        raise refuse(400, f"Invalid value at '{place}values' (type.googleapis.com/google.protobuf.ListValue)")
    for r, row in enumerate(values):
        for c, value in enumerate(row):
            if isinstance(value, list | dict):
                kind = "list_value" if isinstance(value, list) else "struct_value"
                raise refuse(400, f"Invalid {place}values[{r}][{c}]: {kind} {{\n}}\n")
            if isinstance(value, str) and len(value) > 50_000:
                raise refuse(400, TOO_LONG)
    return values


def _check_fits(grid: Grid, asked: Area, area: Area, height: int, width: int) -> None:
    title = grid.title.replace("'", "''")
    within = f"Requested writing within range ['{title}'!{write_area(replace(asked, tab=None))}]"
    if area.top + height > (area.bottom or 0):
        raise refuse(400, f"{within}, but tried writing to row [{(area.bottom or 0) + 1}]")
    if area.left + width > (area.right or 0):
        raise refuse(400, f"{within}, but tried writing to column [{column_letters(area.right or 0)}]")


def _write(sheet: Spreadsheet, writing: Writing, option: str) -> None:
    for (row, column), value in writing.cells.items():
        old = writing.grid.at(row, column)
        writing.grid.put(row, column, _written_cell(value, option, old.number_format if old else "", sheet.locale))


def _written_cell(value: Value, option: str, kept_format: str, locale: Locale) -> Cell | None:
    if value == "" and isinstance(value, str):
        return Cell(None, kept_format) if kept_format else None
    if isinstance(value, str) and option == "USER_ENTERED":
        return entered_cell(value, kept_format, locale)
    return Cell(value, kept_format)


def _response(sheet: Spreadsheet, writing: Writing, shown: Rendering | None) -> Json:
    rows, columns = {row for row, _ in writing.cells}, {column for _, column in writing.cells}
    answer: Json = {
        "spreadsheetId": sheet.id,
        "updatedRange": write_area(writing.written),
        "updatedRows": len(rows),
        "updatedColumns": len(columns),
        "updatedCells": len(writing.cells),
    }
    if shown is not None:
        answer["updatedData"] = _value_range(sheet, writing.grid, writing.asked, shown)
    return answer
