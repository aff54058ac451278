"""Slow down who guesses passwords: failed logins of a user and of an address make the next ones wait.

An attempt is counted as failed before its password is looked at, under a lock, so that many at once are not more than
one after the other; a success takes that back. All is in the database, so it holds for every process and over restarts.

A user's failures from an address that the user has logged in from, and from this machine, are counted apart from those
of strangers: whoever guesses an administrator's password cannot lock the administrator out.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from pokervod_pipelines.settings.api import ThrottleSettings
from pokervod_pipelines.text.folding import make_storable

UNKNOWN_NAMES = 65_536
"""So many counters are shared by all unknown names: their number is limited, and no name can be read from one."""

MAX_ADDRESS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Hold the counters of an attempt to log in.

    ``wait_seconds`` is how long it has to wait, 0 where the password may be looked at; ``is_first_refusal`` is for the
    audit log, which has one record for each wait.
    """

    address_key: str
    user_key: str
    wait_seconds: float
    is_first_refusal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Hold a row of ``login_attempts``: how many failures it knows, and how long it makes the next one wait."""

    failures: int
    seconds_left: float
    refused: int


def find_wait(failures: int, allowed: int, settings: ThrottleSettings) -> float:
    """Return how many seconds the next attempt has to wait after so many failures.

    >>> [find_wait(failures, 5, ThrottleSettings()) for failures in (4, 5, 6, 7, 500)]
    [0.0, 2.0, 4.0, 8.0, 900.0]
    """
    longest = settings.max_minutes * 60
    if failures < allowed:
        return 0.0
    return min(longest, settings.first_seconds * 2.0 ** min(failures - allowed, 64))


def name_address(address: str) -> str:
    """Return the key by which an address is counted: of IPv6 the network, of which one machine has all addresses.

    >>> name_address("192.168.1.9"), name_address("2001:db8::1:2"), name_address("::ffff:10.0.0.1")
    ('192.168.1.9', '2001:db8::/64', '10.0.0.1')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return make_storable(address[:MAX_ADDRESS], "?")
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(parsed) if parsed.is_loopback else str(ipaddress.ip_network((parsed, 64), strict=False))


def is_this_machine(address: str) -> bool:
    """Return whether the address is one of the loopback.

    >>> is_this_machine("127.0.0.1"), is_this_machine("::1"), is_this_machine("10.0.0.1"), is_this_machine("localhost")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(name_address(address)).is_loopback
    except ValueError:
        return False


def begin_attempt(
    connection: Connection, name: str, user_id: int | None, address: str, settings: ThrottleSettings
) -> Attempt:
    """Count an attempt as failed, or as refused where it has to wait; commit at once, then look at the password."""
    key = name_address(address)
    user_key = _name_user(name, user_id)
    if _is_known(connection, user_id, key) or is_this_machine(address):
        user_key = f"{user_key}@{key}"
    keys = {"address": key, "user": user_key}
    counters = _lock_counters(connection, keys, settings)
    wait = max(each.seconds_left for each in counters.values())
    if wait > 0:
        is_first = all(each.refused == 0 for each in counters.values() if each.seconds_left > 0)
        connection.execute(_REFUSE, keys)
        return Attempt(address_key=key, user_key=user_key, wait_seconds=wait, is_first_refusal=is_first)
    allowed = {"address": settings.address_failures, "user": settings.user_failures}
    for kind, counter in counters.items():
        failures = counter.failures + 1
        waits = find_wait(failures, allowed[kind], settings)
        values = {"kind": kind, "key": keys[kind], "failures": failures, "wait": timedelta(seconds=waits)}
        connection.execute(_FAIL, values)
    connection.execute(_FORGET_OLD, {"forget": timedelta(hours=settings.forget_hours)})  # last: then it waits for none
    return Attempt(address_key=key, user_key=user_key, wait_seconds=0)


def succeed_attempt(connection: Connection, attempt: Attempt) -> None:
    """Take back that the attempt failed: the user's failures are forgotten, the address keeps those of others."""
    for kind, key in (("address", attempt.address_key), ("user", attempt.user_key)):
        connection.execute(_SUCCEED, {"kind": kind, "key": key})
    if "@" not in attempt.user_key:
        connection.execute(_REMEMBER, {"key": f"{attempt.user_key}@{attempt.address_key}"})


def cancel_attempt(connection: Connection, attempt: Attempt) -> None:
    """Take back an attempt whose password could not be looked at; what failed before stays."""
    for kind, key in (("address", attempt.address_key), ("user", attempt.user_key)):
        connection.execute(_CANCEL, {"kind": kind, "key": key})


def forget_failures(connection: Connection, user_id: int) -> None:
    """Forget the failed logins of a user, wherever they came from."""
    connection.execute(
        text("delete from login_attempts where kind = 'user' and (key = :key or starts_with(key, :key || '@'))"),
        {"key": str(user_id)},
    )


def _name_user(name: str, user_id: int | None) -> str:
    if user_id is not None:
        return str(user_id)
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return f"?{int.from_bytes(digest[:4], 'big') % UNKNOWN_NAMES}"


def _is_known(connection: Connection, user_id: int | None, address: str) -> bool:
    """Return whether the user logged in from the address lately; asked for unknown users, too, to take as long."""
    values = {"user_id": user_id or 0, "address": address, "key": f"{user_id or 0}@{address}"}
    return bool(connection.scalar(_KNOWN, values))


def _lock_counters(connection: Connection, keys: dict[str, str], settings: ThrottleSettings) -> dict[str, Counter]:
    """Return the counters, locked until the transaction ends: of all the address first, so that none wait in a ring."""
    rows = connection.execute(_LOCK, keys | {"forget": timedelta(hours=settings.forget_hours)})
    return {
        row.kind: Counter(failures=row.failures, seconds_left=row.seconds_left, refused=row.refused) for row in rows
    }


_KNOWN = text("""
    select exists (
        select from sessions
        where user_id = :user_id and address = :address and created_at > now() - interval '30 days')
        or exists (select from login_attempts where kind = 'user' and key = :key)
""")

_LOCK = text("""
    insert into login_attempts as a (kind, key) values ('address', :address), ('user', :user)
    on conflict (kind, key) do update set failures =
        case when a.tried_at < clock_timestamp() - cast(:forget as interval) then 0 else a.failures end
    returning a.kind, a.failures, a.refused,
        greatest(0, extract(epoch from a.blocked_until - clock_timestamp())::float8) as seconds_left
""")

_REFUSE = text("""
    update login_attempts set refused = refused + 1
    where ((kind = 'address' and key = :address) or (kind = 'user' and key = :user))
        and blocked_until > clock_timestamp()
""")

_FAIL = text("""
    update login_attempts set failures = :failures, refused = 0, tried_at = clock_timestamp(),
        blocked_until = clock_timestamp() + nullif(cast(:wait as interval), interval '0')
    where kind = :kind and key = :key
""")

_SUCCEED = text("""
    update login_attempts set blocked_until = null, refused = 0,
        failures = case kind when 'user' then 0 else greatest(0, failures - 1) end
    where kind = :kind and key = :key
""")

_CANCEL = text("""
    update login_attempts set blocked_until = null, refused = 0, failures = greatest(0, failures - 1)
    where kind = :kind and key = :key
""")

_REMEMBER = text("""
    insert into login_attempts (kind, key) values ('user', :key) on conflict (kind, key) do nothing
""")

_FORGET_OLD = text("""
    delete from login_attempts where (kind, key) in (
        select kind, key from login_attempts where tried_at < now() - cast(:forget as interval)
        order by tried_at limit 10 for update skip locked)
""")
