"""Define who asks: what a request shows of itself, who it turns out to be, and what that role allows."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pokervod_pipelines.actors import Actor, new_correlation_id
from pokervod_pipelines.errors import BadInput, NotAllowed
from pokervod_pipelines.suggestions import suggest_name


class Role(StrEnum):
    """Name what a user may do; each role includes those above it here."""

    VIEWER = "viewer"  # sees everything but what is inside the broadcast delay
    OPERATOR = "operator"  # acts: retries, holds, corrects; sees hole cards at once
    ADMIN = "admin"  # manages users and keys too

    def includes(self, required: "Role") -> bool:
        """Return whether this role may do what the required one may.

        >>> Role.OPERATOR.includes(Role.VIEWER), Role.OPERATOR.includes(Role.ADMIN)
        (True, False)
        """
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(required)


def read_role(text: str) -> Role:
    """Return the role that a person named. Raises ``BadInput`` for one that does not exist."""
    try:
        return Role(text.strip().lower())
    except ValueError:
        raise BadInput(f"unknown role {text!r}; {suggest_name(text, [*Role])}") from None


def lesser_role(first: Role, second: Role) -> Role:
    """Return the one of the roles that the other includes."""
    return second if first.includes(second) else first


class Method(StrEnum):
    """Name how a request showed who asks."""

    SESSION = "session"  # the cookie of the login page
    BASIC = "basic"  # name and password with each request
    KEY = "key"  # an API key
    LOCAL = "local"  # nothing, on this machine, before there is any user


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Hold what a request shows of itself; only the address is ever printed.

    ``address`` is that of the client, ``authorization`` and ``api_key`` are the headers ``Authorization`` and
    ``X-API-Key``, ``session`` is the value of the session cookie.
    """

    address: str
    session: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    @property
    def are_given(self) -> bool:
        """Return whether the request shows anything beside its address."""
        return any(each is not None for each in (self.session, self.authorization, self.api_key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Identify who asks, and with which role; the role of a key is never more than that of its owner.

    ``csrf_token`` has to come with every change that a session asks for. ``expires_at`` is when the session or the key
    ends at the latest. Without ``user_id`` it is the operating system's user.
    """

    who: str
    role: Role
    how: Method
    user_id: int | None = None
    session_id: int | None = None
    key_id: int | None = None
    key_name: str | None = None
    locale: str | None = None
    expires_at: datetime | None = None
    csrf_token: str | None = field(default=None, repr=False)

    def make_actor(self, reason: str, correlation_id: str = "") -> Actor:
        """Return who acts and why, for the audit log. Raises ``BadInput`` without a reason."""
        return Actor(who=self.who, reason=reason, correlation_id=correlation_id or new_correlation_id())


def authorize(principal: Principal, required: Role) -> None:
    """Raise ``NotAllowed`` where the principal's role does not include the required one."""
    if not principal.role.includes(required):
        raise NotAllowed(
            f"this needs the role {required}, {principal.who} has {principal.role} here; ask an administrator"
        )
