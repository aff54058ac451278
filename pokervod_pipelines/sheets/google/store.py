"""The SQL behind ``budget``: one row for each service, which all processes of the deployment share.

Each function is one short transaction of its own, so that nobody waits for a call with the row locked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.sheets.google.budget import Bucket, Pace


def take(engine: Engine, service: str, pace: Pace, *, now: datetime | None = None) -> float:
    """One call is taken from the service's budget and 0 returned; or none is, and the seconds to wait are.

    The database's clock counts, which all processes share, unless ``now`` is given.
    """
    with _hold_bucket(engine, service, pace, now) as (connection, bucket, moment):
        left, seconds = bucket.take(pace, moment)
        _save(connection, service, left)
    return seconds


def close(engine: Engine, service: str, pace: Pace, seconds: float, *, now: datetime | None = None) -> None:
    """No process takes a call of the service for so many seconds."""
    with _hold_bucket(engine, service, pace, now) as (connection, bucket, moment):
        _save(connection, service, bucket.close(seconds, moment))


@contextmanager
def _hold_bucket(
    engine: Engine, service: str, pace: Pace, now: datetime | None
) -> Iterator[tuple[Connection, Bucket, datetime]]:
    """The service's bucket, full if it is new, which nobody else changes meanwhile, and the present moment."""
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into api_budgets (service, calls, refilled_at)
                values (:service, :calls, coalesce(:now, clock_timestamp()))
                on conflict do nothing
            """),
            {"service": service, "calls": pace.burst, "now": now},
        )
        row = connection.execute(
            text("select calls, refilled_at, closed_until from api_budgets where service = :service for update"),
            {"service": service},
        ).one()
        # Asked for once the row is held: the wait for it belongs to the past.
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
