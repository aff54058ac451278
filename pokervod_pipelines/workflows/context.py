"""Share values between the runs of one request: what runs must tell each other, and no table has.

A context belongs to a correlation id, is read by any process as soon as its writer commits, and ends some time after
its last use. A value is JSON. Each change gets the next version of its key, and all are kept until the context ends.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.settings.rooms import WorkflowSettings
from pokervod_pipelines.suggestions import suggest_name
from pokervod_pipelines.text.folding import make_storable

PROGRESS = "progress/"
"""What the keys of progress begin with; the stage, a slash and its library or sheet follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextValue:
    """Hold a value of a key as one change left it: ``version`` counts from 1, ``by`` is who changed it."""

    key: str
    version: int
    value: Any
    by: str
    at: datetime


class SharedContext:
    """Read and write the context of a correlation id, each call in a transaction of its own.

    ``by`` names who writes: a run, a command, a service.
    """

    def __init__(self, engine: Engine, settings: WorkflowSettings, correlation_id: str, by: str) -> None:
        """Raise ``BadInput`` for an id or a name that the database cannot store."""
        _require_text("correlation id", correlation_id)
        _require_text("name of who writes", by)
        self.engine = engine
        self.settings = settings
        self.correlation_id = correlation_id
        self.by = by

    def get(self, key: str) -> Any:
        """Return the value of the key. Raises ``BadInput`` where it has none, ``Conflict`` where the context ended."""
        return self.read(key).value

    def read(self, key: str) -> ContextValue:
        """Return the value of the key with its version. Raises as ``get`` does."""
        _require_text("key", key)
        with self.engine.begin() as connection:
            _use(connection, self.correlation_id, self.settings)
            found = _find_value(connection, self.correlation_id, key)
            if found is None:
                known = [each.key for each in read_values(connection, self.correlation_id)]
                raise BadInput(f"context {self.correlation_id}: unknown key {key!r}; {suggest_name(key, known)}")
        return found

    def set(self, key: str, value: Any, *, expects: int | None = None) -> int:
        """Set the value of the key; return its new version.

        With ``expects`` only if that is its version now, 0 for a key without a value. Raises ``Conflict`` where it is
        not or the context ended, ``BadInput`` for a value that is not JSON or too large.
        """
        with self.engine.begin() as connection:
            return set_value(connection, self.settings, self.correlation_id, key, value, by=self.by, expects=expects)

    def update(self, key: str, change: Callable[[Any], Any]) -> Any:
        """Set the key to what ``change`` makes of its value, None where it has none; return that.

        Nobody else changes the context meanwhile. Raises as ``set`` does.
        """
        _require_text("key", key)
        with self.engine.begin() as connection:
            _begin(connection, self.correlation_id, self.settings)
            found = _find_value(connection, self.correlation_id, key)
            value = change(None if found is None else found.value)
            _store(connection, self.settings, self.correlation_id, key, value, by=self.by, found=found)
        return value


def set_value(
    connection: Connection,
    settings: WorkflowSettings,
    correlation_id: str,
    key: str,
    value: Any,
    *,
    by: str,
    expects: int | None = None,
) -> int:
    """Set a value within the caller's transaction; return its version. Raises as ``SharedContext.set`` does.

    Other writers of the context wait until the transaction ends.
    """
    _require_text("key", key)
    _begin(connection, correlation_id, settings)
    found = _find_value(connection, correlation_id, key)
    version = 0 if found is None else found.version
    if expects is not None and expects != version:
        who = "has no value" if found is None else f"is at version {version}, set by {found.by}"
        raise Conflict(f"context {correlation_id}: {key!r} {who}, not at {expects}; read it again, then decide")
    return _store(connection, settings, correlation_id, key, value, by=by, found=found)


def _store(
    connection: Connection,
    settings: WorkflowSettings,
    correlation_id: str,
    key: str,
    value: Any,
    *,
    by: str,
    found: ContextValue | None,
) -> int:
    """Store the value as the version after the one found; return that."""
    written = _write(correlation_id, key, value)
    version = 1 if found is None else found.version + 1
    values = {"id": correlation_id, "key": key, "version": version, "value": written, "bytes": len(written), "by": by}
    total = (connection.scalar(_OTHER_BYTES, values) or 0) + len(written)
    if total > settings.context_bytes:
        raise BadInput(
            f"context {correlation_id}: {key!r} would make it {total:,} bytes, the limit is "
            f"{settings.context_bytes:,}; store the data in a table or file, and share its id or path"
        )
    connection.execute(_INSERT, values)
    return version


