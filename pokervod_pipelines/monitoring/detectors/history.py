"""Remember between two looks what detectors need: since when things are as they are, and what was found last.

It is plain data, which a simulator carries from look to look, and ``memory`` keeps in the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pokervod_pipelines.monitoring.incidents.shape import Finding, Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Remember a finding: when it was seen first and last, and whether it has lasted long enough.

    Since the first time it was found at ``times`` looks, and at ``missed`` ones it was not; ``returns`` is how often it
    came back.
    """

    finding: Finding
    first_at: datetime
    last_at: datetime
    is_open: bool
    times: int = 1
    missed: int = 0
    returns: int = 0
    is_away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Hold when the detectors looked first, and what they found and have not seen over, by key."""

    first_look_at: datetime | None = None
    last_look_at: datetime | None = None
    found: Mapping[str, Found] = field(default_factory=dict)

    def is_open(self, key: str) -> bool:
        """Return whether it is open, so that a figure near its threshold has to pass the lower one to end it."""
        found = self.found.get(key)
        return found is not None and found.is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Hold how every detector looked, and what to remember for the next look."""

    looks: tuple[Look, ...]
    history: History
