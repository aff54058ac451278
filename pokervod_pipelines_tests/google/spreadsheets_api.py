"""Answer ``spreadsheets.get`` and ``spreadsheets.batchUpdate``: the layout, and changes to more than cells."""

import re
from collections.abc import Callable
from typing import Any

from pokervod_pipelines_tests.google.answers import PROTECTED, describe_excess, refuse
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
            "locale": sheet.locale.name,
            "autoRecalc": "ON_CHANGE",
            "timeZone": "Etc/GMT",
        },
        "sheets": [_describe_tab(sheet, grid, index) for index, grid in enumerate(sheet.grids)],
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{sheet.id}/edit",
    }
    if sheet.areas.named:
        answer["namedRanges"] = [_describe_name(name, place) for name, place in sheet.areas.named.items()]
    return answer


def _describe_tab(sheet: Spreadsheet, grid: Grid, index: int) -> Json:
    size = {"rowCount": grid.rows, "columnCount": grid.columns}
    properties = {"sheetId": grid.id, "title": grid.title, "index": index, "sheetType": "GRID", "gridProperties": size}
    answer: Json = {"properties": properties | ({"hidden": True} if grid.hidden else {})}
    if merges := [_describe_area(place) for place in sheet.areas.merged.values() if place.tab == grid.id]:
        answer["merges"] = merges
    if place := sheet.areas.filters.get(str(grid.id)):
        answer["basicFilter"] = {"range": _describe_area(place)}
    if closed := [_describe_protection(*entry) for entry in sheet.areas.protected.items() if entry[1].tab == grid.id]:
        answer["protectedRanges"] = closed
    return answer


def _describe_protection(name: str, place: PlacedArea) -> Json:
    answer: Json = {"protectedRangeId": int(place.id), "range": _describe_area(place), "description": name}
    return answer | {"editors": {"users": sorted(place.editors)} if place.editors else {}}


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


def batch_update(sheet: Spreadsheet, body: Json, email: str) -> Json:
    """Answer ``spreadsheets.batchUpdate``: every request is carried out, or none."""
    requests = body.get("requests")
    if not requests:
        raise refuse(400, "Must specify at least one request.")
    with sheet.editing():
        replies = [_carry_out(sheet, request, f"requests[{at}]", email) for at, request in enumerate(requests)]
        answer: Json = {"spreadsheetId": sheet.id, "replies": replies}
        if body.get("includeSpreadsheetInResponse"):
            answer["updatedSpreadsheet"] = describe(sheet)
    return answer


def _carry_out(sheet: Spreadsheet, request: Json, place: str, email: str) -> Json:
    name: str = next(iter(request), "")
    details: Json = request.get(name, {})
    if name not in REQUESTS:
        message = f"the emulator does not know {name}"
        raise NotImplementedError(message)
    wrong = f"Invalid {place}.{name}: "
    if name in CHANGED:
        grid = _tab(sheet, details.get("range", details), wrong)
        if sheet.areas.is_protected(grid, CHANGED[name](details), email):
            raise refuse(400, wrong + PROTECTED)
    return REQUESTS[name](sheet, details, wrong)


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
    if name.casefold() in map(str.casefold, sheet.areas.named):
        raise refuse(400, f"{wrong}Cannot add named range with name: {name}. A named range with that name exists.")
    grid, area = _tab(sheet, edges, wrong), _read_area(edges)
    _check_start(grid, area, wrong)
    sheet.name_area(name, grid, area)
    return {"addNamedRange": {"namedRange": _describe_name(name, sheet.areas.named[name])}}


def _update_named_range(sheet: Spreadsheet, details: Json, wrong: str) -> Json:
    """Change the place of a named range; the emulator knows no other field to change."""
    if details.get("fields") not in {"range", "*"}:
        raise refuse(400, f"{wrong}fields: the emulator only knows range")
    given = details.get("namedRange", {})
    name, place = _find_name(sheet, str(given.get("namedRangeId", "")), wrong)
    edges = given.get("range", {})
    grid, area = _tab(sheet, edges, wrong), _read_area(edges)
    _check_start(grid, area, wrong)
    sheet.areas.named[name] = place._replace(tab=grid.id, area=area)
    return {}


def _delete_named_range(sheet: Spreadsheet, details: Json, wrong: str) -> Json:
    name, _ = _find_name(sheet, str(details.get("namedRangeId", "")), wrong)
    del sheet.areas.named[name]
    return {}


def _find_name(sheet: Spreadsheet, wanted: str, wrong: str) -> tuple[str, PlacedArea]:
    for name, place in sheet.areas.named.items():
        if place.id == wanted:
            return name, place
    raise refuse(400, f"{wrong}No NamedRange with id: {wanted}")


def _read_area(edges: Json) -> Area:
    return Area(
        None,
        edges.get("startRowIndex", 0),
        edges.get("endRowIndex"),
        edges.get("startColumnIndex", 0),
        edges.get("endColumnIndex"),
    )


def _check_start(grid: Grid, area: Area, wrong: str) -> None:
    """Refuse a range that starts outside the grid; one that only ends there is taken as far as the grid goes."""
    if area.top >= grid.rows or area.left >= grid.columns:
        raise refuse(400, wrong + describe_excess(grid, area))


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
    grid, area = _tab(sheet, edges, wrong), _read_area(edges)
    _check_start(grid, area, wrong)
    given = details.get("cell", {}).get("userEnteredFormat", {}).get("numberFormat", {})
    sheet.format_cells(grid.title, given.get("pattern", ""), area)
    return {}


CHANGED: dict[str, Callable[[Json], Area]] = {
    "appendDimension": lambda _: Area(),
    "repeatCell": lambda details: _read_area(details.get("range", {})),
}
"""What each request changes of a tab, to be compared with its protected ranges; a name changes nothing."""


REQUESTS: dict[str, Callable[[Spreadsheet, Json, str], Json]] = {
    "appendDimension": _append_dimension,
    "addNamedRange": _add_named_range,
    "updateNamedRange": _update_named_range,
    "deleteNamedRange": _delete_named_range,
    "repeatCell": _repeat_cell,
}