def read_values(connection: Connection, correlation_id: str) -> list[ContextValue]:
    """Return the present value of each key, by key."""
    return [ContextValue(**row._mapping) for row in connection.execute(_VALUES, {"id": correlation_id})]


def read_history(connection: Connection, correlation_id: str) -> list[ContextValue]:
    """Return every change of the context, oldest first."""
    return [ContextValue(**row._mapping) for row in connection.execute(_HISTORY, {"id": correlation_id})]


def read_use(connection: Connection, correlation_id: str) -> datetime:
    """Return when the context was used last. Raises ``BadInput`` if it does not exist."""
    found: datetime | None = connection.scalar(_USED_AT, {"id": correlation_id})
    if found is None:
        raise BadInput(f"unknown context {correlation_id!r}; it was never written, or ended and was deleted")
    return found


def purge_contexts(connection: Connection, settings: WorkflowSettings) -> int:
    """Delete the contexts that have ended, with their history; return how many."""
    return int(connection.execute(_PURGE, {"ttl": _lifetime(settings)}).rowcount)


def _write(correlation_id: str, key: str, value: Any) -> str:
    """Return the value as JSON in ASCII, which the database stores whatever its characters are."""
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        expected = "texts, numbers, true, false, null, lists and mappings"
        raise BadInput(f"context {correlation_id}: {key!r} is not JSON ({error}); expected {expected}") from None


def _require_text(what: str, text_: str) -> None:
    """Raise ``BadInput`` for a text that is empty, or that the database cannot store."""
    if not text_ or make_storable(text_) != text_:
        raise BadInput(f"context: expected a {what} without NUL or half characters, got {text_!r}")


def _lifetime(settings: WorkflowSettings) -> timedelta:
    return timedelta(seconds=settings.context_ttl_seconds)


def _begin(connection: Connection, correlation_id: str, settings: WorkflowSettings) -> None:
    """Begin the context or use it, and keep other writers out until the transaction ends."""
    if not connection.execute(_BEGIN, {"id": correlation_id, "ttl": _lifetime(settings)}).rowcount:
        raise _make_ended(connection, correlation_id, settings)


def _use(connection: Connection, correlation_id: str, settings: WorkflowSettings) -> None:
    """Note that the context is used; at most once a second, so that readers do not wait for each other."""
    values = {"id": correlation_id, "ttl": _lifetime(settings)}
    if not connection.scalar(_IS_ALIVE, values):
        raise _make_ended(connection, correlation_id, settings)
    connection.execute(_USE, values)


def _make_ended(connection: Connection, correlation_id: str, settings: WorkflowSettings) -> Conflict:
    """Return that the context ended. Raises ``BadInput`` if it does not exist."""
    used_at = read_use(connection, correlation_id)
    return Conflict(
        f"context {correlation_id} ended: it was used last at {used_at:%Y-%m-%d %H:%M:%S} UTC, and is kept for "
        f"{settings.context_ttl_seconds:g} s after that; repeat the request"
    )


def _find_value(connection: Connection, correlation_id: str, key: str) -> ContextValue | None:
    row = connection.execute(_VALUE, {"id": correlation_id, "key": key}).one_or_none()
    return None if row is None else ContextValue(**row._mapping)


_BEGIN = text("""
    insert into contexts as c (correlation_id) values (:id)
    on conflict (correlation_id) do update set used_at = now() where c.used_at > now() - cast(:ttl as interval)
""")

_IS_ALIVE = text("""
    select true from contexts where correlation_id = :id and used_at > now() - cast(:ttl as interval)
""")

_USE = text("""
    update contexts set used_at = now() where correlation_id = (
        select correlation_id from contexts where correlation_id = :id and used_at < now() - interval '1 second'
        for update skip locked)
""")

_USED_AT = text("select used_at from contexts where correlation_id = :id")

_INSERT = text("""
    insert into context_changes (correlation_id, key, version, value, bytes, by)
    values (:id, :key, :version, :value, :bytes, :by)
""")

_OTHER_BYTES = text("""
    select sum(bytes) from (
        select distinct on (key) bytes from context_changes
        where correlation_id = :id and key <> :key order by key, version desc
    ) as present
""")

_VALUE = text("""
    select key, version, value, by, at from context_changes
    where correlation_id = :id and key = :key order by version desc limit 1
""")

_VALUES = text("""
    select distinct on (key) key, version, value, by, at from context_changes
    where correlation_id = :id order by key, version desc
""")

_HISTORY = text("""
    select key, version, value, by, at from context_changes where correlation_id = :id order by at, key, version
""")

_PURGE = text("delete from contexts where used_at <= now() - cast(:ttl as interval)")
