"""Keep in the database what the detectors remember, how they looked last, and who looks."""

import logging
import platform
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.detectors.facts import LookerFacts
from pokervod_pipelines.monitoring.detectors.history import History, Judgement
from pokervod_pipelines.monitoring.incidents.shape import LookState

_log = logging.getLogger(__name__)

SILENT_AFTER = timedelta(minutes=5)
"""Where nobody has looked for so long, that no incident is open says nothing: each looker does so every 30 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """Tell how a detector looked last; ``findings`` is how many it found that last."""

    detector: str
    state: LookState
    looked_at: int
    summary: str
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Hold what the database has of the last look; without any ``looked_at`` is None."""

    history: History = field(default_factory=History)
    looks: tuple[LastLook, ...] = ()
    looked_at: datetime | None = None
    looker: str = ""

    def is_silent(self, now: datetime) -> bool:
        """Return whether no detector has looked lately, or ever."""
        return self.looked_at is None or now - self.looked_at > SILENT_AFTER

    @property
    def unreadable(self) -> tuple[LastLook, ...]:
        """Return the looks that could not judge, since what they judge by could not be read."""
        return tuple(each for each in self.looks if each.state is LookState.UNREADABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLooker:
    """Tell when the detectors looked last in one place, and up to when what it spooled is recorded."""

    looker: str
    host: str
    looked_at: datetime | None
    seconds: float | None
    spooled_until: datetime | None


_HISTORY = TypeAdapter(History)
_LOOKS = TypeAdapter(tuple[LastLook, ...])


def read_memory(connection: Connection) -> Memory:
    """Return what is remembered; where another version wrote it so that it cannot be read, nothing is."""
    row = connection.execute(_READ).one_or_none()
    if row is None:
        return Memory()
    try:
        history, looks = _HISTORY.validate_python(row.history), _LOOKS.validate_python(row.looks)
    except ValidationError:
        _log.warning("what the detectors remembered cannot be read; they begin anew")
        history, looks = History(), ()
    return Memory(history=history, looks=looks, looked_at=row.looked_at, looker=row.looker)


def write_memory(connection: Connection, judgement: Judgement, looker: str, now: datetime) -> None:
    """Store what to remember and how the detectors looked."""
    looks = tuple(
        LastLook(
            detector=each.detector,
            state=each.state,
            looked_at=each.looked_at,
            summary=each.summary,
            findings=len(each.findings),
        )
        for each in judgement.looks
    )
    values = {
        "now": now,
        "looker": looker,
        "history": _HISTORY.dump_json(judgement.history).decode(),
        "looks": _LOOKS.dump_json(looks).decode(),
    }
    connection.execute(_WRITE, values)


def read_lookers(connection: Connection) -> list[StoredLooker]:
    """Return everyone who ever looked, by name."""
    return [StoredLooker(**row._mapping) for row in connection.execute(_LOOKERS)]


def list_lookers(stored: list[StoredLooker]) -> tuple[LookerFacts, ...]:
    """Return when each looked last, wherever it runs; the sensor and the watcher also where they never did."""
    found: list[LookerFacts] = []
    for name in ("sensor", "watcher"):
        seen = [each.looked_at for each in stored if each.looker == name and each.looked_at]
        found.append(LookerFacts(name=name, seen_at=max(seen, default=None)))
    return tuple(found)


def note_look(connection: Connection, looker: str, now: datetime, seconds: float) -> None:
    """Store that the looker of this machine has looked, also where another had judged a moment before."""
    values = {"looker": looker, "host": platform.node(), "now": now, "seconds": seconds}
    connection.execute(_NOTE, values)


def note_spooled(connection: Connection, looker: str, until: datetime) -> None:
    """Store that what this machine's looker spooled is recorded up to then."""
    connection.execute(_SPOOLED, {"looker": looker, "host": platform.node(), "until": until})


def find_spooled(connection: Connection, looker: str) -> datetime | None:
    """Return up to when what this machine's looker spooled is recorded."""
    found: Any = connection.scalar(_FIND_SPOOLED, {"looker": looker, "host": platform.node()})
    return found if isinstance(found, datetime) else None


_READ = text("select history, looks, looked_at, looker from detector_memory")

_WRITE = text("""
    insert into detector_memory (looked_at, looker, history, looks)
    values (:now, :looker, cast(:history as jsonb), cast(:looks as jsonb))
    on conflict (id) do update set looked_at = excluded.looked_at, looker = excluded.looker,
        history = excluded.history, looks = excluded.looks
""")

_LOOKERS = text("select looker, host, looked_at, seconds, spooled_until from detector_lookers order by looker, host")

_NOTE = text("""
    insert into detector_lookers (looker, host, looked_at, seconds) values (:looker, :host, :now, :seconds)
    on conflict (looker, host) do update set looked_at = excluded.looked_at, seconds = excluded.seconds
""")

_SPOOLED = text("""
    insert into detector_lookers (looker, host, spooled_until) values (:looker, :host, :until)
    on conflict (looker, host) do update set spooled_until = excluded.spooled_until
""")

_FIND_SPOOLED = text("select spooled_until from detector_lookers where looker = :looker and host = :host")
