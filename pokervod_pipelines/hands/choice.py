"""Which telling of a hand is stored, where files tell it differently.

The heaviest wins, whatever the order the files come in. Only the file that told what is stored may correct itself:
when the same path now says as much and something else, a person mended it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.tellings import TRUST, HandRow, Head, Weight, make_renaming, make_row


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHand:
    """What is known of a stored hand before another telling of it is looked at."""

    id: int
    started_at: datetime
    weight: Weight
    digest: str
    file_id: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows to be stored: ``new`` hands, and ``changed`` ones by the id of the hand that they replace.

    ``heavier`` tell nothing new and are only remembered by their weight.
    """

    new: tuple[HandRow, ...]
    changed: Mapping[int, HandRow]
    heavier: Mapping[int, HandRow]


def choose_head(stored: Head | None, told: Head, *, is_same_file: bool) -> Head:
    """Return what is believed of the session; the file that told what is stored may correct itself."""
    if stored is None or told.size >= stored.size or (is_same_file and told.hands_told == stored.hands_told):
        return told
    return stored


def choose_rows(rows: Sequence[HandRow], stored: Mapping[datetime, StoredHand], file_id: int) -> Choice:
    """Return what has to be written so that every hand is stored in its winning telling."""
    new, changed, heavier = [], {}, {}
    for row in rows:
        known = stored.get(row.started_at)
        if known is None:
            new.append(row)
        elif _wins(row, known, file_id):
            if row.digest != known.digest:
                changed[known.id] = row
            elif row.weight != known.weight:
                heavier[known.id] = row
    return Choice(tuple(new), changed, heavier)


def _wins(row: HandRow, known: StoredHand, file_id: int) -> bool:
    if row.weight >= known.weight:
        return True
    if known.file_id != file_id or row.weight[0] != known.weight[0]:
        return False
    return row.weight[0] == TRUST["manual"] or row.weight[:3] >= known.weight[:3]


def rename_rows(rows: Iterable[tuple[Hand, Weight]], head: Head, rule: GradeRule) -> tuple[HandRow, ...]:
    """Return the hands as those of the session that ``head`` names."""
    rename = make_renaming(head.table, head.title, rule)
    return tuple(make_row(rename(hand), weight) for hand, weight in rows)
