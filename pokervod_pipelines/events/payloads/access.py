"""Describe what the events say about users, API keys, sessions and logins. None has a secret, or a part of one."""

from datetime import datetime

from pokervod_pipelines.events.payloads.base import SignedPayload


class UserFacts(SignedPayload):
    """Name a user and what of it changed: its role, password or locale; ``before`` is the role that it had."""

    user_id: int
    name: str
    role: str
    changed: tuple[str, ...] = ()
    before: str | None = None
    ended_sessions: int = 0


class KeyFacts(SignedPayload):
    """Name an API key, by the prefix that people know it by, and its owner."""

    key_id: int
    name: str
    prefix: str
    user_id: int
    user: str
    role: str
    expires_at: datetime | None = None


class LoginFacts(SignedPayload):
    """Say from which address somebody tried to log in, and as whom where that user exists.

    An unknown name is not kept: people type passwords into the wrong field.
    """

    address: str
    user_id: int | None = None
    user: str | None = None
    session_id: int | None = None
    until: datetime | None = None


class SessionFacts(SignedPayload):
    """Name the sessions of a user that were ended."""

    session_ids: tuple[int, ...]
    user_id: int
    user: str


class DagsterAction(SignedPayload):
    """Name the mutation that somebody asked for in Dagster's UI; Dagster itself knows nobody's name."""

    operation: str
