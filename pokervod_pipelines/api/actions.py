"""Run what a person or a program asks for: once for an ``Idempotency-Key``, with its actor.

``ActionRequest.run`` does it in one transaction with the answer. What a room does in transactions of its own, or
outside the database, is for ``run_apart``. Routes whose body has a password are given ``SecretRequested``; an answer
that shows a secret is kept without it (``conceal``).
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel, Field, TypeAdapter, field_validator
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.access.principal import Principal
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.context import ApiContext, ContextOf
from pokervod_pipelines.api.routing import Asking
from pokervod_pipelines.db.locks import lock_until_commit, try_lock
from pokervod_pipelines.errors import Conflict, PokervodError, Unavailable

T = TypeVar("T")

MAX_REASON = 1_000

FORGET_AT_ONCE = 100
"""Answers older than a day that one request deletes."""

APART_AT_ONCE = 4
"""Actions with transactions of their own that run at once: each may take several of the connections."""

APART_WAIT_SECONDS = 5.0

_apart = threading.BoundedSemaphore(APART_AT_ONCE)


class Reason(BaseModel, extra="forbid"):
    """Say why, for the audit log."""

    reason: str = Field(min_length=1, max_length=MAX_REASON, examples=["calling the truck"])

    @field_validator("reason")
    @classmethod
    def _is_no_blank(cls, reason: str) -> str:
        if not reason.strip():
            raise ValueError("a reason is required for the audit log")
        return reason.strip()


class OutcomeUnknown(Conflict):
    """Report an action of which it is not known whether it was done; its key is not free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """Hold who asks for a change, and what recognizes the same request when it is sent again."""

    context: ApiContext
    principal: Principal
    correlation_id: str
    key: str | None
    content: bytes = field(repr=False)
    is_secret: bool = False

    def run(
        self,
        shape: type[T],
        reason: str,
        act: Callable[[Connection, Actor], T],
        *,
        conceal: Callable[[T], T] = lambda answer: answer,
    ) -> T:
        """Return what the action answers; a request that was answered before gets the same answer and changes nothing.

        ``conceal`` returns the answer without its secret: so it is stored, and so the same request gets it again.
        Raises ``Conflict`` for a key that another request had.
        """
        actor = self.principal.make_actor(reason, self.correlation_id)
        adapter: TypeAdapter[T] = TypeAdapter(shape)
        with self.context.database.begin() as connection:
            if self.key is None:
                return act(connection, actor)
            lock_until_commit(connection, self._lock)
            digest = self._make_digest()
            if (before := self._find_answer(connection, digest)) is not None:
                return adapter.validate_python(before)
            answer = act(connection, actor)
            self._store(connection, digest, adapter.dump_json(conceal(answer)).decode())
            return answer

    def run_apart(
        self,
        shape: type[T],
        reason: str,
        act: Callable[[Engine, Actor], T],
        *,
        look_at: str,
        is_repeatable: bool = False,
    ) -> T:
        """Return what an action answers that has transactions of its own; its key is noted before it begins.

        After an error of PokerVOD before which nothing was committed the same request may be sent again. Where the
        server died in the middle, or an error came there, an action that ``is_repeatable`` is done again: twice has the
        effect of once. For any other ``look_at`` says where a person sees how it ended. Raises ``Conflict`` for that,
        for a key that another request had, and while the same request is being done.
        """
        actor = self.principal.make_actor(reason, self.correlation_id)
        adapter: TypeAdapter[T] = TypeAdapter(shape)
        engine = self.context.database.require().engine

        def do() -> T:
            return self._act_whole(lambda: act(engine, actor), look_at, is_repeatable=is_repeatable)

        with _take_turn():
            if self.key is None:
                return do()
            with try_lock(engine, self._lock) as is_first:
                if not is_first:
                    raise Conflict("the same request is being done at this moment; send it again for its answer")
                digest = self._make_digest()
                before = self._reserve(digest, look_at, is_repeatable=is_repeatable)
                if before is not None:
                    return adapter.validate_python(before)
                return self._act_reserved(adapter, digest, do)

    def _act_whole(self, act: Callable[[], T], look_at: str, *, is_repeatable: bool) -> T:
        """Return the answer; raise ``OutcomeUnknown`` for an error after a part that the log or a decision has."""
        if is_repeatable:
            return act()
        with self.context.database.connect() as connection:
            before = connection.execute(_FIND_LAST).one()._mapping
        try:
            return act()
        except OutcomeUnknown:
            raise
        except PokervodError as error:
            with self.context.database.connect() as connection:
                is_begun = connection.scalar(_IS_BEGUN, {**before, "correlation_id": self.correlation_id})
            if not is_begun:
                raise
            raise OutcomeUnknown(
                f"{error}; a part was done before that: look at {look_at} and at"
                f" /api/log?correlation_id={self.correlation_id}, then send what is left with another key"
            ) from error

    def _act_reserved(self, adapter: TypeAdapter[T], digest: bytes, act: Callable[[], T]) -> T:
        try:
            answer = act()
        except OutcomeUnknown:
            raise
        except PokervodError:
            with self.context.database.begin() as connection:
                connection.execute(_RELEASE, self._names)
            raise
        with self.context.database.begin() as connection:
            self._store(connection, digest, adapter.dump_json(answer).decode())
        return answer

    def _reserve(self, digest: bytes, look_at: str, *, is_repeatable: bool) -> Any:
        """Note that the action begins and return None, or return what was answered before."""
        with self.context.database.begin() as connection:
            row = self._find(connection, digest)
            if row is None:
                self._store(connection, digest, None)
            elif row.answer is None and not is_repeatable:
                raise Conflict(
                    f"the server ended while it did this, so it is unknown how far it came; look at {look_at} and at"
                    f" /api/log?correlation_id={row.correlation_id}, then send what is left with another key"
                )
            return None if row is None else row.answer

    @property
    def _lock(self) -> str:
        return f"request {self.principal.who} {self.key}"

    @property
    def _names(self) -> dict[str, Any]:
        return {"who": self.principal.who, "key": self.key}

    def _make_digest(self) -> bytes:
        """Return what recognizes the request; where a password is in it, it is as slow to guess as that."""
        if not self.is_secret:
            return hashlib.sha256(self.content).digest()
        salt = hashlib.sha256(self._lock.encode()).digest()
        return hashlib.scrypt(self.content, salt=salt, n=2**14, r=8, p=1, dklen=32)

    def _find_answer(self, connection: Connection, digest: bytes) -> Any:
        row = self._find(connection, digest)
        return None if row is None else row.answer

    def _find(self, connection: Connection, digest: bytes) -> Any:
        row = connection.execute(_FIND, self._names).one_or_none()
        if row is not None and bytes(row.request) != digest:
            raise Conflict(f"Idempotency-Key {self.key!r} was of another request; give each request a key of its own")
        return row

    def _store(self, connection: Connection, digest: bytes, answer: str | None) -> None:
        connection.execute(_FORGET, {"limit": FORGET_AT_ONCE})
        values = {"request": digest, "answer": answer, "correlation_id": self.correlation_id}
        connection.execute(_STORE, self._names | values)


