"""Answer ``spreadsheets.get`` and ``spreadsheets.batchUpdate``: the layout, and changes to more than cells."""

import re
from collections.abc import Callable
from typing import Any

from pokervod_pipelines_tests.google.answers import refuse
from pokervod_pipelines_tests.google.grid import Grid, PlacedArea
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.google.ranges import CELL, Area

Json = dict[str, Any]

RANGE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,249}")


def describe(sheet: Spreadsheet) -> Json:
    """Answer ``spreadsheets.get`` without grid data."""
    answer: Json = {
        "spreadsheetId": sheet.id,
        "properties": {
            "title": sheet.title,
            "locale": "en_US",
            "autoRecalc": "ON_CHANGE",
            "timeZone": "Etc/GMT",
        },
        "sheets": [_describe_tab(sheet, grid, index) for index, grid in enumerate(sheet.grids)],
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{sheet.id}/edit",
    }
    if sheet.named:
        answer["namedRanges"] = [_describe_name(name, place) for name, place in sheet.named.items()]
    return answer


def _describe_tab(sheet: Spreadsheet, grid: Grid, index: int) -> Json:
    size = {"rowCount": grid.rows, "columnCount": grid.columns}
    properties = {"sheetId": grid.id, "title": grid.title, "index": index, "sheetType": "GRID", "gridProperties": size}
    place = sheet.filters.get(str(grid.id))
    return {"properties": properties} | ({"basicFilter": {"range": _describe_area(place)}} if place else {})


def _describe_name(name: str, place: PlacedArea) -> Json:
    return {"namedRangeId": place.id, "name": name, "range": _describe_area(place)}


def _describe_area(place: PlacedArea) -> Json:
    """Return the place; an open end, and the id 0 of the first tab, are left out as Google leaves them."""
    area = place.area
    edges = {
        "startRowIndex": area.top,
        "endRowIndex": area.bottom,
        "startColumnIndex": area.left,
        "endColumnIndex": area.right,
    }
    known = {key: value for key, value in edges.items() if value is not None}
    return ({"sheetId": place.tab} if place.tab else {}) | known


def batch_update(sheet: Spreadsheet, body: Json) -> Json:
    """Answer ``spreadsheets.batchUpdate``: every request is carried out, or none."""
    requests = body.get("requests")
    if not requests:
        raise refuse(400, "Must specify at least one request.")
    with sheet.editing():
        replies = [_carry_out(sheet, request, f"requests[{at}]") for at, request in enumerate(requests)]
        answer: Json = {"spreadsheetId": sheet.id, "replies": replies}
        if body.get("includeSpreadsheetInResponse"):
            answer["updatedSpreadsheet"] = describe(sheet)
    return answer


def _carry_out(sheet: Spreadsheet, request: Json, place: str) -> Json:
    name, details = next(iter(request.items()), ("", {}))
    if len(request) != 1 or name not in REQUESTS:
        raise refuse(400, f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field.")
    return REQUESTS[name](sheet, details, f"Invalid {place}.{name}: ")


def _append_dimension(sheet: Spreadsheet, details: Json, wrong: str) -> Json:
    grid, length = _tab(sheet, details, wrong), details.get("length", 0)
    if not isinstance(length, int) or length < 1:
        raise refuse(400, f"{wrong}length must be positive")
    if details.get("dimension") == "ROWS":
        grid.rows += length
    elif details.get("dimension") == "COLUMNS":
        grid.columns += length
    else:
        raise refuse(400, f"{wrong}No dimension specified.")
    if sum(each.rows * each.columns for each in sheet.grids) > 10_000_000:
        limit = "above the limit of 10000000 cells."
        raise refuse(400, f"{wrong}This action would increase the number of cells in the workbook {limit}")
    return {}


def _add_named_range(sheet: Spreadsheet, details: Json, wrong: str) -> Json:
    given = details.get("namedRange", {})
    name, edges = str(given.get("name", "")), given.get("range", {})
    if not RANGE_NAME.fullmatch(name) or CELL.fullmatch(name):
        raise refuse(400, f'{wrong}Invalid name: "{name}"')
    if name.casefold() in map(str.casefold, sheet.named):
        raise refuse(400, f"{wrong}Cannot add named range with name: {name}. A named range with that name exists.")
    grid = _tab(sheet, edges, wrong)
    top, left = edges.get("startRowIndex", 0), edges.get("startColumnIndex", 0)
    bottom, right = edges.get("endRowIndex"), edges.get("endColumnIndex")
    if (bottom or grid.rows) > grid.rows or (right or grid.columns) > grid.columns:
        raise refuse(400, f"{wrong}range is outside the grid")
    sheet.name_area(name, grid, Area(None, top, bottom, left, right))
    return {"addNamedRange": {"namedRange": _describe_name(name, sheet.named[name])}}


def _delete_named_range(sheet: Spreadsheet, details: Json, wrong: str) -> Json:
    wanted = details.get("namedRangeId", "")
    for name, place in sheet.named.items():
        if place.id == wanted:
            del sheet.named[name]
            return {}
    raise refuse(400, f"{wrong}No NamedRange with id: {wanted}")


def _tab(sheet: Spreadsheet, details: Json, wrong: str) -> Grid:
    wanted = details.get("sheetId", 0)
    for grid in sheet.grids:
        if grid.id == wanted:
            return grid
    raise refuse(400, f"{wrong}No grid with id: {wanted}")


def _repeat_cell(sheet: Spreadsheet, details: Json, wrong: str) -> Json:
    """Repeat a number format; the emulator knows no other property of a cell."""
    if details.get("fields") != "userEnteredFormat.numberFormat":
        raise refuse(400, f"{wrong}fields: the emulator only knows userEnteredFormat.numberFormat")
    edges = details.get("range", {})
    grid = _tab(sheet, edges, wrong)
    top, left = edges.get("startRowIndex", 0), edges.get("startColumnIndex", 0)
    bottom, right = edges.get("endRowIndex", grid.rows), edges.get("endColumnIndex", grid.columns)
    if bottom > grid.rows or right > grid.columns or top >= bottom or left >= right:
        raise refuse(400, f"{wrong}range is outside the grid")
    given = details.get("cell", {}).get("userEnteredFormat", {}).get("numberFormat", {})
    sheet.format_cells(grid.title, given.get("pattern", ""), Area(None, top, bottom, left, right))
    return {}


REQUESTS: dict[str, Callable[[Spreadsheet, Json, str], Json]] = {
    "appendDimension": _append_dimension,
    "addNamedRange": _add_named_range,
    "deleteNamedRange": _delete_named_range,
    "repeatCell": _repeat_cell,
}
