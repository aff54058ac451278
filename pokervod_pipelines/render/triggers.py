"""Define triggers: what happened that may need a graphic, with a permanent name and the facts that it may show.

The sources are in ``hand_triggers`` and ``tournament_triggers``; they read the tables of other rooms and never write.
``rules`` say which graphic a trigger makes.
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
"""The kind of a person's request, which no rule makes and no source withdraws."""

WITHDRAWAL_REASONS = {
    "premium_hand": "the hand is not premium any more, is a test, or was withdrawn",
    "elimination": "the elimination was revoked",
    "level_end": "the level has not ended",
    "payout": "the payouts were deleted",
    "schedule_entry": "it was removed from the schedule",
}
"""Why an instruction is withdrawn whose trigger does not exist any more, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Hold what happened on a broadcast day; ``(kind, key)`` is its permanent name, ``title`` the one for people."""

    kind: str
    key: str
    day: date
    title: str
    facts: Mapping[str, Any]
    hand_id: int | None = None


@dataclass(frozen=True, slots=True)
class DayRule:
    """Define when a broadcast day starts: at ``starts_at`` in the time zone ``zone``."""

    zone: str
    starts_at: time

    @classmethod
    def of(cls, settings: Settings) -> "DayRule":
        """Return the rule of the settings."""
        return cls(settings.time_zone, settings.hands.day_starts_at)

    @property
    def clock(self) -> ZoneInfo:
        """Return the zone in which people read times."""
        return ZoneInfo(self.zone)

    def as_parameters(self) -> dict[str, Any]:
        """Return the parameters of ``write_day``."""
        return {"zone": self.zone, "day_starts_at": f"{self.starts_at.hour} hours {self.starts_at.minute} minutes"}


def write_day(moment: str) -> str:
    """Return the SQL of the broadcast day of a time, itself SQL."""
    return f"cast(({moment} at time zone :zone) - cast(:day_starts_at as interval) as date)"


def read_today(connection: Connection, rule: DayRule) -> date:
    """Return the current broadcast day."""
    today: date = connection.execute(text(f"select {write_day('now()')}"), rule.as_parameters()).scalar_one()
    return today


def read_number(value: Decimal | float | None) -> int | float | None:
    """Return a number as JSON holds it: whole where it is whole, None where there is none."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)
