"""Show rows of sheets without names of files and sentences that may tell hole cards, inside the broadcast delay.

Files are named after what they show, with the cards of its players.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pokervod_pipelines.api.visibility import WITHHELD, Visibility
from pokervod_pipelines.clips.delay import find_young_files
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.delay import find_young_rows
from pokervod_pipelines.sheets.listing import ListedRow
from pokervod_pipelines.sheets.pin_store import Pin

TEXTS = ("file_name", "folder_link", "reason", "path", "problem")
"""Fields of a row that name a file or quote a cell."""


def show_rows(connection: Connection, found: Sequence[ListedRow], visibility: Visibility) -> list[ListedRow]:
    """Return the rows as whoever asks may see them: their place and state always."""
    if visibility.since is None:
        return [*found]
    young = find_young_rows(connection, [each.id for each in found], visibility.since)
    return [_cover_row(each) if each.id in young else each for each in found]


def _cover_row(row: ListedRow) -> ListedRow:
    texts: dict[str, Any] = {name: getattr(row, name) and WITHHELD for name in TEXTS}
    return replace(row, candidates=(), **texts)


def show_pins(connection: Connection, found: Sequence[Pin], visibility: Visibility) -> list[Pin]:
    """Return the pins, of a young row or video without its name."""
    if visibility.since is None:
        return [*found]
    young = find_young_rows(connection, [each.row_id for each in found], visibility.since)
    files = find_young_files(connection, visibility.since)
    return [_show_pin(each, visibility, is_young=each.row_id in young or each.file_id in files) for each in found]


def _show_pin(pin: Pin, visibility: Visibility, *, is_young: bool) -> Pin:
    if is_young:
        return replace(pin, file_name=WITHHELD, path=pin.path and WITHHELD, reason=WITHHELD)
    return replace(pin, reason=WITHHELD) if visibility.hides(pin.at) else pin


def show_problems(found: list[Problem], read_at: datetime | None, visibility: Visibility) -> list[Problem]:
    """Return the problems of a reading; inside the delay without what they quote of the sheet."""
    if read_at is None or not visibility.hides(read_at):
        return found
    return [replace(each, what=WITHHELD) for each in found]
