"""Run what a person or a program asks for: once for an ``Idempotency-Key``, with its actor, in one transaction."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel, Field, TypeAdapter, field_validator
from sqlalchemy import Connection, text

from pokervod_pipelines.access.principal import Principal
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.context import ApiContext, ContextOf
from pokervod_pipelines.api.routing import Asking
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import Conflict

T = TypeVar("T")

MAX_REASON = 1_000

FORGET_AT_ONCE = 100
"""Answers older than a day that one request deletes."""


class Reason(BaseModel, extra="forbid"):
    """Say why, for the audit log."""

    reason: str = Field(min_length=1, max_length=MAX_REASON, examples=["calling the truck"])

    @field_validator("reason")
    @classmethod
    def _is_no_blank(cls, reason: str) -> str:
        if not reason.strip():
            raise ValueError("a reason is required for the audit log")
        return reason.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """Hold who asks for a change, and what recognizes the same request when it is sent again."""

    context: ApiContext
    principal: Principal
    correlation_id: str
    key: str | None
    digest: bytes

    def run(self, shape: type[T], reason: str, act: Callable[[Connection, Actor], T]) -> T:
        """Return what the action answers; a request that was answered before gets the same answer and changes nothing.

        Raises ``Conflict`` for a key that another request had.
        """
        actor = self.principal.make_actor(reason, self.correlation_id)
        adapter: TypeAdapter[T] = TypeAdapter(shape)
        with self.context.database.begin() as connection:
            if self.key is None:
                return act(connection, actor)
            lock_until_commit(connection, f"request {self.principal.who} {self.key}")
            if (before := self._find_answer(connection)) is not None:
                return adapter.validate_python(before)
            answer = act(connection, actor)
            self._store(connection, adapter.dump_json(answer).decode())
            return answer

    def _find_answer(self, connection: Connection) -> Any:
        row = connection.execute(_FIND, {"who": self.principal.who, "key": self.key}).one_or_none()
        if row is not None and bytes(row.request) != self.digest:
            raise Conflict(f"Idempotency-Key {self.key!r} was of another request; give each request a key of its own")
        return None if row is None else row.answer

    def _store(self, connection: Connection, answer: str) -> None:
        connection.execute(_FORGET, {"limit": FORGET_AT_ONCE})
        values = {"who": self.principal.who, "key": self.key, "request": self.digest, "answer": answer}
        connection.execute(_STORE, values)


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
    body = json.dumps([request.method, request.url.path, request.url.query]).encode() + await request.body()
    return ActionRequest(
        context=context,
        principal=principal,
        correlation_id=request.scope["state"]["correlation_id"],
        key=key,
        digest=hashlib.sha256(body).digest(),
    )


Requested = Annotated[ActionRequest, Depends(read_action)]

_FIND = text("""
    select request, answer from answered_requests
    where who = :who and key = :key and at > now() - interval '1 day'
""")

_STORE = text("""
    insert into answered_requests (who, key, request, answer)
    values (:who, :key, :request, cast(:answer as jsonb))
    on conflict (who, key) do update set request = excluded.request, answer = excluded.answer, at = now()
""")

_FORGET = text("""
    delete from answered_requests where (who, key) in (
        select who, key from answered_requests where at < now() - interval '1 day' order by at limit :limit
        for update skip locked)
""")
