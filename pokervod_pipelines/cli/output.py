"""Print tables for people, with times in the configured zone, and JSON for programs, with times in UTC.

File names and cells are untrusted: a control character in them is shown as a picture, and never reaches the terminal.
"""

import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pokervod_pipelines.text.controls import BIDI, show_controls

PIPE_WIDTH = 200
"""Columns of a table where there is no terminal, wide enough for paths."""

_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *map(ord, BIDI))}


class SafeConsole(Console):
    """Print without the control characters that texts bring along."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the segments with their control characters shown."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else show_controls(text), style, control)

    def print(
        self,
        *objects: Any,
        sep: str = " ",
        markup: bool | None = None,
        soft_wrap: bool | None = None,
        **options: Any,
    ) -> None:
        """Print; on a terminal a text is wrapped between words below its indentation, unless ``soft_wrap`` is given."""
        is_text = bool(objects) and all(isinstance(each, str) for each in objects)
        if not (self.is_terminal and self.soft_wrap and soft_wrap is None and is_text):
            super().print(*objects, sep=sep, markup=markup, soft_wrap=soft_wrap, **options)
            return
        lines = self.render_str(sep.join(objects), markup=markup).split("\n", allow_blank=True)
        super().print(Text("\n").join(wrap_line(line, self.width) for line in lines), **options)


_WORD = re.compile(r"(?:`[^`]*`|\S)+\s*")
"""A command in backticks is one word, so that it can be copied."""


def wrap_line(line: Text, width: int) -> Text:
    """Return the line wrapped between words, also where a word alone is longer."""
    indent = len(line.plain) - len(line.plain.lstrip())
    breaks, end = [], 0
    for word in _WORD.finditer(line.plain, indent):
        if end > indent and end + cell_len(word[0].rstrip()) > width:
            breaks.append(word.start())
            end = indent
        end = max(end, indent) + cell_len(word[0])
    parts = line.divide(breaks)
    for part in parts[:-1]:
        part.rstrip()
    return Text("\n" + " " * indent).join(parts)


out = SafeConsole(highlight=False, soft_wrap=True)
err = SafeConsole(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON document; times in ISO 8601."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain).translate(_JSON_ESCAPES) + "\n")


def print_json_lines(values: Iterable[Any]) -> None:
    """Print one JSON object per line, as they come."""
    for value in values:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain).translate(_JSON_ESCAPES) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = (), hint: str = ""
) -> None:
    """Print a table for a person, without rows only its title; ``right`` names the columns of figures.

    No word is broken: where the terminal is too narrow for that, each row is printed as lines of name and value. The
    ``hint`` is below, where it is seen without scrolling.
    """
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = SafeConsole(highlight=False, width=width)
    listed = list(rows)
    table = make_table(title, columns, listed, right=right, width=console.width)
    console.print(table if listed else Text(title, style="bold"))
    if hint:
        out.print(hint, markup=False)


def print_record(values: Mapping[str, str]) -> None:
    """Print each value behind its name."""
    console = SafeConsole(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    if values:
        console.print(_make_records([*values], [[*map(_cell, values.values())]]))


def make_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = (), width: int
) -> Group:
    """Return the title and table that ``print_table`` prints, for a display that is redrawn."""
    heading = Text(title, style="bold")
    cells = [[_cell(value) for value in row] for row in rows]
    filled = [list(column) for column in zip(columns, *cells, strict=True)]
    wide, close = (_fit_columns(filled, width, padding, right) for padding in (1, 0))
    widths, padding = (wide, 1) if wide else (close, 0)
    if widths is None or _count_lines(cells, widths) > _count_record_lines(columns, cells, width):
        return Group(heading, _make_records(columns, cells))
    table = Table(header_style="dim", box=SIMPLE_HEAD, padding=(0, padding, 0, 0))
    for column, column_width in zip(columns, widths, strict=True):
        table.add_column(column, justify="right" if column in right else "left", width=column_width)
    for row in cells:
        table.add_row(*map(Text, row))
    return Group(heading, table)


_EDGE, _GAP = 1, 1
"""Blanks before the table, and behind each column beside its padding."""


def _fit_columns(columns: Sequence[Sequence[str]], width: int, padding: int, right: Sequence[str]) -> list[int] | None:
    """Return a width for each column that breaks no word and no figure, None where there is no room for that."""
    needed = []
    for name, *cells in columns:
        parts = [part for cell in cells for part in (cell.splitlines() if name in right else cell.split())]
        needed.append(max(map(cell_len, (*name.split(), *parts, ""))))
    room = width - _EDGE - (_GAP + padding) * len(columns) - sum(needed)
    if room < 0:
        return None
    widths = needed
    for texts in ([column[1:] for column in columns], columns):  # a header has what the cells leave
        wanted = [max((cell_len(line) for text in each for line in text.splitlines()), default=0) for each in texts]
        widths = _widen(widths, wanted, sum(needed) + room)
    return widths


def _widen(widths: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """Return the widths grown towards those wanted, by the root of what each lacks: a path must not take it all."""
    widths = list(widths)
    for _ in widths:  # what one column leaves is for the others
        weights = [math.sqrt(max(0, most - width)) for width, most in zip(widths, wanted, strict=True)]
        share = (room - sum(widths)) / (sum(weights) or 1)
        grown = zip(widths, wanted, weights, strict=True)
        widths = [max(width, min(most, width + int(share * weight))) for width, most, weight in grown]
    return widths


def _count_lines(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """Return how many lines the rows take as a table, at least."""
    return sum(max(_measure(text, width) for text, width in zip(row, widths, strict=True)) for row in cells)


def _count_record_lines(columns: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> int:
    room = max(1, width - max(map(cell_len, columns)) - 2 * _GAP)
    return sum(1 + sum(_measure(text, room) for text in row if text) for row in cells)


def _measure(text: str, width: int) -> int:
    return sum(max(1, math.ceil(cell_len(line) / max(1, width))) for line in text.splitlines() or [""])


def _make_records(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    """Return a table of two columns, with a blank line between rows, in which empty values are left out."""
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in cells:
        for name, value in zip(columns, row, strict=True):
            if value:
                table.add_row(name, Text(value))
        table.add_row("", "")
    return table


def show_time(moment: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return the moment in the configured time zone."""
    zone = _load_zone(Path.cwd(), os.environ.get("POKERVOD_CONFIG"), os.environ.get("POKERVOD_TIME_ZONE"))
    return f"{moment.astimezone(zone):{form}}"


