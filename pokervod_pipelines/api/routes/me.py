"""Tell whoever asks who they are, and let people change their own password, sessions and language."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from pokervod_pipelines.access import sessions, users
from pokervod_pipelines.access.principal import Method, Principal, Role
from pokervod_pipelines.access.sessions import Session
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import MAX_REASON, Requested
from pokervod_pipelines.api.clients import set_session_cookie
from pokervod_pipelines.api.context import ApiContext, ContextOf, Reading, require_private_line
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routes.users import EndedSessions, Language, Password
from pokervod_pipelines.api.routing import LARGEST, Asking, Items, ReadRoute, needs
from pokervod_pipelines.errors import NotAllowed

router = APIRouter(prefix="/api/me", tags=["me"], route_class=ReadRoute)

EXAMPLES = read_examples("access")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSession(Session):
    """Hold a session of whoever asks; ``current`` is the one that they ask with."""

    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Tell who asks, by what, with which role, and until when.

    A page sends ``csrf_token`` as ``X-CSRF-Token`` with each change; only sessions have one. ``language`` is null where
    the browser's counts.
    """

    who: str
    role: Role
    how: Method
    key: str | None
    language: str | None
    expires_at: datetime | None
    csrf_token: str | None = field(repr=False)
    sessions: Sequence[OwnSession]


@router.get("", **needs(Role.VIEWER, example=EXAMPLES["me"]))
def read_me(response: Response, principal: Asking, connection: Reading, context: ContextOf) -> Me:
    """Return who asks, and for pages the token that each change needs."""
    response.headers["Cache-Control"] = "no-store"
    return _describe(principal, connection, context)


@router.get("/sessions", **needs(Role.VIEWER, example={"items": [EXAMPLES["own_session"]], "next": None}))
def list_sessions(principal: Asking, connection: Reading, context: ContextOf) -> Items[OwnSession]:
    """List the own sessions that are open, the one used last first."""
    return Items[OwnSession](items=_list_sessions(principal, connection, context))


async def require_person(principal: Asking) -> Principal:
    """Return who asks where that is a person. Raises ``NotAllowed`` for a key: a lost one must not lock them out."""
    if principal.user_id is None or principal.how is Method.KEY:
        raise NotAllowed("only a user who is logged in with the password may change this; a key may not")
    return principal


Person = Annotated[Principal, Depends(require_person)]


class OwnReason(BaseModel, extra="forbid"):
    """Say why, where there is something to say."""

    reason: str = Field(default="by themselves", min_length=1, max_length=MAX_REASON, pattern=r"\S")


class OwnPasswordRequest(BaseModel, extra="forbid"):
    """Give the present password and the new one."""

    present: Password
    new: Password


class OwnLanguageRequest(OwnReason):
    """Name the language of the own pages; null is that of the browser."""

    language: Language | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLanguage:
    """Tell the language of the own pages."""

    changed: bool
    language: str | None
    correlation_id: str


PASSWORD: dict[str, Any] = needs(Role.VIEWER, example=EXAMPLES["me"], action=True)


@router.post("/password", **PASSWORD | {"dependencies": [*PASSWORD["dependencies"], Depends(require_private_line)]})
def change_password(
    request: Request,
    response: Response,
    person: Person,
    connection: Reading,
    context: ContextOf,
    body: OwnPasswordRequest,
) -> Me:
    """Set the own password. All own sessions end; who asked with one gets another, with another token for changes."""
    address = request.client.host if request.client else ""
    with context.lend_authenticator() as authenticator:
        session = authenticator.change_password(
            person, body.present.get_secret_value(), body.new.get_secret_value(), address
        )
        if person.how is not Method.SESSION:
            authenticator.log_out(session.principal)  # a program keeps no cookie
    context.forget(person)
    response.headers["Cache-Control"] = "no-store"
    if person.how is not Method.SESSION:
        return _describe(person, connection, context)
    set_session_cookie(request, response, session)
    return _describe(session.principal, connection, context)


ENDING: dict[str, Any] = needs(Role.VIEWER, example=EXAMPLES["ended_sessions"], action=True)


@router.post("/sessions/end-others", **ENDING)
def end_others(request: Requested, person: Person, body: OwnReason) -> EndedSessions:
    """End all own sessions but the one that asks."""

    def act(connection: Connection, actor: Actor) -> EndedSessions:
        ended = sessions.end_sessions(connection, person.user_id or 0, actor, except_session=person.session_id)
        return EndedSessions(user=person.who, ended=ended, correlation_id=actor.correlation_id)

    return request.run(EndedSessions, body.reason, act)


@router.post("/sessions/{session_id}/end", **ENDING)
def end_one(
    request: Requested,
    person: Person,
    session_id: Annotated[int, Path(ge=1, le=LARGEST, description="The number of the session.")],
    body: OwnReason,
) -> EndedSessions:
    """End an own session."""

    def act(connection: Connection, actor: Actor) -> EndedSessions:
        with find_named():
            ended = sessions.end_session(connection, session_id, actor, person.user_id)
        return EndedSessions(user=person.who, ended=int(ended), correlation_id=actor.correlation_id)

    return request.run(EndedSessions, body.reason, act)


@router.post("/language", **needs(Role.VIEWER, example=EXAMPLES["own_language"], action=True))
def set_language(request: Requested, person: Person, body: OwnLanguageRequest) -> OwnLanguage:
    """Set the language of the own pages."""

    def act(connection: Connection, actor: Actor) -> OwnLanguage:
        user = users.set_locale(connection, person.who, body.language, actor)
        changed = user.locale != person.locale
        return OwnLanguage(changed=changed, language=user.locale, correlation_id=actor.correlation_id)

    return request.run(OwnLanguage, body.reason, act)


def _describe(principal: Principal, connection: Connection, context: ApiContext) -> Me:
    return Me(
        who=principal.who,
        role=principal.role,
        how=principal.how,
        key=principal.key_name,
        language=principal.locale,
        expires_at=principal.expires_at,
        csrf_token=principal.csrf_token,
        sessions=_list_sessions(principal, connection, context),
    )


def _list_sessions(principal: Principal, connection: Connection, context: ApiContext) -> list[OwnSession]:
    if principal.user_id is None:
        return []
    found = sessions.list_sessions(connection, context.settings.api, principal.user_id)
    return [
        OwnSession(
            id=each.id,
            user=each.user,
            address=each.address,
            created_at=each.created_at,
            used_at=each.used_at,
            expires_at=each.expires_at,
            current=each.id == principal.session_id,
        )
        for each in found
    ]
