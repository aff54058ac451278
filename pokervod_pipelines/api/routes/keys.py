"""List the API keys of programs, and let administrators make and revoke them; a key is shown once, when it is made."""

from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import Connection

from pokervod_pipelines.access import keys
from pokervod_pipelines.access.keys import ApiKey
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import Reason, Requested
from pokervod_pipelines.api.context import Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routes.users import MAX_NAME
from pokervod_pipelines.api.routing import Items, ReadRoute, needs
from pokervod_pipelines.periods import COMING, read_coming

router = APIRouter(prefix="/api/keys", tags=["access"], route_class=ReadRoute)

EXAMPLES = read_examples("access")

NEVER = "never"


class NewKeyRequest(Reason):
    """Name the program, whose key it is, what it may do, and until when."""

    name: str = Field(max_length=MAX_NAME, description="The program that uses it.", examples=["scoreboard"])
    user: str = Field(max_length=MAX_NAME, description="Whose key it is; it never has more rights.", examples=["ben"])
    role: Role
    expires: str = Field(default="365d", max_length=40, description=f"{COMING}; `{NEVER}` without an end.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedKey:
    """Show a new key; sent again with the same ``Idempotency-Key``, ``token`` is null: it is stored nowhere."""

    key: ApiKey
    token: str | None = field(repr=False)
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedKey:
    """Hold a key that has ended."""

    key: ApiKey
    correlation_id: str


@router.get("", **needs(Role.ADMIN, example={"items": [EXAMPLES["key"]], "next": None}))
def list_all(
    connection: Reading,
    user: Annotated[str | None, Query(max_length=MAX_NAME, description="Only theirs.")] = None,
    revoked: Annotated[bool | None, Query(description="True: also revoked ones.")] = None,
) -> Items[ApiKey]:
    """List the API keys by name, what they may do and when they were used last; the keys themselves are not known."""
    return Items[ApiKey](items=keys.list_keys(connection, user, with_revoked=revoked is True))


@router.post("", **needs(Role.ADMIN, example=EXAMPLES["created_key"], action=True))
def create_one(request: Requested, body: NewKeyRequest) -> CreatedKey:
    """Make an API key and show it, once; a program sends it as `Authorization: Bearer …` or `X-API-Key: …`."""
    zone = request.context.settings.zone
    ends = None if body.expires == NEVER else read_coming("expires", body.expires, zone)

    def act(connection: Connection, actor: Actor) -> CreatedKey:
        made = keys.create_key(connection, body.user, body.name, body.role, actor, expires_at=ends)
        return CreatedKey(key=made.key, token=made.token, correlation_id=actor.correlation_id)

    return request.run(CreatedKey, body.reason, act, conceal=lambda answer: replace(answer, token=None))


@router.post("/{name}/revoke", **needs(Role.ADMIN, example=EXAMPLES["revoked_key"], action=True))
def revoke_one(
    request: Requested,
    name: Annotated[str, Path(max_length=MAX_NAME, description="Its name, or how it begins: `pvk_` and eight more.")],
    body: Reason,
) -> RevokedKey:
    """End an API key for good, at once."""

    def act(connection: Connection, actor: Actor) -> RevokedKey:
        with find_named():
            key = keys.revoke_key(connection, name, actor)
        return RevokedKey(key=key, correlation_id=actor.correlation_id)

    return request.run(RevokedKey, body.reason, act)
