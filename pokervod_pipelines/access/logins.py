"""Check a name and a password against the users, slowly enough for who guesses, and record how it ended."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.access.passwords import hash_password, needs_rehash, verify_password
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.throttle import Attempt, begin_attempt, cancel_attempt
from pokervod_pipelines.access.users import normalize_name
from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.errors import LoginThrottled, NotLoggedIn, Unavailable
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings.api import ThrottleSettings
from pokervod_pipelines.text.folding import make_storable
from pokervod_pipelines.text.wording import format_duration

REFUSED = "the name or the password is wrong, or the user is disabled"
"""One answer for all reasons: nobody learns which names exist."""

MAX_NAME = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Hold what a login needs to know of a user; ``version`` grows with each change that ends logins."""

    id: int
    name: str
    role: Role
    locale: str | None
    version: int
    is_disabled: bool
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Say whose password was right, by which attempt; the attempt counts as failed until it is taken back."""

    account: Account
    attempt: Attempt


def find_account(connection: Connection, *, name: str = "", user_id: int | None = None) -> Account | None:
    """Return the account of the name, or of the id, None for an unknown one."""
    row = connection.execute(_FIND, {"name": name, "id": user_id}).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    return Account(role=Role(values.pop("role")), **values)


def check_password(engine: Engine, name: str, password: str, address: str, settings: ThrottleSettings) -> Checked:
    """Return whose password it is. Raises ``NotLoggedIn``, and ``LoginThrottled`` where too many failed before.

    ``Unavailable`` where too many are checked at once, which counts as no failure. Unknown users cost the same queries,
    the same hash and the same records.
    """
    wanted = normalize_name(make_storable(name[:MAX_NAME], "?"))
    correlation_id = new_correlation_id()
    with engine.begin() as connection:
        account = find_account(connection, name=wanted)
        attempt = begin_attempt(connection, wanted, account.id if account else None, address, settings)
        if attempt.is_first_refusal:
            _record_throttling(connection, account, attempt, correlation_id)
    if attempt.wait_seconds > 0:
        raise LoginThrottled(
            f"too many failed logins; wait {format_duration(attempt.wait_seconds)}", retry_after=attempt.wait_seconds
        )
    try:
        is_right = verify_password(account.password_hash if account else None, password)
    except Unavailable:
        with engine.begin() as connection:
            cancel_attempt(connection, attempt)
        raise
    if account is None or account.is_disabled or not is_right:
        reason = _explain(account, is_right=is_right)
        with engine.begin() as connection:
            record_login(connection, EventType.API_LOGIN_FAILED, account, attempt.address_key, reason, correlation_id)
        raise NotLoggedIn(REFUSED)
    return Checked(account=account, attempt=attempt)


def improve_hash(connection: Connection, account: Account, password: str) -> None:
    """Store the password with today's costs where it was hashed with others, unless it was changed meanwhile."""
    if needs_rehash(account.password_hash):
        connection.execute(
            text("update users set password_hash = :hash where id = :id and version = :version"),
            {"hash": hash_password(password), "id": account.id, "version": account.version},
        )


def record_login(
    connection: Connection,
    type_: EventType,
    account: Account | None,
    address: str,
    reason: str,
    correlation_id: str,
    **facts: Any,
) -> None:
    """Append how a login ended: signed by the user where it succeeded, by the address where it did not."""
    who = account.name if account and type_ is EventType.API_LOGIN_SUCCEEDED else f"address {address}"
    payload = {
        "address": address,
        "user_id": account and account.id,
        "user": account and account.name,
        "by": who,
        "reason": reason,
        **facts,
    }
    append_events(connection, "api", correlation_id, [NewEvent(type_, payload)])


def _record_throttling(connection: Connection, account: Account | None, attempt: Attempt, correlation_id: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=attempt.wait_seconds)
    record_login(
        connection,
        EventType.API_LOGIN_THROTTLED,
        account,
        attempt.address_key,
        "too many failed logins",
        correlation_id,
        until=until.isoformat(),
    )


def _explain(account: Account | None, *, is_right: bool) -> str:
    """Return why the login failed, for the audit log only."""
    if account is None:
        return "unknown user"
    return "the user is disabled" if is_right else "wrong password"


_FIND = text("""
    select id, name, role, locale, version, disabled_at is not null as is_disabled, password_hash from users
    where name = :name or id = :id
""")
