"""Fill a database with graphics that were requested and ended at given times, as workers would have left it."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection, Engine, text


@dataclass(kw_only=True)
class MeasuredQueue:
    """Add instructions with their events; times are given."""

    engine: Engine
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def add(
        self,
        requested_at: datetime,
        seconds: float = 0,
        end: str | None = None,
        *,
        template: str = "elimination",
        renderer: str = "local",
        state: str = "pending",
    ) -> int:
        """Add an instruction that ends so after so many seconds, or one that is still in the given state."""
        with self.engine.begin() as connection:
            row = {"at": requested_at, "template": template, "renderer": renderer, "key": str(next(self.numbers))}
            id_ = int(connection.scalar(_ADD, row) or 0)
            _append(connection, "render.instruction.created", id_, requested_at)
            if end is not None or state == "processing":
                connection.execute(_CLAIM, {"id": id_, "claim": uuid.uuid4()})
        if end is not None:
            self.end(id_, requested_at + timedelta(seconds=seconds), end)
        return id_

    def end(self, id_: int, at: datetime, state: str) -> None:
        """End an instruction that is processing."""
        with self.engine.begin() as connection:
            connection.execute(_END, {"id": id_, "at": at, "state": state})
            _append(connection, f"render.{state}", id_, at)

    def retry(self, id_: int) -> None:
        """Let one that failed be processed again."""
        with self.engine.begin() as connection:
            connection.execute(_RETRY, {"id": id_})
            connection.execute(_CLAIM, {"id": id_, "claim": uuid.uuid4()})

    def empty(self) -> None:
        """Forget everything."""
        with self.engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))  # audit records are kept otherwise
            connection.execute(text("truncate render_instructions, events, measure_rollups, measure_marks cascade"))


def _append(connection: Connection, type_: str, id_: int, at: datetime) -> None:
    connection.execute(_APPEND, {"type": type_, "id": id_, "at": at})


_ADD = text("""
    insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
        renderer, created_at, due_at)
    values (:template, '{}', '{}', '', 'person', :key, '2026-05-04', 'test', :renderer, :at, :at) returning id
""")

_CLAIM = text("""
    update render_instructions set state = 'processing', claim_id = :claim, claimed_by = 'test', lease_until = now(),
        heartbeat_at = now(), started_at = now() where id = :id
""")

_END = text("""
    update render_instructions set state = :state, claim_id = null, claimed_by = null, lease_until = null,
        heartbeat_at = null, finished_at = :at where id = :id
""")

_RETRY = text("update render_instructions set state = 'pending', finished_at = null where id = :id")

_APPEND = text("""
    insert into events (at, type, source, correlation_id, payload)
    values (:at, :type, 'render', '', jsonb_build_object('instruction_id', cast(:id as bigint)))
""")
