"""Measure what became of each action: whether it helped, was in vain, harmed, or something else ended it first."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.remediation.shape import RemedyKind
from pokervod_pipelines.settings.remediation import RemediationSettings

MEASURE_HOURS = 24
"""What is not known after so long was in vain."""

PROBE_MINUTES = 2
"""A probe is answered, or is not, within this."""


def measure_outcomes(connection: Connection, rules: RemediationSettings, now: datetime) -> int:
    """Store the outcome of every action for which it is known by now, and return of how many."""
    values = {
        "now": now,
        "within": timedelta(minutes=rules.prioritize.within_minutes),
        "hours": timedelta(hours=MEASURE_HOURS),
        "probe": timedelta(minutes=PROBE_MINUTES),
    }
    return sum(connection.execute(statement, values).rowcount for statement in _STATEMENTS)


_OF_INSTRUCTION = """
    remediations a join render_instructions r on r.id = {instruction}
        left join lateral (
            select min(t.started_at) as at from render_attempts t
            where t.instruction_id = r.id and t.started_at > a.done_at
        ) as attempt on true
"""

_SUBJECT = "case a.subject_kind when 'instruction' then cast(a.subject as bigint) end"

_FIRST_START = "least(attempt.at, case when r.state = 'processing' and r.started_at > a.done_at then r.started_at end)"

_IS_UNDONE = """exists (select from events e
    where e.source = 'render' and e.payload ->> 'instruction_id' = cast(r.id as text) and e.at > a.done_at
        and coalesce(e.payload ->> 'by', a.detector) <> a.detector and {what})"""
"""SQL: a person did what undoes the action."""

_IS_CANCELLED = f"""(r.state = 'cancelled' and {
    _IS_UNDONE.format(what="(e.type = 'render.cancelled' or e.payload ->> 'change' = 'stop')")
})"""

_IS_RANKED_BY_PERSON = _IS_UNDONE.format(what="e.payload ->> 'change' = 'prioritize'")

_IS_MOOT = "(r.superseded_by is not null or r.withdrawn_at is not null or r.state = 'cancelled')"


def _write_update(kinds: str, source: str, *cases: str) -> str:
    return f"""
        update remediations u set outcome = o.outcome, outcome_at = :now, outcome_reason = o.reason
        from (
            select a.id, split_part(found, '|', 1) as outcome, substr(found, strpos(found, '|') + 1) as reason
            from {source}, lateral (select case {" ".join(cases)} end as found) as judged
            where a.outcome is null and a.state = 'done' and a.kind in ({kinds}) and found is not null
        ) as o where u.id = o.id
    """  # noqa: S608 - constants


_ENDS = (
    "when r.state = 'completed' then 'helped|the graphic was completed'",
    f"when {_IS_CANCELLED} then 'harmed|a person cancelled it: ' || r.reason",
    f"when {_IS_MOOT} then 'moot|' || r.reason",
    "when r.state in ('failed', 'timed_out') and r.finished_at > a.done_at then 'in vain|' || r.reason",
    "when a.done_at < :now - cast(:hours as interval) then 'in vain|the graphic has not ended'",
)

_RETRIED = _write_update(f"'{RemedyKind.RETRY}'", _OF_INSTRUCTION.format(instruction=_SUBJECT), *_ENDS)

_INSTRUCTED = _write_update(
    f"'{RemedyKind.INSTRUCT}'",
    _OF_INSTRUCTION.format(instruction="cast(a.after -> 'instructions' ->> 0 as bigint)"),
    *_ENDS,
)

_RESCUED = _write_update(
    f"'{RemedyKind.RESCUE}'",
    _OF_INSTRUCTION.format(instruction=_SUBJECT),
    """when cast(a.before ->> 'is_lease_expired' as boolean) and exists (select from render_workers w
        where w.name = a.before ->> 'worker' and w.started_at <= cast(a.before ->> 'started_at' as timestamptz)
            and w.seen_at > a.done_at) then 'harmed|its worker was alive after all, so the work was done twice'""",
    "when r.state = 'completed' then 'helped|the graphic was completed'",
    f"when {_FIRST_START} is not null then 'helped|it was claimed again'",
    f"when {_IS_MOOT} then 'moot|' || r.reason",
    "when r.state in ('failed', 'timed_out') then 'in vain|it had no retries left: ' || r.reason",
    "when a.done_at < :now - cast(:hours as interval) then 'in vain|it was not claimed again'",
)

_RANKED = _write_update(
    f"'{RemedyKind.PRIORITIZE}', '{RemedyKind.REORDER}'",
    _OF_INSTRUCTION.format(instruction=_SUBJECT),
    f"when {_FIRST_START} <= a.done_at + cast(:within as interval) then 'helped|it was claimed'",
    f"when {_IS_CANCELLED} then 'harmed|a person cancelled it: ' || r.reason",
    f"when {_IS_RANKED_BY_PERSON} then 'harmed|a person gave it another priority'",
    f"when {_IS_MOOT} then 'moot|' || r.reason",
    "when a.done_at < :now - cast(:within as interval) then 'in vain|it was not claimed in time'",
)

_PROBED = _write_update(
    f"'{RemedyKind.PROBE}'",
    "remediations a left join breakers b on b.name = a.subject",
    "when b.opened_at is null then 'helped|the service is called again'",
    "when b.last_failed_at > a.done_at then 'in vain|' || coalesce(b.last_error, '')",
    "when a.done_at < :now - cast(:probe as interval) then 'in vain|it does not answer'",
)

_STATEMENTS = [text(each) for each in (_RETRIED, _INSTRUCTED, _RESCUED, _RANKED, _PROBED)]
