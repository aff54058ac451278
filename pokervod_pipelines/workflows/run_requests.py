"""Keep what events ask for until its run is recorded.

A request waits for its time in the database, so that whoever looks next goes on with it. Then it is handed, under a run
key, to who launches runs, and deleted once a run has that key. One that was handed and has no run a while later is
handed again under the same key, of which no second run begins.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import lock_until_commit

MAX_DEBOUNCE = 6
"""Events that never stop coming hold a request for this many times its debounce at most."""

MAX_OTHERS = 10

HAND_AGAIN = timedelta(seconds=10)
"""Who launches a run records it sooner, or has died."""

HELD = timedelta(seconds=5)
"""A request for which the same run waits in the queue is looked at again after this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Ask for a run of a workflow with an input, not before ``due_at``.

    ``event_id`` is the newest event that asked, at ``asked_at``; ``first_at`` is the time of the first one.
    ``made_by`` is the asset whose step appends such events. ``attempt`` counts from 1. ``others`` are the first of the
    further correlation ids that one run answers.
    """

    workflow: str
    input: Mapping[str, Any]
    correlation_id: str
    event_id: int
    first_at: datetime
    asked_at: datetime
    due_at: datetime
    made_by: str | None = None
    priority: int = 0
    attempt: int = 1
    others: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """Return what is the same for requests that one run answers."""
        return f"{self.workflow} {json.dumps(dict(self.input), sort_keys=True, ensure_ascii=False)}"

    @property
    def key(self) -> str:
        """Return what is the same where the same events ask again, and not where a restored log has their numbers."""
        return f"{self.target} {self.event_id} {self.asked_at.isoformat(timespec='milliseconds')}"

    def merge(self, other: "RunRequest") -> "RunRequest":
        """Return one request for both; a later event moves its time, within limits."""
        first, last = sorted((self, other), key=lambda each: each.event_id)
        ids = dict.fromkeys((*first.others, last.correlation_id, *last.others))
        latest = first.first_at + MAX_DEBOUNCE * (last.due_at - last.asked_at)
        return replace(
            first,
            event_id=last.event_id,
            asked_at=last.asked_at,
            due_at=max(min(last.due_at, latest), last.asked_at),
            made_by=first.made_by if first.made_by == last.made_by else None,
            priority=max(first.priority, last.priority),
            others=tuple(each for each in ids if each != first.correlation_id)[:MAX_OTHERS],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """Hold a request as the database has it; ``run_key`` is None while it waits."""

    id: int
    request: RunRequest
    run_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedRequest:
    """Hand over the requests that one run answers, each with another correlation id."""

    run_key: str
    parts: tuple[StoredRequest, ...]

    @property
    def request(self) -> RunRequest:
        """Return one request for all."""
        return merge_all(each.request for each in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRequests:
    """Tell how many requests have no run yet, and the workflow of the one that was asked for first."""

    count: int = 0
    oldest: str | None = None
    oldest_at: datetime | None = None


def merge_all(requests: Iterable[RunRequest]) -> RunRequest:
    """Return one request for all, which have the same target."""
    return reduce(RunRequest.merge, requests)


def lock_requests(connection: Connection) -> None:
    """Keep others from storing, handing and releasing requests until the transaction ends."""
    lock_until_commit(connection, "run requests")


def store_requests(connection: Connection, requests: Iterable[RunRequest]) -> None:
    """Store the requests; one that waits already for the same target and correlation id takes them in."""
    waiting = {_find_place(each.request): each.request for each in read_requests(connection) if each.run_key is None}
    changed: dict[tuple[str, str], RunRequest] = {}
    for request in requests:
        place = _find_place(request)
        known = changed.get(place) or waiting.get(place)
        changed[place] = known.merge(request) if known else request
    if changed:
        connection.execute(_STORE, [_describe(each) for each in changed.values()])


def _find_place(request: RunRequest) -> tuple[str, str]:
    return request.target, request.correlation_id


_COLUMNS = [each.name for each in fields(RunRequest) if each.name != "others"]

_MOVED = ("event_id", "first_at", "asked_at", "due_at", "made_by", "priority", "attempt")

_STORE = text(f"""
    insert into run_requests ({", ".join(_COLUMNS)})
    values ({", ".join("cast(:input as jsonb)" if name == "input" else f":{name}" for name in _COLUMNS)})
    on conflict (workflow, input, correlation_id) where run_key is null
        do update set {", ".join(f"{name} = excluded.{name}" for name in _MOVED)}
