"""Read hands from CSV: one row for each hand, with the fields of PHH as columns and lists separated by semicolons."""

import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

from pokervod_pipelines.hands.phh_text import AMOUNTS, LISTS, REQUIRED, BadPhh
from pokervod_pipelines.text.delimited import parse_delimited

TEXT_LISTS = ("players", "actions")
NUMBERS = ("hand", "year", "month", "day")


def split_rows(raw: bytes, file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the PHH fields of each row; raise ``BadInput`` for another text."""
    header, *rows = parse_delimited(raw, file=file)
    names = [re.sub(r"\W+", "_", name.strip().lower()) for name in header]
    if missing := [name for name in REQUIRED if name not in names]:
        raise BadPhh(f"not a CSV of hands: the column {missing[0]} is missing in row 1; see docs/hands.md")
    for number, row in enumerate(rows, 2):
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
        if cells:
            yield f"row {number}", _read_cells(cells, number)


def _read_cells(cells: dict[str, str], row: int) -> dict[str, Any]:
    try:
        return _read_typed(cells)
    except ValueError as error:
        raise BadPhh(f"row {row}: {error}; correct the cell") from error


def _read_typed(cells: dict[str, str]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, cell in cells.items():
        if name in (*LISTS, *TEXT_LISTS, "seats"):
            values = [part.strip() for part in cell.split(";")]
            table[name] = [int(value) if value.isdecimal() and name == "seats" else value for value in values]
        elif name == "date":
            day = date.fromisoformat(cell)
            table |= {"year": day.year, "month": day.month, "day": day.day}
        elif name == "time":
            table["time"] = time.fromisoformat(cell)
        elif name in NUMBERS and cell.isdecimal():
            table[name] = int(cell)
        elif not name.startswith("_"):
            table[name] = cell.replace(",", "") if name in AMOUNTS else cell
    return table
