"""What can ask for a graphic: something that happened, with a name for good and the facts that a picture may show.

The sources are in ``hand_triggers`` and ``tournament_triggers``; ``SOURCES`` lists them. A source reads the tables of
another room and never writes. What is made of a trigger is ``rules``' business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from pokervod_pipelines.settings import Settings

PERSON = "person"
"""The kind of what a person asked for, which no rule makes and no source withdraws."""

GONE = {
    "premium_hand": "the hand is not premium any more, or is a test",
    "elimination": "the elimination was taken back",
    "level_end": "the level is not over any more",
    "payout": "the payouts are gone",
    "schedule_entry": "it is not in the schedule any more",
}
"""Why an instruction is withdrawn whose trigger is not there any more, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Something that happened on a broadcast day; ``(kind, key)`` names it for good, ``title`` for people."""

    kind: str
    key: str
    day: date
    title: str
    facts: Mapping[str, Any]
    hand_id: int | None = None


@dataclass(frozen=True, slots=True)
class DayRule:
    """When a broadcast day begins: at ``starts_at`` by the clocks of ``zone``."""

    zone: str
    starts_at: time

    @classmethod
    def of(cls, settings: Settings) -> "DayRule":
        """Return the rule that is configured."""
        return cls(settings.time_zone, settings.hands.day_starts_at)

    @property
    def clock(self) -> ZoneInfo:
        """The zone in which people read times."""
        return ZoneInfo(self.zone)

    def as_parameters(self) -> dict[str, Any]:
        """Return what ``write_day`` needs."""
        return {"zone": self.zone, "day_starts_at": f"{self.starts_at.hour} hours {self.starts_at.minute} minutes"}


def write_day(moment: str) -> str:
    """Return the SQL of the broadcast day of a moment, itself SQL."""
    return f"cast(({moment} at time zone :zone) - cast(:day_starts_at as interval) as date)"


def read_today(connection: Connection, rule: DayRule) -> date:
    """The broadcast day that it is now."""
    today: date = connection.execute(text(f"select {write_day('now()')}"), rule.as_parameters()).scalar_one()
    return today


def read_number(value: Decimal | float | None) -> int | float | None:
    """Return a number as JSON holds it: whole where it is whole, None where there is none."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)
