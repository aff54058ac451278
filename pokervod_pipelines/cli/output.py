"""Print tables for people and JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 200
"""Columns of a table where there is no terminal, wide enough for paths."""

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON document; times in ISO 8601."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write("\n")


def print_json_lines(values: Iterable[Any]) -> None:
    """Print one JSON object per line, as they come."""
    for value in values:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()
) -> None:
    """Print a table for a person; ``right`` names the columns of figures."""
    table = make_table(title, columns, rows, right=right)
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


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
    return str(value).replace("[", "\\[")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple):
        return list(value)
    return str(value)
