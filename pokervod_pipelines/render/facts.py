"""Declare the facts of each kind of trigger, by name and kind: rules may use these and no others.

A fact added to a source in ``hand_triggers`` or ``tournament_triggers`` has to be declared here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pokervod_pipelines.render.layers import LayerKind

FactKind = LayerKind | str
"""The kinds of layers, and ``flag`` for true or false."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Declare a fact's kind, and the columns of one that is rows; its value may be unknown for a trigger."""

    kind: FactKind
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


TEXT, NUMBER, CHIPS, CARDS, FLAG = (Fact(kind) for kind in ("text", "number", "chips", "cards", "flag"))
STANDINGS = Fact(
    "rows", {"position": "number", "player": "text", "chips": "chips", "big_blinds": "number", "table": "number"}
)
TOURNAMENT = {"tournament": TEXT, "tournament_number": TEXT}

FACTS: Mapping[str, Mapping[str, Fact]] = {
    "premium_hand": {
        "number": NUMBER,
        "table": TEXT,
        "event": TEXT,
        "source": TEXT,
        "grade": TEXT,
        "category": TEXT,
        "rank": NUMBER,
        "pot": CHIPS,
        "seconds": NUMBER,
        "shown": FLAG,
        "board": CARDS,
        "best.player": TEXT,
        "best.seat": NUMBER,
        "best.cards": CARDS,
        "best.name": TEXT,
        "best.hole_cards": CARDS,
        "winner.players": TEXT,
        "winner.chips": CHIPS,
        "project": TEXT,
    },
    "elimination": {
        **TOURNAMENT,
        "player": TEXT,
        "place": NUMBER,
        "prize": CHIPS,
        "table": NUMBER,
        "seat": NUMBER,
    },
    "level_end": {
        **TOURNAMENT,
        "level": NUMBER,
        "next_level": NUMBER,
        "is_last": FLAG,
        "players_left": NUMBER,
        "average_stack": CHIPS,
        "small_blind": CHIPS,
        "big_blind": CHIPS,
        "ante": CHIPS,
        "leaderboard": STANDINGS,
    },
    "payout": {
        **TOURNAMENT,
        "prize_pool": CHIPS,
        "first_prize": CHIPS,
        "places": NUMBER,
        "payouts": Fact("rows", {"place": "text", "amount": "chips", "percentage": "number"}),
    },
    "schedule_entry": {
        "title": TEXT,
        "date": TEXT,
        "time": TEXT,
        "zone": TEXT,
        "channel": TEXT,
        "is_live": FLAG,
        "tournament_number": TEXT,
    },
}
"""The facts of each kind of trigger, by name."""
