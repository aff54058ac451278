"""Keep the users: who may log in, with which role. Each change is a signed event, and one administrator stays.

A changed password or role, and disabling, ends all sessions of the user in the same transaction.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.access.passwords import hash_password, require_good_password
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.sessions import end_all_sessions
from pokervod_pipelines.access.throttle import forget_failures
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, BadSettings, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.suggestions import suggest_name

SOURCE = "api"
"""The room whose events these are."""

_NAME = re.compile(r"[^\W_][\w.@-]{0,62}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Hold a row of ``users`` without its password."""

    id: int
    name: str
    role: Role
    locale: str | None
    created_at: datetime
    disabled_at: datetime | None
    last_login_at: datetime | None


def normalize_name(name: str) -> str:
    """Return the name as it is stored: upper and lower case are the same user.

    >>> normalize_name(" Anna.Kim ")
    'anna.kim'
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def read_name(name: str) -> str:
    """Return the name of a new user as it is stored. Raises ``BadInput`` for one that cannot be a name."""
    stored = normalize_name(name)
    if not _NAME.fullmatch(stored):
        raise BadInput(
            f"expected the name of a user, up to 63 letters, digits and '.', '_', '-', '@' such as 'anna.kim', "
            f"got {name!r}"
        )
    return stored


def has_users(connection: Connection) -> bool:
    """Return whether there is any user, disabled ones included; without one only this machine is let in."""
    return bool(connection.scalar(text("select exists (select from users)")))


def list_users(connection: Connection) -> list[User]:
    """Return all users by name."""
    return [make_user(row) for row in connection.execute(text(f"select {COLUMNS} from users u order by u.name"))]  # noqa: S608 - constants


def find_user(connection: Connection, name: str) -> User:
    """Return the user of that name. Raises ``BadInput`` for an unknown one."""
    row = connection.execute(_FIND, {"name": normalize_name(name)}).one_or_none()
    if row is None:
        names = list(connection.scalars(text("select name from users order by name")))
        raise BadInput(f"unknown user {name!r}; {suggest_name(name, names) if names else '`pokervod users add`'}")
    return make_user(row)


def add_user(
    connection: Connection, name: str, password: str, role: Role, actor: Actor, *, locale: str | None = None
) -> User:
    """Add a user. Raises ``BadInput`` for a bad name or password, ``Conflict`` for a name that is taken.

    The first user has to be an administrator, or nobody could add the next one.
    """
    stored = read_name(name)
    require_good_password(stored, password)
    _require_locale(locale)
    values = {"name": stored, "hash": hash_password(password), "role": role, "locale": locale}
    lock_until_commit(connection, _LOCK)
    if role is not Role.ADMIN and not has_users(connection):
        raise BadInput(f"the first user has to be an administrator; give {stored} the role admin, or add one before")
    row = connection.execute(_INSERT, values).one_or_none()
    if row is None:
        raise Conflict(f"user {stored} is there already; choose another name, or change that user")
    user = make_user(row)
    _append(connection, EventType.API_USER_ADDED, user, actor)
    return user


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAdmin:
    """Hold the administrator whom the environment names."""

    name: str
    password: str = field(repr=False)


def read_first_admin(settings: Settings) -> FirstAdmin | None:
    """Return whom the environment names, None where it names nobody; it needs no database.

    Raises ``BadSettings`` for half of the two variables, or a name or password that is refused.
    """
    name, password = settings.admin_username, settings.admin_password
    if name is None and password is None:
        return None
    if name is None or password is None:
        raise BadSettings("set both POKERVOD_ADMIN_USERNAME and POKERVOD_ADMIN_PASSWORD, or neither")
    try:
        admin = FirstAdmin(name=read_name(name), password=password.get_secret_value())
        require_good_password(admin.name, admin.password)
    except BadInput as error:
        raise BadSettings(f"POKERVOD_ADMIN_USERNAME, POKERVOD_ADMIN_PASSWORD: {error}") from None
    return admin


def make_first_admin(connection: Connection, settings: Settings) -> User | None:
    """Add the administrator whom the environment names where there is no user yet; return the user that was added.

    Where any user exists nothing is changed, so that a password that was changed since then stays. Raises
    ``BadSettings`` as ``read_first_admin`` does.
    """
    admin = read_first_admin(settings)
    if admin is None:
        return None
    lock_until_commit(connection, _LOCK)
    if has_users(connection):
        return None
    actor = Actor(who="environment", reason="POKERVOD_ADMIN_USERNAME names the first administrator")
    return add_user(connection, admin.name, admin.password, Role.ADMIN, actor)


def set_role(connection: Connection, name: str, role: Role, actor: Actor) -> User:
    """Give the user the role and end their sessions; the role that they have changes nothing."""
    user = _lock_user(connection, name)
    if user.role is role:
        return user
    if role is not Role.ADMIN:
        _require_other_admin(connection, user)
    changed = _change(connection, user, "role = :role, version = u.version + 1", role=role)
    ended = end_all_sessions(connection, user.id, "role changed")
    facts = {"changed": ["role"], "before": user.role, "ended_sessions": ended}
    _append(connection, EventType.API_USER_CHANGED, changed, actor, facts)
    return changed


def set_password(connection: Connection, name: str, password: str, actor: Actor) -> User:
    """Give the user the password, end their sessions, and forget the logins of them that failed."""
    require_good_password(find_user(connection, name).name, password)
    hashed = hash_password(password)
    user = _lock_user(connection, name)
    changed = _change(connection, user, "password_hash = :hash, version = u.version + 1", hash=hashed)
    ended = end_all_sessions(connection, user.id, "password changed")
    forget_failures(connection, user.id)
    facts = {"changed": ["password"], "ended_sessions": ended}
    _append(connection, EventType.API_USER_CHANGED, changed, actor, facts)
    return changed


def set_locale(connection: Connection, name: str, locale: str | None, actor: Actor) -> User:
    """Set the language that the pages have for the user, with None that of the browser."""
    _require_locale(locale)
    user = _lock_user(connection, name)
    if user.locale == locale:
        return user
    changed = _change(connection, user, "locale = :locale", locale=locale)
    _append(connection, EventType.API_USER_CHANGED, changed, actor, {"changed": ["locale"]})
    return changed


def disable_user(connection: Connection, name: str, actor: Actor) -> User:
    """Keep the user from logging in, and end their sessions; their keys do not work either until enabled again."""
    user = _lock_user(connection, name)
    if user.disabled_at is not None:
        return user
    _require_other_admin(connection, user)
    changed = _change(connection, user, "disabled_at = now(), version = u.version + 1")
    ended = end_all_sessions(connection, user.id, "user disabled")
    _append(connection, EventType.API_USER_DISABLED, changed, actor, {"ended_sessions": ended})
    return changed


def enable_user(connection: Connection, name: str, actor: Actor) -> User:
    """Let a disabled user log in again, and forget the logins of them that failed."""
    user = _lock_user(connection, name)
    forget_failures(connection, user.id)
    if user.disabled_at is None:
        return user
    changed = _change(connection, user, "disabled_at = null")
    _append(connection, EventType.API_USER_ENABLED, changed, actor)
    return changed


_LOCK = "access users"


def _lock_user(connection: Connection, name: str) -> User:
    """Return the user, whom nobody else changes until the transaction ends."""
    lock_until_commit(connection, _LOCK)
    return find_user(connection, name)


def _require_other_admin(connection: Connection, user: User) -> None:
    """Raise ``Conflict`` where no other administrator could log in."""
    others = "select exists (select from users where role = 'admin' and disabled_at is null and id <> :id)"
    is_last = user.role is Role.ADMIN and user.disabled_at is None
    if is_last and not connection.scalar(text(others), {"id": user.id}):
        raise Conflict(f"{user.name} is the only administrator who can log in; add or enable another one before")


def _require_locale(locale: str | None) -> None:
    if locale is not None and not _LOCALE.fullmatch(locale):
        raise BadInput(f"expected a language such as 'en', 'ko' or 'pt-BR', got {locale!r}")


def _change(connection: Connection, user: User, assignment: str, **values: str | None) -> User:
    statement = text(f"update users u set {assignment} where u.id = :id returning {COLUMNS}")  # noqa: S608 - constants
    return make_user(connection.execute(statement, {"id": user.id, **values}).one())


def _append(
    connection: Connection, type_: EventType, user: User, actor: Actor, facts: dict[str, Any] | None = None
) -> None:
    payload = {"user_id": user.id, "name": user.name, "role": user.role, "by": actor.who, "reason": actor.reason}
    append_events(connection, SOURCE, actor.correlation_id, [NewEvent(type_, payload | (facts or {}))])


COLUMNS = "u.id, u.name, u.role, u.locale, u.created_at, u.disabled_at, u.last_login_at"

_FIND = text(f"select {COLUMNS} from users u where u.name = :name")  # noqa: S608 - constants

_INSERT = text(f"""
    insert into users as u (name, password_hash, role, locale) values (:name, :hash, :role, :locale)
    on conflict (name) do nothing returning {COLUMNS}
""")  # noqa: S608 - constants


def make_user(row: Row[Any]) -> User:
    """Return the user of a row with the ``COLUMNS``."""
    values = dict(row._mapping)
    return User(role=Role(values.pop("role")), **values)
