"""Decide which version of a hand is stored, where files report it differently.

The most complete version wins, in whatever order the files are read. Only the file that the stored version came from
may correct it: when it now reports as much and something else, a person has corrected it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.parsed_sessions import (
    CORRECTED,
    TRUST,
    HandRow,
    SessionHead,
    Weight,
    make_row,
    move_to_session,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHand:
    """Hold what is needed of a stored hand to compare another version with it."""

    id: int
    started_at: datetime
    weight: Weight
    digest: str
    file_id: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """List the rows to store: ``new`` hands, and ``changed`` ones by the id of the hand that they replace.

    Of ``heavier`` rows only the weight is stored: they report the same hand. ``shorter`` rows come from the file of the
    stored version, report less than it and are not stored.
    """

    new: tuple[HandRow, ...]
    changed: Mapping[int, HandRow]
    heavier: Mapping[int, HandRow]
    shorter: Mapping[int, HandRow]


def choose_head(stored: SessionHead | None, parsed: SessionHead, *, is_same_file: bool) -> SessionHead:
    """Return what to store of the session; the file that the stored head came from may correct it."""
    if stored is None or parsed.size >= stored.size:
        return parsed
    return parsed if is_same_file and parsed.hands_reported == stored.hands_reported else stored


def choose_rows(rows: Sequence[HandRow], stored: Mapping[datetime, StoredHand], file_id: int) -> Choice:
    """Return what to write so that every hand is stored in its winning version."""
    new: list[HandRow] = []
    changed, heavier, shorter = {}, {}, {}
    for row in rows:
        known = stored.get(row.started_at)
        if known is None:
            new.append(row)
        elif _wins(row, known, file_id):
            if row.digest != known.digest:
                changed[known.id] = row
            elif row.weight != known.weight:
                heavier[known.id] = row
        elif known.file_id == file_id and row.digest != known.digest and known.weight[0] != CORRECTED:
            shorter[known.id] = row
    return Choice(tuple(new), changed, heavier, shorter)


def _wins(row: HandRow, known: StoredHand, file_id: int) -> bool:
    if row.weight >= known.weight:
        return True
    if known.file_id != file_id or row.weight[0] != known.weight[0]:
        return False
    return row.weight[0] == TRUST["manual"] or row.weight[:3] >= known.weight[:3]


def rename_rows(rows: Iterable[tuple[Hand, Weight]], head: SessionHead, rule: GradeRule) -> tuple[HandRow, ...]:
    """Return the hands with the table and title of ``head``."""
    return tuple(make_row(move_to_session(hand, head, rule), weight) for hand, weight in rows)
