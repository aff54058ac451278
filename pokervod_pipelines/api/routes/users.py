"""List who may log in and which sessions are open, and let administrators decide about both."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field, SecretStr
from sqlalchemy import Connection

from pokervod_pipelines.access import sessions, users
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.sessions import Session
from pokervod_pipelines.access.users import User
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest, Reason, Requested, SecretRequested
from pokervod_pipelines.api.context import ContextOf, Reading, require_private_line
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, Items, ReadRoute, needs

router = APIRouter(prefix="/api", tags=["access"], route_class=ReadRoute)

EXAMPLES = read_examples("access")

MAX_NAME = 256
MAX_PASSWORD = 1_024

UserName = Annotated[str, Path(max_length=MAX_NAME, description="The name of the user, in any case.")]
Language = Annotated[str, Field(max_length=10, description="Of the pages, such as `ko`.", examples=["ko"])]
Password = Annotated[SecretStr, Field(max_length=MAX_PASSWORD, examples=["four random words here"])]


@router.get("/users", **needs(Role.ADMIN, example={"items": [EXAMPLES["user"]], "next": None}))
def list_all(connection: Reading) -> Items[User]:
    """List all users by name, disabled ones too."""
    return Items[User](items=users.list_users(connection))


@router.get("/users/{name}", **needs(Role.ADMIN, example=EXAMPLES["user"]))
def read_one(connection: Reading, name: UserName) -> User:
    """Return a user."""
    with find_named():
        return users.find_user(connection, name)


@router.get("/sessions", **needs(Role.ADMIN, example={"items": [EXAMPLES["session"]], "next": None}))
def list_sessions(
    connection: Reading,
    context: ContextOf,
    user: Annotated[str | None, Query(max_length=MAX_NAME, description="Only of this user.")] = None,
) -> Items[Session]:
    """List the sessions of the login page that are open, the one used last first."""
    user_id = None if user is None else users.find_user(connection, user).id
    return Items[Session](items=sessions.list_sessions(connection, context.settings.api, user_id))


class NewUserRequest(Reason):
    """Name a new user, with the role and the first password."""

    name: str = Field(max_length=MAX_NAME, examples=["ben"])
    password: Password
    role: Role
    language: Language | None = None


class RoleRequest(Reason):
    """Name the role."""

    role: Role


class PasswordRequest(Reason):
    """Give the new password."""

    password: Password


class LanguageRequest(Reason):
    """Name the language; null is that of the browser."""

    language: Language | None


class LogOutRequest(Reason):
    """Say which session ends; without a number all of the user."""

    session: int | None = Field(default=None, ge=1, le=LARGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedUser:
    """Tell whether anything changed, and how the user is now."""

    changed: bool
    user: User
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSessions:
    """Tell how many open sessions of the user ended."""

    user: str
    ended: int
    correlation_id: str


CHANGE: dict[str, Any] = needs(Role.ADMIN, example=EXAMPLES["changed_user"], action=True)

PRIVATE: dict[str, Any] = CHANGE | {"dependencies": [*CHANGE["dependencies"], Depends(require_private_line)]}


@router.post("/users", **PRIVATE)
def add_one(request: SecretRequested, body: NewUserRequest) -> ChangedUser:
    """Add a user; the first one has to be an administrator."""

    def act(connection: Connection, actor: Actor) -> ChangedUser:
        password = body.password.get_secret_value()
        user = users.add_user(connection, body.name, password, body.role, actor, locale=body.language)
        return ChangedUser(changed=True, user=user, correlation_id=actor.correlation_id)

    return request.run(ChangedUser, body.reason, act)


@router.post("/users/{name}/set-role", **CHANGE)
def set_role(request: Requested, name: UserName, body: RoleRequest) -> ChangedUser:
    """Give a user another role; their sessions end, so that it counts at once."""
    return _change(request, name, body.reason, lambda *asked: users.set_role(asked[0], name, body.role, asked[1]))


@router.post("/users/{name}/set-password", **PRIVATE)
def set_password(request: SecretRequested, name: UserName, body: PasswordRequest) -> ChangedUser:
    """Give a user another password; their sessions end, and failed logins are forgotten."""

    def act(connection: Connection, actor: Actor) -> ChangedUser:
        with find_named():
            users.find_user(connection, name)
        user = users.set_password(connection, name, body.password.get_secret_value(), actor)
        return ChangedUser(changed=True, user=user, correlation_id=actor.correlation_id)

    return request.run(ChangedUser, body.reason, act)


@router.post("/users/{name}/set-language", **CHANGE)
def set_language(request: Requested, name: UserName, body: LanguageRequest) -> ChangedUser:
    """Set the language of a user's pages."""
    return _change(request, name, body.reason, lambda *asked: users.set_locale(asked[0], name, body.language, asked[1]))


@router.post("/users/{name}/disable", **CHANGE)
def disable(request: Requested, name: UserName, body: Reason) -> ChangedUser:
    """Keep a user from logging in; their sessions end and their keys stop working at once."""
    return _change(request, name, body.reason, lambda *asked: users.disable_user(asked[0], name, asked[1]))


@router.post("/users/{name}/enable", **CHANGE)
def enable(request: Requested, name: UserName, body: Reason) -> ChangedUser:
    """Let a disabled user log in again; failed logins are forgotten."""
    return _change(request, name, body.reason, lambda *asked: users.enable_user(asked[0], name, asked[1]))


@router.post("/users/{name}/log-out", **needs(Role.ADMIN, example=EXAMPLES["ended_sessions"], action=True))
def log_out(request: Requested, name: UserName, body: LogOutRequest) -> EndedSessions:
    """End the sessions of a user, such as one on a lost laptop; they may log in again."""

    def act(connection: Connection, actor: Actor) -> EndedSessions:
        with find_named():
            user = users.find_user(connection, name)
        if body.session is None:
            ended = sessions.end_sessions(connection, user.id, actor)
        else:
            ended = int(sessions.end_session(connection, body.session, actor, user.id))
        return EndedSessions(user=user.name, ended=ended, correlation_id=actor.correlation_id)

    return request.run(EndedSessions, body.reason, act)


def _change(request: ActionRequest, name: str, reason: str, change: Callable[[Connection, Actor], User]) -> ChangedUser:
    def act(connection: Connection, actor: Actor) -> ChangedUser:
        with find_named():
            before = users.find_user(connection, name)
        user = change(connection, actor)
        return ChangedUser(changed=user != before, user=user, correlation_id=actor.correlation_id)

    return request.run(ChangedUser, reason, act)
