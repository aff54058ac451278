"""A player's history as stretches in which the exports said the same of him. Pure.

A stretch keeps the time of every export that it stands for, so an older export can still be put between two of them:
the history is the same in whatever order the exports came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an export says of a player."""

    player_name: str
    chips: int
    rank: int | None
    table_number: int | None
    seat_number: int | None
    is_eliminated: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """An unchanged standing and when it was seen, oldest first and never empty."""

    standing: Standing
    seen_at: tuple[datetime, ...]


def add_sighting(stretches: Sequence[Stretch], at: datetime, standing: Standing) -> list[Stretch]:
    """Return the history, oldest first, with what an export of the time ``at`` says; neighbours never say the same.

    Of two exports of one time the one added last counts.
    """
    if stretches and at > stretches[-1].seen_at[-1]:
        return _append(stretches, at, standing)
    sightings = {moment: stretch.standing for stretch in stretches for moment in stretch.seen_at}
    sightings[at] = standing
    grouped = groupby(sorted(sightings), key=lambda moment: sightings[moment])
    return [Stretch(same, tuple(moments)) for same, moments in grouped]


def _append(stretches: Sequence[Stretch], at: datetime, standing: Standing) -> list[Stretch]:
    *before, last = stretches
    if last.standing == standing:
        return [*before, Stretch(standing, (*last.seen_at, at))]
    return [*before, last, Stretch(standing, (at,))]
