"""Keep in a file what was seen while the database did not answer, until it is recorded.

One line of JSON for each look, written through to the disk; a line that a killed process left half written is no look.
The file stays small: of a long outage its beginning and its end are kept.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pokervod_pipelines.settings import Settings

MOST_LINES = 2_000

APART = timedelta(minutes=10)
"""Looks so far apart belong to two outages: in between somebody would have looked."""

MAX_PROBLEM = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayLook:
    """Say that the database did not answer at a moment, and what it said."""

    at: datetime
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Hold the first and the last look of an outage."""

    since: datetime
    until: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class Spool:
    """Append to the file of a looker, and read and empty it."""

    path: Path

    def append(self, look: AwayLook) -> None:
        """Write the look through to the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock():
            lines = self._read_lines()
            if len(lines) >= MOST_LINES:
                half = MOST_LINES // 2
                self._replace([*lines[:half], *lines[half + 1 :], _dump(look)])
                return
            with self.path.open("ab") as file:
                torn = bool(lines) and not self.path.read_bytes().endswith(b"\n")
                file.write(b"\n" * torn + _dump(look) + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def read(self) -> list[AwayLook]:
        """Return the looks in order; none where there is no file."""
        if not self.path.exists():
            return []
        with self._lock():
            looks = [look for line in self._read_lines() if (look := _load(line))]
        return sorted(looks, key=lambda each: each.at)

    def forget(self, until: datetime) -> None:
        """Delete the looks up to then: they are recorded."""
        with self._lock():
            left = [line for line in self._read_lines() if (look := _load(line)) and look.at > until]
            if left:
                self._replace(left)
            else:
                self.path.unlink(missing_ok=True)

    def _read_lines(self) -> list[bytes]:
        with suppress(FileNotFoundError):
            return self.path.read_bytes().splitlines()
        return []

    def _replace(self, lines: Sequence[bytes]) -> None:
        new = self.path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep other processes of this machine from the file; the lock ends with its process."""
        with self.path.with_suffix(".lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def locate_spool(settings: Settings, looker: str) -> Spool:
    """Return the spool of this machine's looker."""
    return Spool(settings.home / "spool" / f"detectors-{looker}.jsonl")


def list_outages(looks: Sequence[AwayLook]) -> list[Outage]:
    """Return the outages that the looks tell of, in order."""
    found: list[Outage] = []
    for look in looks:
        if found and look.at - found[-1].until <= APART:
            found[-1] = Outage(since=found[-1].since, until=look.at, problem=look.problem)
        else:
            found.append(Outage(since=look.at, until=look.at, problem=look.problem))
    return found


def _dump(look: AwayLook) -> bytes:
    entry = {"at": look.at.isoformat(), "problem": look.problem[:MAX_PROBLEM]}
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace")


def _load(line: bytes) -> AwayLook | None:
    try:
        entry = json.loads(line)
        look = AwayLook(at=datetime.fromisoformat(entry["at"]), problem=str(entry["problem"]))
    except (ValueError, TypeError, KeyError):
        return None
    return look if look.at.tzinfo is not None else None
