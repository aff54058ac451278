"""Print tables for people and JSON for programs.

File names and cells are untrusted: a control character in them is shown as a picture, and never reaches the terminal.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

PIPE_WIDTH = 200
"""Columns of a table where there is no terminal, wide enough for paths."""

_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What reverses the text that follows, so that a name reads as another."""

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: "␡"}
_PICTURES |= dict.fromkeys([*range(0x80, 0xA0), *map(ord, _BIDI)], "\ufffd")
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *map(ord, _BIDI))}


def show_controls(text: str) -> str:
    r"""Return the text with a picture in place of each control character but tab and line break.

    >>> show_controls("a\x1b[31m\tb\n")
    'a␛[31m\tb\n'
    """
    return text.translate(_PICTURES)


class SafeConsole(Console):
    """Print without the control characters that texts bring along."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the segments with their control characters shown."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else show_controls(text), style, control)


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
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()
) -> None:
    """Print a table for a person; ``right`` names the columns of figures."""
    table = make_table(title, columns, rows, right=right)
    SafeConsole(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def make_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()
) -> Table:
    """Return the table that ``print_table`` prints, for a display that is redrawn."""
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for column in columns:
        is_figure = column in right
        table.add_column(
            column,
            justify="right" if is_figure else "left",
            overflow="fold",
            no_wrap=is_figure,
            min_width=min(len(column), 12),
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


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
        return f"{value:%Y-%m-%d %H:%M}"
    return show_controls(str(value)).replace("[", "\\[")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple):
        return list(value)
    return str(value)
