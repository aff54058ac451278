"""Make the tokens of sessions and keys; the database has only digests, with which nobody can log in.

A token is 256 random bits, so a plain SHA-256 of it cannot be reversed; only passwords, which people choose, need
argon2.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

KEY_START = "pvk_"
"""How each API key begins, by which people and scanners of leaked secrets know it."""

PREFIX_LENGTH = len(KEY_START) + 8

MAX_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyToken:
    """Hold a new API key; the prefix is stored as it is, so that a person knows the key again."""

    prefix: str
    token: str = field(repr=False)


def make_session_token() -> str:
    """Return the token of a new session."""
    return secrets.token_urlsafe(32)


def make_key_token() -> KeyToken:
    """Return a new API key."""
    prefix = KEY_START + secrets.token_hex(4)
    return KeyToken(prefix=prefix, token=f"{prefix}_{secrets.token_urlsafe(32)}")


def digest_token(token: str) -> bytes:
    """Return what is stored of a token, and what it is found by."""
    return hashlib.sha256(token[:MAX_LENGTH].encode("utf-8", "surrogatepass")).digest()


def make_csrf_token(session_token: str) -> str:
    """Return the token that has to come with each change of the session: another site can neither read nor make it."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_same(expected: str, given: str) -> bool:
    """Return whether the texts are the same, after the same time wherever they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
