"""Keep the API keys of programs: shown once, stored as a digest, never with more rights than their owner has."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.access.principal import Role, lesser_role
from pokervod_pipelines.access.tokens import KEY_START, PREFIX_LENGTH, digest_token, make_key_token
from pokervod_pipelines.access.users import find_user, normalize_name
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.suggestions import suggest_name

MAX_NAME = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """Hold a row of ``api_keys`` without its digest.

    ``user`` is the owner's name; ``role`` is the one that it was given, ``effective_role`` what the owner's role leaves
    of it.
    """

    id: int
    name: str
    prefix: str
    user_id: int
    user: str
    role: Role
    effective_role: Role
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """Hold a key that was just made; its token is shown to its owner once and kept nowhere."""

    key: ApiKey
    token: str = field(repr=False)


def create_key(
    connection: Connection, owner: str, name: str, role: Role, actor: Actor, *, expires_at: datetime | None = None
) -> NewKey:
    """Make a key of that owner. Raises ``BadInput`` for a role above the owner's or a time that has passed.

    ``Conflict`` where a key has the name already, or the owner is disabled.
    """
    user = find_user(connection, owner)
    label = _read_label(name)
    if not user.role.includes(role):
        raise BadInput(f"{user.name} has the role {user.role}, so a key of theirs cannot have {role}; give it less")
    if user.disabled_at is not None:
        raise Conflict(f"{user.name} is disabled, so their keys do not work; enable the user before")
    if expires_at is not None and connection.scalar(text("select :at <= now()"), {"at": expires_at}):
        raise BadInput("the end of the key has passed already; give a time to come")
    made = make_key_token()
    values = {
        "user_id": user.id,
        "name": label,
        "prefix": made.prefix,
        "digest": digest_token(made.token),
        "role": role,
        "expires_at": expires_at,
    }
    row = connection.execute(_INSERT, values).one_or_none()
    if row is None:
        raise Conflict(f"a key named {label!r} is there already; choose another name, or revoke that one")
    key = make_key(row)
    _append(connection, EventType.API_KEY_CREATED, key, actor)
    return NewKey(key=key, token=made.token)


def _read_label(name: str) -> str:
    """Return the name of a new key. Raises ``BadInput`` for none, and for what looks like a key itself."""
    label = name.strip()
    if label.startswith(KEY_START):  # not shown: it may be a whole key
        raise BadInput(f"the name of a key cannot begin with {KEY_START}; name the program that uses it")
    if not label or len(label) > MAX_NAME or not label.isprintable():
        raise BadInput(f"expected a name of the key, such as the program that uses it, got {name!r}")
    return label


def list_keys(connection: Connection, owner: str | None = None, *, with_revoked: bool = False) -> list[ApiKey]:
    """Return the keys of the owner or of all by name, with revoked ones those too."""
    user_id = None if owner is None else find_user(connection, owner).id
    values = {"user_id": user_id, "with_revoked": with_revoked}
    return [make_key(row) for row in connection.execute(_LIST, values)]


def revoke_key(connection: Connection, name: str, actor: Actor, *, owner: str | None = None) -> ApiKey:
    """End the key of that name or prefix for good. Raises ``BadInput`` for one that is unknown or not the owner's."""
    shown = name.strip()
    if shown.startswith(KEY_START):
        shown = shown[:PREFIX_LENGTH]  # a whole key is revoked too, but not shown
    values = {"name": shown, "owner": None if owner is None else normalize_name(owner)}
    row = connection.execute(_REVOKE, values).one_or_none()
    if row is None:
        names = [each.name for each in list_keys(connection, owner)]
        raise BadInput(f"unknown key {shown!r}; {suggest_name(shown, names) if names else 'there is none'}")
    key = make_key(row)
    _append(connection, EventType.API_KEY_REVOKED, key, actor)
    return key


def _append(connection: Connection, type_: EventType, key: ApiKey, actor: Actor) -> None:
    payload = {
        "key_id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "user_id": key.user_id,
        "user": key.user,
        "role": key.role,
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "by": actor.who,
        "reason": actor.reason,
    }
    append_events(connection, "api", actor.correlation_id, [NewEvent(type_, payload)])


_COLUMNS = """
    k.id, k.name, k.prefix, k.user_id, u.name as user, k.role, u.role as owner_role, k.created_at, k.expires_at,
    k.last_used_at, k.revoked_at
"""

_INSERT = text(f"""
    with made as (
        insert into api_keys (user_id, name, prefix, digest, role, expires_at)
        values (:user_id, :name, :prefix, :digest, :role, :expires_at)
        on conflict (name) where revoked_at is null do nothing returning *
    )
    select {_COLUMNS} from made k join users u on u.id = k.user_id
""")  # noqa: S608 - constants

_LIST = text(f"""
    select {_COLUMNS} from api_keys k join users u on u.id = k.user_id
    where (cast(:user_id as bigint) is null or k.user_id = :user_id) and (:with_revoked or k.revoked_at is null)
    order by k.name, k.id
""")  # noqa: S608 - constants

_REVOKE = text(f"""
    update api_keys k set revoked_at = now() from users u
    where u.id = k.user_id and k.revoked_at is null and (k.name = :name or k.prefix = :name)
        and (cast(:owner as varchar) is null or u.name = :owner)
    returning {_COLUMNS}
""")  # noqa: S608 - constants


def make_key(row: Row[Any]) -> ApiKey:
    """Return the key of a row with the columns above."""
    values = dict(row._mapping)
    role, owner_role = Role(values.pop("role")), Role(values.pop("owner_role"))
    return ApiKey(role=role, effective_role=lesser_role(role, owner_role), **values)