@lru_cache(maxsize=1)
def _load_zone(*_: object) -> ZoneInfo:
    from pokervod_pipelines.settings import load_settings  # noqa: PLC0415 - `--help` needs no settings

    return load_settings().zone


def count_nouns(count: int, noun: str) -> str:
    """Return the count with its noun.

    >>> count_nouns(1, "clip"), count_nouns(1_506, "clip")
    ('1 clip', '1,506 clips')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def count_listed(count: int, noun: str, limit: int) -> str:
    """Return the count with its noun, as the first ones where a limit was reached.

    >>> count_listed(3, "clip", 100), count_listed(100, "clip", 100)
    ('3 clips', 'the first 100 clips')
    """
    counted = count_nouns(count, noun)
    return counted if count < limit else f"the first {noun if count == 1 else counted}"


def make_hint(count: int, *, limit: int | None = None, are_others: bool = False, first_step: str = "") -> str:
    """Return what belongs below a listing: that a limit was reached, that nothing fits, or how to get the first ones.

    >>> make_hint(100, limit=100), make_hint(0, are_others=True), make_hint(0, first_step="run `pokervod sync`")
    ('A larger --limit may show more.', 'Nothing matches these filters.', 'Nothing yet: run `pokervod sync`.')
    """
    if count:
        return "" if limit is None or count < limit else "A larger --limit may show more."
    return "Nothing matches these filters." if are_others else f"Nothing yet: {first_step}."


def name_failures(failures: Iterable[tuple[str, object]]) -> list[str]:
    """Return a line for each error, with the names of all that failed for it.

    >>> name_failures([("wsop", "not mounted"), ("pad", "not mounted"), ("hcl", "empty")])
    ['wsop, pad: not mounted', 'hcl: empty']
    """
    names: dict[str, list[str]] = {}
    for name, error in failures:
        names.setdefault(str(error), []).append(name)
    return [f"{', '.join(each)}: {error}" for error, each in names.items()]


def human_size(size: int) -> str:
    """Return a size in the unit that a disk's label uses.

    >>> human_size(999), human_size(21_500_000_000_000)
    ('999 B', '21.5 TB')
    """
    value = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return show_time(value)
    return show_controls(str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, frozenset | set | tuple):
        return list(value)
    return str(value)
