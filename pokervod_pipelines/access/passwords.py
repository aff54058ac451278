"""Hash and check passwords: argon2id, a few at a time, and as slowly for a user that does not exist."""

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pokervod_pipelines.errors import BadInput, Unavailable

MIN_LENGTH = 12
MAX_LENGTH = 256
"""Characters; a longer one only costs time."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""What OWASP asks for at least: 19 MiB for about 20 ms, so that many logins at once do not exhaust the process."""

_AT_ONCE = threading.BoundedSemaphore(2)
_WAIT_SECONDS = 2.0


def require_good_password(name: str, password: str) -> None:
    """Raise ``BadInput`` for a password that is too short, too long, or the user's own name.

    Length alone makes it strong; which characters it has is up to the person.
    """
    text = _normalize(password)
    if len(text) < MIN_LENGTH:
        raise BadInput(f"the password has {len(text)} characters; use at least {MIN_LENGTH}, such as four random words")
    if len(text) > MAX_LENGTH:
        raise BadInput(f"the password has {len(text)} characters; use at most {MAX_LENGTH}")
    if not text.isprintable():
        raise BadInput("the password has a character that cannot be typed, such as a line break; leave it out")
    if name and not text.casefold().replace(_normalize(name).casefold(), "").strip():
        raise BadInput("the password is the user's name; choose another")


def hash_password(password: str) -> str:
    """Return the hash to store."""
    with _limit():
        return _HASHER.hash(_encode(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether the password is the stored one; without a stored one it takes as long and is never right."""
    if len(password) > MAX_LENGTH:
        return False
    with _limit():
        try:
            is_right = _HASHER.verify(stored or _make_dummy(), _encode(password))
        except (VerificationError, InvalidHashError):
            return False
    return is_right and stored is not None


def needs_rehash(stored: str) -> bool:
    """Return whether the hash was made with other costs than today's."""
    return _HASHER.check_needs_rehash(stored)


def prepare_dummy() -> None:
    """Make the hash that stands for unknown users, so that the first of them takes no longer than others."""
    _make_dummy()


@cache
def _make_dummy() -> str:
    return _HASHER.hash(secrets.token_bytes(32))


@contextmanager
def _limit() -> Iterator[None]:
    """Let others finish first: each hash in work takes memory and a core."""
    if not _AT_ONCE.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable("too many logins at once; try again in a moment")
    try:
        yield
    finally:
        _AT_ONCE.release()


def _encode(password: str) -> bytes:
    return _normalize(password).encode("utf-8", "surrogatepass")  # what a program sends may have half a character


def _normalize(text: str) -> str:
    """Return the text in one form: keyboards of different systems write the same character differently."""
    return unicodedata.normalize("NFKC", text)
