"""Say how far a stream has come, so that the next one continues there: an event, and what was visible with it.

The number of an event is not enough: a transaction that began earlier may commit later, with a lower number. What the
snapshot of the position does not see is told again, so an event may come twice, with the same number, and none is lost.
"""

import re
from dataclasses import dataclass

MAX_LENGTH = 4_000

_POSITION = re.compile(r"(\d{1,18})-((\d{1,18}):(\d{1,18}):(?:\d{1,18}(?:,\d{1,18})*)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Position:
    """Name the last event and a snapshot of PostgreSQL, from which the log is read on."""

    seq: int
    snapshot: str

    def __str__(self) -> str:
        return f"{self.seq}-{self.snapshot}"

    @property
    def next_transaction(self) -> int:
        """Return the number of the first transaction that the snapshot knows nothing of."""
        return int(self.snapshot.split(":")[1])


def read_position(text: str) -> Position | None:
    """Return the position that a client names, None for what is none.

    >>> read_position("812-5530:5541:5532,5535")
    Position(seq=812, snapshot='5530:5541:5532,5535')
    >>> read_position("812") is None, read_position("812-9:5:") is None
    (True, True)
    """
    found = _POSITION.fullmatch(text[:MAX_LENGTH])
    if found is None:
        return None
    first, following = int(found[3]), int(found[4])
    running = [int(each) for each in found[2].split(":")[2].split(",") if each]
    is_sorted = running == sorted({*running}) and all(first <= each < following for each in running)
    return Position(int(found[1]), found[2]) if 0 < first <= following and is_sorted else None
