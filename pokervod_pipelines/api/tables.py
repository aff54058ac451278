"""Write lists as CSV for spreadsheets, a batch at a time, however long they are.

A text that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic_core import to_jsonable_python

from pokervod_pipelines.clips.export.csv_list import BYTE_ORDER_MARK, FORMULA_STARTS
from pokervod_pipelines.paging import Page

BATCH = 500
"""Entries that are in memory at once."""

ReadBatch = Callable[[Page], Sequence[Any]]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

_STARTS = (*FORMULA_STARTS, "\t", "\r", "\n")


def write_table(entry: type[Any], read: ReadBatch, find_id: Callable[[Any], int], *, marked: bool) -> Iterator[str]:
    """Yield the table: a header of the entry's fields, then a line for each; ``marked`` begins it for Excel."""
    names = [each.name for each in fields(entry)]
    yield (BYTE_ORDER_MARK if marked else "") + _write_lines([names])
    page = Page(limit=BATCH)
    while batch := read(page):
        yield _write_lines([[format_cell(getattr(each, name)) for name in names] for each in batch])
        if len(batch) < BATCH:
            return
        page = Page(limit=BATCH, after=find_id(batch[-1]))


def _write_lines(rows: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def format_cell(value: Any) -> str | int | float | Decimal:
    """Return the value as a cell.

    >>> format_cell("=1+1"), format_cell(-5), format_cell("-5"), format_cell(None), format_cell(("Ah", "Kd"))
    ("'=1+1", -5, '-5', '', 'Ah, Kd')
    >>> format_cell(True), format_cell({"a": 1})
    ('true', '{"a": 1}')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return guard_text(value if isinstance(value, str) else _join(value))


def guard_text(text: str) -> str:
    """Return the text as a cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS) and not _NUMBER.fullmatch(text) else text


def _join(value: Any) -> str:
    """Return a list of plain values as people read it, anything else as JSON."""
    if isinstance(value, list | tuple) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(map(str, value))
    if is_dataclass(value) and not isinstance(value, type) and type(value).__str__ is not object.__str__:
        return str(value)
    return json.dumps(to_jsonable_python(value), ensure_ascii=False)
