"""Leave alone what a person holds, plans work on, or has decided: SQL that every selection has in it.

Each is about an instruction ``r``; the parameter ``now`` is the moment.
"""

PASSING = ("transient", "timeout", "bad_worker", "unknown")
"""Kinds of failures that may pass; of the others a bad input never does, and lack of capacity ends no graphic."""

RETRY_HOURS = 24
"""What failed longer ago is left to a person."""

MAY_PASS = f"r.failure_kind in ({', '.join(repr(each) for each in PASSING)})"
"""SQL: what it failed of may pass."""

ROUNDS = f"""(select count(*) from remediations a where a.kind = 'retry' and a.subject_kind = 'instruction'
    and a.subject = cast(r.id as varchar) and a.done_at > :now - interval '{RETRY_HOURS} hours')"""  # noqa: S608
"""SQL: how often it was retried without a person."""

QUIET_ROUNDS, QUIET_MINUTES = 2, 20

HEALS_PERHAPS = f"""coalesce({MAY_PASS} and r.finished_at > :now - interval '{QUIET_MINUTES} minutes'
    and {ROUNDS} < case r.failure_kind when 'unknown' then 1 else {QUIET_ROUNDS} end, false)"""
"""SQL: it failed a moment ago, and the first rounds of retries have not been tried: nobody has to be told yet."""

IN_FORCE = "r.superseded_by is null and r.withdrawn_at is null and r.cancel_requested is null"
"""SQL: it was not replaced, withdrawn or cancelled."""


def write_in_window(subjects: dict[str, str]) -> str:
    """Return the SQL that a maintenance window is about one of these: SQL of its name, by the kind."""
    cases = " or ".join(
        f"(c.subject_kind = '{kind}' and (c.subject is null or c.subject = {name}))" for kind, name in subjects.items()
    )
    return f"""exists (select from maintenance_coverage c
        where c.starts_at <= :now and c.ends_at > :now and (c.subject_kind is null or {cases}))"""


IS_SPARED = f"""(coalesce(r.held_until > :now, false) or {
    write_in_window(
        {
            "instruction": "cast(r.id as text)",
            "template": "r.template",
            "hand": "cast(r.hand_id as text)",
            "queue": "'render queue'",
            "service": "any(array[r.renderer, 'renderer ' || r.renderer])",
        }
    )
})"""
"""SQL: a person holds it, or plans work on it, its template, its hand, its renderer or the queue."""

IS_PAUSED = """exists (select from render_pauses p where (p.until is null or p.until > :now)
    and p.scope in ('all', 'renderer:' || r.renderer, 'template:' || r.template))"""
"""SQL: a pause keeps it from being claimed."""