@contextmanager
def _take_turn() -> Iterator[None]:
    if not _apart.acquire(timeout=APART_WAIT_SECONDS):
        raise Unavailable("other long actions are being done; send it again in a few seconds")
    try:
        yield
    finally:
        _apart.release()


async def read_action(
    request: Request,
    context: ContextOf,
    principal: Asking,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="Sent again within a day, the same request gets the same answer and changes nothing.",
        ),
    ] = None,
) -> ActionRequest:
    """Return the request for a change."""
    content = json.dumps([request.method, request.url.path, request.url.query]).encode() + await request.body()
    return ActionRequest(
        context=context,
        principal=principal,
        correlation_id=request.scope["state"]["correlation_id"],
        key=key,
        content=content,
    )


Requested = Annotated[ActionRequest, Depends(read_action)]


async def read_secret_action(request: Requested) -> ActionRequest:
    """Return the request for a change whose body has a password."""
    return replace(request, is_secret=True)


SecretRequested = Annotated[ActionRequest, Depends(read_secret_action)]

_FIND = text("""
    select request, answer, correlation_id from answered_requests
    where who = :who and key = :key and at > now() - interval '1 day'
""")

_STORE = text("""
    insert into answered_requests (who, key, request, answer, correlation_id)
    values (:who, :key, :request, cast(:answer as jsonb), :correlation_id)
    on conflict (who, key) do update set request = excluded.request, answer = excluded.answer,
        correlation_id = excluded.correlation_id, at = now()
""")

_RELEASE = text("delete from answered_requests where who = :who and key = :key and answer is null")

_FIND_LAST = text("""
    select (select coalesce(max(id), 0) from events) as event, (select coalesce(max(id), 0) from decisions) as decision
""")

_IS_BEGUN = text("""
    select exists (select from events where id > :event and correlation_id = :correlation_id)
        or exists (select from decisions where id > :decision and correlation_id = :correlation_id)
""")

_FORGET = text("""
    delete from answered_requests where (who, key) in (
        select who, key from answered_requests where at < now() - interval '1 day' order by at limit :limit
        for update skip locked)
""")
