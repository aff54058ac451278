"""Limit how many calls are made per minute: a bucket that refills with time, shared by all processes of the deployment.

Google counts calls in fixed windows of a minute whose start is unknown. One window can see at most a full bucket and a
minute's refill, so these two together must not exceed the quota. Each function with an engine is one short transaction
of its own, so that nobody waits for a call with the row locked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.settings.rooms import GoogleSettings
from pokervod_pipelines.sheets.google.calls import QuotaGroup

WINDOW = 60.0
"""Seconds after which Google starts to count again."""

BURST_SHARE = 0.4
"""Share of a minute's calls that may be made at once: a pass over a sheet takes three, and several sheets change."""


@dataclass(frozen=True, slots=True)
class CallRate:
    """Allow ``burst`` calls at once, and ``per_minute`` more every minute."""

    burst: int
    per_minute: float

    @classmethod
    def within(cls, calls_per_minute: int) -> Self:
        """Return the rate at which no minute, wherever it begins, sees more calls than this.

        >>> CallRate.within(50)
        CallRate(burst=20, per_minute=30)
        """
        burst = max(1, int(calls_per_minute * BURST_SHARE))
        return cls(burst, calls_per_minute - burst)


CALLS_PER_READING = 3
"""What reading a sheet takes: its layout, the cells as shown, and the numbers behind some of them."""

ROTATION = "sheets.rotation"
"""The key in ``api_budgets`` of the readings that nobody asked for."""


def find_rate(options: GoogleSettings, service: QuotaGroup) -> CallRate:
    """Return the rate of a service: Drive counts its calls apart from those of Sheets."""
    is_drive = service is QuotaGroup.DRIVE
    return CallRate.within(options.drive_calls_per_minute if is_drive else options.calls_per_minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Count the calls left at the moment of the last refill; none may be made before ``closed_until``."""

    calls: float
    refilled_at: datetime
    closed_until: datetime | None = None

    def take(self, rate: CallRate, now: datetime) -> tuple["Bucket", float]:
        """Return the bucket with one call less and 0, or only refilled and the seconds until the next try.

        A clock that was set back refills nothing.
        """
        calls = self._refill(rate, now)
        refilled = replace(self, calls=calls, refilled_at=max(now, self.refilled_at))
        if self.closed_until is not None and now < self.closed_until:
            return refilled, (self.closed_until - now).total_seconds()
        if calls < 1:
            return refilled, max((1 - calls) * WINDOW / rate.per_minute, 0.001)
        return replace(refilled, calls=calls - 1, closed_until=None), 0.0

    def count_left(self, rate: CallRate, now: datetime) -> float:
        """Return how many calls may be made at once now, 0 while it is closed."""
        is_closed = self.closed_until is not None and now < self.closed_until
        return 0.0 if is_closed else self._refill(rate, now)

    def _refill(self, rate: CallRate, now: datetime) -> float:
        elapsed = max(0.0, (now - self.refilled_at).total_seconds())
        return min(rate.burst, self.calls + elapsed * rate.per_minute / WINDOW)

    def close(self, seconds: float, now: datetime) -> "Bucket":
        """Return the bucket closed for this time, or for longer if it was closed for longer before."""
        until = now + timedelta(seconds=seconds)
        return replace(self, closed_until=max(until, self.closed_until or until))


def take_call(engine: Engine, service: str, rate: CallRate, *, now: datetime | None = None) -> float:
    """Take one call from the service's budget and return 0, or take none and return the seconds to wait.

    The database's clock counts, which all processes share, unless ``now`` is given.
    """
    with _lock_bucket(engine, service, rate, now) as (connection, bucket, moment):
        left, seconds = bucket.take(rate, moment)
        _save(connection, service, left)
    return seconds


def block_calls(engine: Engine, service: str, rate: CallRate, seconds: float, *, now: datetime | None = None) -> None:
    """Stop the calls of all processes to the service for this time."""
    with _lock_bucket(engine, service, rate, now) as (connection, bucket, moment):
        _save(connection, service, bucket.close(seconds, moment))


def take_reading(engine: Engine, options: GoogleSettings, *, now: datetime | None = None) -> bool:
    """Take one reading of a whole sheet from the share for rotation; return whether it may be made without a wait."""
    if not options.rotation_share:
        return False
    reads = find_rate(options, QuotaGroup.READ)
    with _lock_bucket(engine, QuotaGroup.READ, reads, now) as (_, bucket, moment):
        if bucket.count_left(reads, moment) < min(CALLS_PER_READING, reads.burst):
            return False
    share = CallRate(1, options.calls_per_minute * options.rotation_share / CALLS_PER_READING)
    return take_call(engine, ROTATION, share, now=now) == 0


@contextmanager
def _lock_bucket(
    engine: Engine, service: str, rate: CallRate, now: datetime | None
) -> Iterator[tuple[Connection, Bucket, datetime]]:
    """Lock the service's bucket (full if it is new) and yield it with the present moment."""
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into api_budgets (service, calls, refilled_at)
                values (:service, :calls, coalesce(:now, clock_timestamp()))
                on conflict do nothing
            """),
            {"service": service, "calls": rate.burst, "now": now},
        )
        row = connection.execute(
            text("select calls, refilled_at, closed_until from api_budgets where service = :service for update"),
            {"service": service},
        ).one()
        # Asked for once the row is locked: the wait for the lock belongs to the past.
        moment = now or connection.execute(text("select clock_timestamp()")).scalar_one()
        yield connection, Bucket(calls=row.calls, refilled_at=row.refilled_at, closed_until=row.closed_until), moment


def _save(connection: Connection, service: str, bucket: Bucket) -> None:
    connection.execute(
        text("""
            update api_budgets set calls = :calls, refilled_at = :refilled_at, closed_until = :closed_until
            where service = :service
        """),
        {
            "service": service,
            "calls": bucket.calls,
            "refilled_at": bucket.refilled_at,
            "closed_until": bucket.closed_until,
        },
    )