""")  # noqa: S608 - constants


def _describe(request: RunRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in _COLUMNS} | {"input": json.dumps(dict(request.input))}


def read_requests(connection: Connection) -> list[StoredRequest]:
    """Return the requests that wait, and those handed so long ago that nobody launches them; the earliest first."""
    return _read(connection, "run_key is null or handed_at < clock_timestamp() - cast(:again as interval)")


def read_handed(connection: Connection, run_key: str) -> list[StoredRequest]:
    """Return the requests that were handed under the run key."""
    return _read(connection, "run_key = :run_key", run_key=run_key)


def _read(connection: Connection, condition: str, **values: Any) -> list[StoredRequest]:
    query = f"select id, run_key, {', '.join(_COLUMNS)} from run_requests where {condition} order by event_id, id"  # noqa: S608 - constants
    rows = connection.execute(text(query), {"again": HAND_AGAIN, **values} if ":again" in query else values)
    return [_make_stored(**row._mapping) for row in rows]


def _make_stored(id: int, run_key: str | None, **values: Any) -> StoredRequest:  # noqa: A002 - the column's name
    return StoredRequest(id=id, run_key=run_key, request=RunRequest(**values))


def count_requests(connection: Connection) -> WaitingRequests:
    """Return how many requests have no run yet, whether they wait for their time or for who launches it."""
    row = connection.execute(_COUNT).one()
    return WaitingRequests(**row._mapping)


_COUNT = text("""
    select count(*) as count, min(first_at) as oldest_at, (array_agg(workflow order by first_at, id))[1] as oldest
    from run_requests
""")


def mark_handed(connection: Connection, handed: HandedRequest) -> None:
    """Note that a run with the key is to answer these requests."""
    connection.execute(
        text("update run_requests set run_key = :run_key, handed_at = clock_timestamp() where id = any(:ids)"),
        {"run_key": handed.run_key, "ids": [each.id for each in handed.parts]},
    )


def release_requests(connection: Connection, run_key: str) -> None:
    """Let the requests of a run key wait again: the same run is in the queue, and they gather until it begins.

    One that a later event of its correlation id asked for anew meanwhile is left to that.
    """
    lock_requests(connection)
    connection.execute(_RELEASE, {"run_key": run_key, "held": HELD})


_RELEASE = text("""
    with anew as (
        delete from run_requests r using run_requests w
        where r.run_key = :run_key and w.run_key is null
            and (w.workflow, w.input, w.correlation_id) = (r.workflow, r.input, r.correlation_id)
        returning r.id
    )
    update run_requests set run_key = null, handed_at = null, due_at = clock_timestamp() + cast(:held as interval)
    where run_key = :run_key and id not in (select id from anew)
""")


def list_handed_keys(connection: Connection) -> list[str]:
    """Return the run keys of which no run is recorded yet."""
    return list(connection.scalars(text("select distinct run_key from run_requests where run_key is not null")))


def delete_requests(connection: Connection, ids: Collection[int]) -> None:
    """Delete requests that nothing has to answer any more."""
    connection.execute(text("delete from run_requests where id = any(:ids)"), {"ids": [*ids]})


def delete_answered(connection: Connection, run_keys: Collection[str]) -> None:
    """Delete the requests whose run is recorded."""
    connection.execute(text("delete from run_requests where run_key = any(:run_keys)"), {"run_keys": [*run_keys]})
