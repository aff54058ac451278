"""Keep a player's history as spans in which the exports reported the same. Pure.

A span keeps the time of every export that it covers, so an older export can still be inserted between two of them:
the history is the same in whatever order the exports arrive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerState:
    """Describe a player as one export reports it."""

    player_name: str
    chips: int
    rank: int | None
    table_number: int | None
    seat_number: int | None
    is_eliminated: bool


@dataclass(frozen=True, slots=True)
class PlayerSpan:
    """Hold an unchanged state and the times at which it was seen, oldest first and never empty."""

    state: PlayerState
    seen_at: tuple[datetime, ...]


def add_sighting(spans: Sequence[PlayerSpan], at: datetime, state: PlayerState) -> list[PlayerSpan]:
    """Return the history, oldest first, with the state that an export of the time ``at`` reports.

    Neighbouring spans always differ. Of two exports with the same time the one added last counts.
    """
    if spans and at > spans[-1].seen_at[-1]:
        return _append(spans, at, state)
    sightings = {moment: span.state for span in spans for moment in span.seen_at}
    sightings[at] = state
    grouped = groupby(sorted(sightings), key=lambda moment: sightings[moment])
    return [PlayerSpan(same, tuple(moments)) for same, moments in grouped]


def _append(spans: Sequence[PlayerSpan], at: datetime, state: PlayerState) -> list[PlayerSpan]:
    *before, last = spans
    if last.state == state:
        return [*before, PlayerSpan(state, (*last.seen_at, at))]
    return [*before, last, PlayerSpan(state, (at,))]
