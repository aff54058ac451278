"""Keep the sessions of the login page: begun by a login, listed and ended by their user, ended by idleness and age."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.access.tokens import digest_token
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings.api import ApiSettings

KEPT_DAYS = 30
"""So long after its end a session is kept: an address that a user logged in from is not throttled with strangers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold a row of ``sessions`` without its digest; ``user`` is the name of the user."""

    id: int
    user: str
    address: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


def begin_session(
    connection: Connection, user_id: int, version: int, token: str, address: str, settings: ApiSettings
) -> Session | None:
    """Begin a session; return None where the user was changed or disabled since that version was verified.

    The user's row is locked, so a change that runs now either ends this session or is seen by it.
    """
    purge_sessions(connection)
    values = {
        "user_id": user_id,
        "version": version,
        "digest": digest_token(token),
        "address": address,
        "lasts": timedelta(hours=settings.session_hours),
    }
    row = connection.execute(_BEGIN, values).one_or_none()
    return None if row is None else make_session(row)


def list_sessions(connection: Connection, settings: ApiSettings, user_id: int | None = None) -> list[Session]:
    """Return the sessions that are open, of the user or of all, the one used last first."""
    values = {"user_id": user_id, "idle": timedelta(hours=settings.session_idle_hours)}
    return [make_session(row) for row in connection.execute(_LIST, values)]


def end_session(connection: Connection, session_id: int, actor: Actor, user_id: int | None = None) -> bool:
    """End the session; return whether it was open. Raises ``BadInput`` for one that is not that user's.

    Without a ``user_id`` it may be anybody's.
    """
    owner = connection.execute(_FIND, {"id": session_id, "user_id": user_id}).one_or_none()
    if owner is None:
        raise BadInput(f"unknown session {session_id}; list the sessions and give the number of one")
    return bool(_end(connection, owner.user_id, owner.user, session_id, actor))


def end_sessions(connection: Connection, user_id: int, actor: Actor, *, except_session: int | None = None) -> int:
    """End all sessions of the user but the one excepted; return how many were open."""
    name = connection.scalar(text("select name from users where id = :id"), {"id": user_id})
    if name is None:
        raise BadInput(f"unknown user {user_id}; `pokervod users list` lists them")
    return len(_end(connection, user_id, name, None, actor, except_session))


def _end(
    connection: Connection,
    user_id: int,
    user: str,
    session_id: int | None,
    actor: Actor,
    except_session: int | None = None,
) -> list[int]:
    values = {"user_id": user_id, "session_id": session_id, "kept": except_session, "reason": actor.reason}
    ended = sorted(connection.scalars(_END, values))
    if ended:
        payload = {
            "session_ids": ended,
            "user_id": user_id,
            "user": user,
            "by": actor.who,
            "reason": actor.reason,
        }
        append_events(connection, "api", actor.correlation_id, [NewEvent(EventType.API_SESSION_ENDED, payload)])
    return ended


def end_all_sessions(connection: Connection, user_id: int, reason: str) -> int:
    """End all sessions of the user within a change of the user, whose event says so; return how many were open."""
    values = {"user_id": user_id, "session_id": None, "kept": None, "reason": reason}
    return len(connection.execute(_END, values).all())


def purge_sessions(connection: Connection) -> None:
    """Delete some of the sessions that ended long ago."""
    connection.execute(_PURGE, {"kept": timedelta(days=KEPT_DAYS)})


_COLUMNS = "s.id, u.name as user, s.address, s.created_at, s.used_at, s.expires_at"

_BEGIN = text(f"""
    with verified as (
        select id from users where id = :user_id and version = :version and disabled_at is null for no key update
    ), begun as (
        insert into sessions (user_id, digest, address, expires_at)
        select id, :digest, :address, now() + cast(:lasts as interval) from verified returning *
    )
    select {_COLUMNS} from begun s join users u on u.id = s.user_id
""")  # noqa: S608 - constants

_LIST = text(f"""
    select {_COLUMNS} from sessions s join users u on u.id = s.user_id
    where s.ended_at is null and s.expires_at > now() and s.used_at > now() - cast(:idle as interval)
        and (cast(:user_id as bigint) is null or s.user_id = :user_id)
    order by s.used_at desc, s.id desc
""")  # noqa: S608 - constants

_FIND = text("""
    select s.user_id, u.name as user from sessions s join users u on u.id = s.user_id
    where s.id = :id and (cast(:user_id as bigint) is null or s.user_id = :user_id)
""")

_END = text("""
    update sessions set ended_at = now(), end_reason = :reason
    where user_id = :user_id and ended_at is null and (cast(:session_id as bigint) is null or id = :session_id)
        and id is distinct from cast(:kept as bigint)
    returning id
""")

_PURGE = text("""
    delete from sessions where id = any(array(
        select id from sessions where expires_at < now() - cast(:kept as interval)
        order by expires_at limit 100 for update skip locked))
""")


def make_session(row: Row[Any]) -> Session:
    """Return the session of a row."""
    return Session(**row._mapping)
