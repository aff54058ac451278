"""Find out who asks: what a request shows is checked against users, sessions and keys, and turned into a principal."""

import base64
import binascii
import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, Row, text

from pokervod_pipelines.access.logins import (
    REFUSED,
    Account,
    Checked,
    check_password,
    find_account,
    improve_hash,
    record_login,
)
from pokervod_pipelines.access.passwords import prepare_dummy, require_good_password
from pokervod_pipelines.access.principal import Credentials, Method, Principal, Role, lesser_role
from pokervod_pipelines.access.sessions import begin_session, end_session
from pokervod_pipelines.access.throttle import is_this_machine, succeed_attempt
from pokervod_pipelines.access.tokens import digest_token, is_same, make_csrf_token, make_session_token
from pokervod_pipelines.access.users import has_users, set_password
from pokervod_pipelines.access.verified import VerifiedPasswords
from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.errors import NotAllowed, NotLoggedIn
from pokervod_pipelines.events import EventType
from pokervod_pipelines.settings.api import ApiSettings

UNKNOWN = "log in first: no session, password or key, or one that has ended"

MAX_HEADER = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """Hold a session that just began; its token is for the cookie and kept nowhere else."""

    principal: Principal
    token: str = field(repr=False)


class Authenticator:
    """Check credentials; one for each process, used by all of its threads."""

    def __init__(self, engine: Engine, settings: ApiSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._verified = VerifiedPasswords(settings.verified_seconds)
        self._has_users = False
        prepare_dummy()

    def authenticate(self, credentials: Credentials) -> Principal:
        """Return who asks. Raises ``NotLoggedIn``, and ``LoginThrottled`` after too many failures.

        What a program sends counts before the cookie that a browser sends by itself. Without any user in the database
        a request from this machine is that of the operating system's user.
        """
        if credentials.api_key is not None:
            return self._admit_key(credentials.api_key)
        if credentials.authorization is not None:
            return self._read_header(credentials.authorization, credentials.address)
        if credentials.session is not None and (principal := self._find_session(credentials.session)):
            return principal
        return self._admit_local(credentials.address)

    def log_in(self, name: str, password: str, address: str) -> NewSession:
        """Begin a session. Raises ``NotLoggedIn``, and ``LoginThrottled`` after too many failures."""
        checked = check_password(self._engine, name, password, address, self._settings.throttle)
        return self._begin_session(checked, password, "logged in")

    def log_out(self, principal: Principal) -> None:
        """End the session of the principal; without one there is nothing to end."""
        if principal.session_id is not None:
            with self._engine.begin() as connection:
                end_session(connection, principal.session_id, principal.make_actor("logged out"), principal.user_id)

    def change_password(self, principal: Principal, present: str, new: str, address: str) -> NewSession:
        """Set the principal's own password, end all their sessions and begin a new one.

        Raises ``NotLoggedIn`` and ``LoginThrottled`` as a login does, ``BadInput`` for a new password that is too weak.
        """
        if principal.user_id is None or principal.how is Method.KEY:
            raise NotAllowed("only a user who is logged in with the password can change it")
        require_good_password(principal.who, new)
        checked = check_password(self._engine, principal.who, present, address, self._settings.throttle)
        with self._engine.begin() as connection:
            set_password(connection, principal.who, new, principal.make_actor("changed their own password"))
        with self._engine.connect() as connection:
            account = find_account(connection, user_id=principal.user_id)
        if account is None:
            raise NotLoggedIn(UNKNOWN)
        return self._begin_session(Checked(account=account, attempt=checked.attempt), new, "changed the password")

    def _begin_session(self, checked: Checked, password: str, reason: str) -> NewSession:
        account, address, token = checked.account, checked.attempt.address_key, make_session_token()
        with self._engine.begin() as connection:
            session = begin_session(connection, account.id, account.version, token, address, self._settings)
            if session is not None:
                improve_hash(connection, account, password)
                connection.execute(_MARK_LOGIN, {"id": account.id})
                succeed_attempt(connection, checked.attempt)
                record_login(
                    connection,
                    EventType.API_LOGIN_SUCCEEDED,
                    account,
                    address,
                    reason,
                    new_correlation_id(),
                    session_id=session.id,
                )
        if session is None:  # the user was changed since the password was checked
            raise NotLoggedIn(REFUSED)
        principal = Principal(
            who=account.name,
            role=account.role,
            how=Method.SESSION,
            user_id=account.id,
            session_id=session.id,
            locale=account.locale,
            expires_at=session.expires_at,
            csrf_token=make_csrf_token(token),
        )
        return NewSession(principal=principal, token=token)

    def _find_session(self, token: str) -> Principal | None:
        values = {"digest": digest_token(token), "idle": timedelta(hours=self._settings.session_idle_hours)}
        row = self._find(_FIND_SESSION, values, _TOUCH_SESSION)
        if row is None:
            return None
        return Principal(
            who=row.name,
            role=Role(row.role),
            how=Method.SESSION,
            user_id=row.user_id,
            session_id=row.id,
            locale=row.locale,
            expires_at=row.expires_at,
            csrf_token=make_csrf_token(token),
        )

    def _admit_key(self, token: str) -> Principal:
        row = self._find(_FIND_KEY, {"digest": digest_token(token.strip())}, _TOUCH_KEY)
        if row is None:
            raise NotLoggedIn(UNKNOWN)
        return Principal(
            who=row.name,
            role=lesser_role(Role(row.role), Role(row.owner_role)),
            how=Method.KEY,
            user_id=row.user_id,
            key_id=row.id,
            key_name=row.key_name,
            locale=row.locale,
            expires_at=row.expires_at,
        )

    def _find(self, query: Any, values: dict[str, Any], touch: Any) -> Row[Any] | None:
        """Return the row, and note at most once a minute that it is in use."""
        with self._engine.connect() as connection:
            row = connection.execute(query, values).one_or_none()
        if row is not None and row.is_stale:
            with self._engine.begin() as connection:
                connection.execute(touch, {"id": row.id})
        return row

    def _read_header(self, header: str, address: str) -> Principal:
        """Return who the header ``Authorization`` is of. Raises ``NotLoggedIn``, also for what cannot be read."""
        scheme, _, value = header[:MAX_HEADER].strip().partition(" ")
        if scheme.lower() == "bearer":
            return self._admit_key(value)
        if scheme.lower() != "basic":
            raise NotLoggedIn(UNKNOWN)
        try:
            name, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise NotLoggedIn(UNKNOWN) from None
        if not colon:
            raise NotLoggedIn(UNKNOWN)
        return self._admit_basic(name, password, address)

    def _admit_basic(self, name: str, password: str, address: str) -> Principal:
        digest = self._verified.make_digest(name, password)
        known = self._find_verified(digest)
        if known is None:
            with self._verified.take_turn(digest):
                known = self._find_verified(digest) or self._verify(digest, name, password, address)
        return Principal(who=known.name, role=known.role, how=Method.BASIC, user_id=known.id, locale=known.locale)

    def _find_verified(self, digest: bytes) -> Account | None:
        """Return the account whose password was right a moment ago, unless it was changed or disabled since."""
        entry = self._verified.find(digest)
        if entry is None:
            return None
        with self._engine.connect() as connection:
            account = find_account(connection, user_id=entry.user_id)
        if account is not None and account.version == entry.version and not account.is_disabled:
            return account
        self._verified.drop(digest)
        return None

    def _verify(self, digest: bytes, name: str, password: str, address: str) -> Account:
        checked = check_password(self._engine, name, password, address, self._settings.throttle)
        with self._engine.begin() as connection:
            improve_hash(connection, checked.account, password)
            succeed_attempt(connection, checked.attempt)
        self._verified.keep(digest, checked.account.id, checked.account.version)
        return checked.account

    def _admit_local(self, address: str) -> Principal:
        """Let in this machine while there is no user. Raises ``NotLoggedIn``."""
        if not self._has_users:
            with self._engine.connect() as connection:
                self._has_users = has_users(connection)
        if self._has_users or not is_this_machine(address):
            raise NotLoggedIn(UNKNOWN)
        return Principal(who=name_local_user(), role=Role.ADMIN, how=Method.LOCAL)


def name_local_user(find: Callable[[], str] = getpass.getuser) -> str:
    """Return the operating system's user, by number where it has no name."""
    try:
        return find()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def require_csrf_token(principal: Principal, given: str | None) -> None:
    """Raise ``NotAllowed`` where a session asks for a change without its own token: another site may have asked."""
    if principal.csrf_token is not None and (given is None or not is_same(principal.csrf_token, given)):
        raise NotAllowed("the page is too old, or another site asked for this; reload the page and try again")


_FIND_SESSION = text("""
    select s.id, s.user_id, s.expires_at, u.name, u.role, u.locale,
        s.used_at < now() - interval '1 minute' as is_stale
    from sessions s join users u on u.id = s.user_id
    where s.digest = :digest and s.ended_at is null and s.expires_at > now()
        and s.used_at > now() - cast(:idle as interval) and u.disabled_at is null
""")

_TOUCH_SESSION = text("update sessions set used_at = now() where id = :id and ended_at is null")

_FIND_KEY = text("""
    select k.id, k.user_id, k.expires_at, k.name as key_name, u.name, k.role, u.role as owner_role, u.locale,
        coalesce(k.last_used_at < now() - interval '1 minute', true) as is_stale
    from api_keys k join users u on u.id = k.user_id
    where k.digest = :digest and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
        and u.disabled_at is null
""")

_TOUCH_KEY = text("update api_keys set last_used_at = now() where id = :id")

_MARK_LOGIN = text("update users set last_login_at = now() where id = :id")
