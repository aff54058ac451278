"""Run the SQL of instructions: read those in force, add versions, apply the changes of a plan. No decisions."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.render.changes import InstructionChange, StoredInstruction
from pokervod_pipelines.render.drafts import Draft, Identity

_STORED = """
    r.id, r.trigger_kind, r.trigger_key, r.template, r.version, r.state, r.digest, r.layers, r.output, r.flagged,
    r.withdrawn_at is not null as is_withdrawn
"""
_NEWEST = """not exists (
    select from render_instructions n where (n.trigger_kind, n.trigger_key, n.template)
        = (r.trigger_kind, r.trigger_key, r.template) and n.version > r.version)
"""


def read_in_force(
    connection: Connection, triggers: Collection[tuple[str, str]], *, kinds: Collection[str], day: date | None
) -> list[StoredInstruction]:
    """Return the instructions in force of these triggers, and those of these kinds of the day (or of all days)."""
    rows = connection.execute(
        text(f"""
            select {_STORED} from render_instructions r
            where {_NEWEST} and ((r.trigger_kind, r.trigger_key) in (
                    select t ->> 0, t ->> 1 from jsonb_array_elements(cast(:triggers as jsonb)) t)
                or (r.trigger_kind = any(:kinds) and (cast(:day as date) is null or r.broadcast_day = :day)))
            order by r.id
        """),  # noqa: S608 - constants
        {"triggers": _to_json([*triggers]), "kinds": [*kinds], "day": day},
    )
    return [StoredInstruction(**row._mapping) for row in rows]


def lock_instructions(connection: Connection, ids: Collection[int]) -> dict[int, StoredInstruction]:
    """Lock these instructions until commit, and return them as they are now, by id."""
    rows = connection.execute(
        text(f"select {_STORED} from render_instructions r where r.id = any(:ids) order by r.id for update"),  # noqa: S608 - constants
        {"ids": sorted(ids)},
    )
    return {row.id: StoredInstruction(**row._mapping) for row in rows}


def insert_drafts(
    connection: Connection, drafts: Mapping[Identity, tuple[Draft, int]], *, correlation_id: str
) -> dict[Identity, int]:
    """Insert the drafts that do not exist yet, each with its version; return the new ids."""
    records = [
        {
            "trigger_kind": draft.trigger_kind,
            "trigger_key": draft.trigger_key,
            "template": draft.template,
            "layers": draft.layers,
            "output": draft.output,
            "digest": draft.digest,
            "priority": draft.priority,
            "broadcast_day": draft.day.isoformat(),
            "by": draft.by,
            "reason": draft.reason,
            "hand_id": draft.hand_id,
            "version": version,
            "renderer": draft.renderer,
            "correlation_id": correlation_id,
        }
        for draft, version in drafts.values()
    ]
    rows = connection.execute(_INSERT, {"drafts": _to_json(records)})
    return {(row[1], row[2], row[3]): row[0] for row in rows}


_COLUMNS = (
    "trigger_kind, trigger_key, template, layers, output, digest, priority, broadcast_day, by, reason, hand_id,"
    " version, renderer, correlation_id"
)
_INSERT = text(f"""
    insert into render_instructions ({_COLUMNS})
    select {_COLUMNS} from jsonb_to_recordset(cast(:drafts as jsonb)) as d(
        trigger_kind text, trigger_key text, template text, layers jsonb, output jsonb, digest text, priority int,
        broadcast_day date, by text, reason text, hand_id bigint, version int, renderer text,
        correlation_id text)
    on conflict (trigger_kind, trigger_key, template, version) do nothing
    returning id, trigger_kind, trigger_key, template
""")  # noqa: S608 - constants


def apply_changes(
    connection: Connection, changes: Sequence[InstructionChange], next_ids: Mapping[Identity, int]
) -> None:
    """Apply the changes to rows that are locked and still in the state that the plan has seen."""
    for kind, statement in _APPLY.items():
        records = [
            {
                "id": change.stored.id,
                "reason": change.reason,
                "next": next_ids.get(change.stored.identity) if kind == "supersede" else None,
            }
            for change in changes
            if change.kind == kind
        ]
        if records:
            connection.execute(statement, {"changes": _to_json(records)})


def _make_update(assignments: str) -> Any:
    return text(f"""
        update render_instructions r set {assignments}, changed_at = now()
        from jsonb_to_recordset(cast(:changes as jsonb)) as c(id bigint, reason text, next bigint)
        where r.id = c.id
    """)  # noqa: S608 - constants


_APPLY = {
    "supersede": _make_update("""
        superseded_by = c.next,
        cancel_requested = case when state = 'processing' then 'superseded: ' || c.reason else cancel_requested end,
        flagged = case when state = 'completed' then c.reason else flagged end,
        reason = case when state = 'pending' then 'superseded: ' || c.reason else r.reason end,
        state = case when state = 'pending' then 'cancelled' else state end
    """),
    "flag": _make_update("flagged = c.reason, withdrawn_at = null"),
    "withdraw": _make_update("""
        withdrawn_at = now(),
        cancel_requested = case when state = 'processing' then c.reason else cancel_requested end,
        flagged = case when state = 'completed' then c.reason else flagged end,
        reason = case when state = 'pending' then c.reason else r.reason end,
        state = case when state = 'pending' then 'cancelled' else state end
    """),
    "restore": _make_update("flagged = null, withdrawn_at = null"),
}


def _to_json(value: Iterable[Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
