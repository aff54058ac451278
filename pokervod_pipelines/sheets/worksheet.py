"""Read one worksheet of an XLSX file: its cells as text, its merged cells, and the formulas without a value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from pokervod_pipelines.sheets.number_format import show_stored_number, show_stored_text
from pokervod_pipelines.sheets.tab import Tab

MAX_CELLS = 10_000_000
"""What Google allows in a spreadsheet. Two cells far apart count as all between them."""

MAX_ROWS, MAX_COLUMNS = 2**20, 2**14
REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
ESCAPE = re.compile(r"_x(?:(005F)(?=_x[0-9A-F]{4}_)|(00[01][0-9A-F]|D[89A-F][0-9A-F]{2}|FFF[EF]))_", re.IGNORECASE)
"""A character that XML cannot hold, or the underscore of a text that looks like one."""

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookParts:
    """Hold what all tabs of a workbook refer to."""

    texts: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    is_1904: bool = False
    computes_on_load: bool = False


def local_name(tag: str) -> str:
    """Return the name without its namespace."""
    return tag.rpartition("}")[2]


def children(element: Element, *names: str) -> Iterator[Element]:
    """Yield the descendants at the end of this path of local names."""
    for child in element:
        if local_name(child.tag) == names[0]:
            yield from children(child, *names[1:]) if names[1:] else (child,)


def join_texts(element: Element) -> str:
    """Return the text of a cell or shared text, without the readings that Japanese Excel stores beside it."""
    texts = [child.text or "" for child in element if local_name(child.tag) == "t"]
    texts += [part.text or "" for part in children(element, "r", "t")]
    return unescape("".join(texts))


def unescape(text: str) -> str:
    r"""Return the text with its escaped control characters, each line break as ``\n``.

    >>> unescape("Ana_x000D_\nTom"), unescape("a_x005F_x000D_b"), unescape("title_with_x0041_code")
    ('Ana\nTom', 'a_x000D_b', 'title_with_x0041_code')
    """
    if "_x" in text:
        text = ESCAPE.sub(lambda found: "_" if found[1] else chr(int(found[2], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_worksheet(stream: IO[bytes], parts: WorkbookParts, *, title: str, is_hidden: bool) -> Tab:
    """Return the worksheet as a tab."""
    reader = _WorksheetReader(parts)
    for _, element in iterparse(stream):
        name = local_name(element.tag)
        if name == "row":
            reader.read_row(element)
            element.clear()
        elif name == "mergeCell":
            reader.read_merge(element)
    rows = reader.rows
    written = {row for row, cells in rows.items() if any(cells)} | {row for row, _ in reader.errors}
    last = max(written, default=-1)
    return Tab(
        title=title,
        cells=tuple(tuple(rows.get(row, ())) for row in range(last + 1)),
        uncomputed=tuple(sorted(reader.uncomputed)),
        errors=reader.errors,
        merged=tuple(reader.merged),
        is_hidden=is_hidden,
    )


@dataclass(slots=True)
class _WorksheetReader:
    """Collect the cells of a worksheet, row by row."""

    parts: WorkbookParts
    rows: dict[int, list[str]] = field(default_factory=dict)
    uncomputed: set[Place] = field(default_factory=set)
    errors: dict[Place, str] = field(default_factory=dict)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    row: int = -1
    counted: int = 0

    def read_row(self, element: Element) -> None:
        """Read the cells; a row or cell without a reference follows the one before."""
        self.row = int(element.get("r", self.row + 2)) - 1
        cells = self.rows.setdefault(self.row, [])
        column = -1
        for cell in element:
            if local_name(cell.tag) != "c":
                continue
            reference = cell.get("r")
            column = read_reference(reference)[1] if reference else column + 1
            self._count(max(0, column + 1 - len(cells)) + 1, self.row, column)
            cells.extend([""] * (column + 1 - len(cells)))
            cells[column] = self._read_cell(cell, column)

    def read_merge(self, element: Element) -> None:
        """Read a range of merged cells; over columns it shows its value once, over rows in each."""
        first, last = read_range(element.get("ref", ""))
        self._count(last[0] - first[0], *last)
        if last[0] > first[0]:
            self.merged.append((first[0], last[0], first[1]))

    def _count(self, cells: int, row: int, column: int) -> None:
        self.counted += cells
        if self.counted > MAX_CELLS or not (0 <= row < MAX_ROWS and 0 <= column < MAX_COLUMNS):
            message = f"a tab has more than {MAX_CELLS:,} cells"
            raise ValueError(message)

    def _read_cell(self, cell: Element, column: int) -> str:
        formula, value, inline = None, None, ""
        for part in cell:
            name = local_name(part.tag)
            if name == "f":
                formula = part
            elif name == "v":
                value = part.text or ""
            elif name == "is":
                inline = join_texts(part)
        kind = cell.get("t", "n")
        if formula is not None and self._is_uncomputed(kind, value):
            self._add_uncomputed(formula, column)
            return ""
        code = self._format(cell)
        return show_stored_text(inline, code) if kind == "inlineStr" else self._show(kind, value or "", code, column)

    def _is_uncomputed(self, kind: str, value: str | None) -> bool:
        """Return whether a formula has no value: an empty text is one, the 0 of a writer that cannot compute is not."""
        if value is None or (value == "" and kind != "str"):
            return True
        return self.parts.computes_on_load and kind == "n" and value == "0"

    def _add_uncomputed(self, formula: Element, column: int) -> None:
        self.uncomputed.add((self.row, column))
        if formula.get("t") == "array" and (reference := formula.get("ref")):
            first, last = read_range(reference)
            self._count((last[0] - first[0] + 1) * (last[1] - first[1] + 1), *last)
            self.uncomputed |= {
                (row, place) for row in range(first[0], last[0] + 1) for place in range(first[1], last[1] + 1)
            }

    def _format(self, cell: Element) -> str:
        style = int(cell.get("s", 0))
        return self.parts.formats[style] if style < len(self.parts.formats) else "General"

    def _show(self, kind: str, value: str, code: str, column: int) -> str:
        if kind == "e":
            self.errors[self.row, column] = value
        if not value or kind == "e":
            return ""
        if kind in {"s", "str"}:
            return show_stored_text(self.parts.texts[int(value)] if kind == "s" else unescape(value), code)
        if kind == "b":
            return "TRUE" if value in {"1", "true"} else "FALSE"
        if kind == "d":
            return _show_date(value, code)
        number = int(value) if value.lstrip("-").isdigit() else float(value)
        return show_stored_number(number, code, is_1904=self.parts.is_1904)


def _show_date(text: str, code: str) -> str:
    """Return a date or time of the strict dialect, which are written out."""
    plain = text.strip().removesuffix("Z")
    if "-" in plain:
        since = datetime.fromisoformat(plain) - datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no zone
    else:
        clock = time.fromisoformat(plain.removeprefix("T"))
        since = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    return show_stored_number(since / timedelta(days=1), "yyyy-mm-dd hh:mm:ss" if code == "General" else code)


def read_reference(text: str) -> Place:
    """Return row and column, from 0, of a cell such as C5."""
    found = REFERENCE.fullmatch(text)
    if not found:
        message = f"{text!r} names no cell"
        raise ValueError(message)
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


def read_range(text: str) -> tuple[Place, Place]:
    """Return the first and the last cell of a range such as B2:B4."""
    first, _, last = text.partition(":")
    return read_reference(first), read_reference(last or first)
