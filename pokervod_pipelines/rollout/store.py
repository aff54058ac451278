"""Store a rollout: read it whole, and write each step of it in a transaction. No rules are here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, CursorResult, text

from pokervod_pipelines.actors import Actor, new_correlation_id
from pokervod_pipelines.decisions import DecisionKind, Subject, read_in_force, record, withdraw
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.rollout.alignment import align_record
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.record import (
    FixRecord,
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
)

_RECORD = TypeAdapter(RolloutRecord)

_READ = """
    select r.*,
        array(select to_jsonb(w) from rollout_weeks w where w.plan = r.plan order by number) as weeks,
        array(select to_jsonb(e) from rollout_escalations e where e.plan = r.plan order by at) as escalations,
        array(select to_jsonb(i) from rollout_interventions i where i.plan = r.plan order by id) as interventions,
        array(select to_jsonb(a) || jsonb_build_object(
            'results', array(select to_jsonb(x) from rollout_results x where x.attempt_id = a.id order by criterion),
            'fixes', array(select to_jsonb(f) from rollout_fixes f where f.attempt_id = a.id order by id))
            from rollout_attempts a where a.plan = r.plan order by id) as attempts
    from rollouts r where r.plan = :plan
"""

_NUMBERED = (("rollout_weeks", "number"), ("rollout_escalations", "week"), ("rollout_interventions", "week"))
"""Tables with the numbers of weeks; attempts follow their week by the foreign key."""

_RENUMBER = (
    """
    update {table} t set {column} = n.new + 1000000 from unnest(cast(:old as int[]), cast(:new as int[])) n(old, new)
    where t.plan = :plan and t.{column} = n.old
    """,
    "update {table} set {column} = {column} - 1000000 where plan = :plan and {column} > 500000",
)
"""Two steps, by way of numbers that no week has, because a number is unique at every moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStore:
    """Read and write the rollout of a plan within one transaction; what it writes happened ``now``."""

    connection: Connection
    plan: RolloutPlan
    now: datetime

    def find(self) -> RolloutRecord | None:
        """Return the rollout by the weeks of its plan as it is now, or None if it has not started."""
        stored = self.find_stored()
        return stored and align_record(stored, self.plan.weeks).record

    def read(self) -> RolloutRecord:
        """Return the rollout by the weeks of its plan as it is now. Raises ``Conflict`` if it has not started."""
        found = self.find()
        if found is None:
            raise Conflict(f"the rollout {self.plan.name} has not started; start it with `pokervod rollout run`")
        return found

    def find_stored(self) -> RolloutRecord | None:
        """Return the rollout by the weeks that are stored, or None if it has not started."""
        row = self._run(_READ).one_or_none()
        if row is None:
            return None
        return _RECORD.validate_python({**row._mapping, "overrides": tuple(self._read_overrides())})

    @property
    def correlation_id(self) -> str:
        """Return the id that ties everything of the rollout together; empty before its start."""
        return str(self._run("select correlation_id from rollouts where plan = :plan").scalar() or "")

    def append_event(self, kind: EventType, **payload: object) -> None:
        """Append an event of the rollout."""
        event = NewEvent(kind, {"plan": self.plan.name, **payload})
        append_events(self.connection, "rollout", self.correlation_id, [event])

    def start(self, until: int | None) -> bool:
        """Insert the rollout, if missing; return whether it was."""
        query = """
            insert into rollouts (plan, until, correlation_id, started_at, changed_at)
            values (:plan, :until, :correlation_id, :now, :now) on conflict do nothing
        """
        return self._run(query, until=until, correlation_id=new_correlation_id()).rowcount == 1

    def reset(self) -> None:
        """Let nothing be requested any more, and count the time from now on."""
        self._run("update rollouts set until = 0, started_at = :now where plan = :plan")

    def set_until(self, until: int | None, *, only_extends: bool) -> None:
        """Set the last requested week; with ``only_extends`` keep a later one."""
        kept = "and until < cast(:until as int)" if only_extends else ""
        self._run(f"update rollouts set until = :until where plan = :plan {kept}", until=until)  # noqa: S608 - constants

    def lock_state(self) -> RolloutState:
        """Return the state, which nobody else changes until this transaction ends."""
        return RolloutState(self._run("select state from rollouts where plan = :plan for update").scalar_one())

    def set_state(self, state: RolloutState, reason: str, *, is_resumed: bool = False) -> None:
        """Set state and reason; a paused or abandoned one changes only when it is resumed, completed or escalated."""
        query = """
            update rollouts set state = cast(:state as text), reason = :reason, changed_at = :now,
                finished_at = case when cast(:state as text) = 'completed' then :now end
            where plan = :plan
              and (:is_resumed or state not in ('paused', 'abandoned')
                   or state = 'paused' and cast(:state as text) in ('completed', 'escalated', 'abandoned'))
        """
        self._run(query, state=state, reason=reason, is_resumed=is_resumed)

    def renumber_weeks(self, numbers: Mapping[int, int]) -> None:
        """Give stored weeks, by their present number, and all that belongs to them other numbers."""
        moved = {old: new for old, new in numbers.items() if old != new}
        if not moved:
            return
        for table, column in _NUMBERED:
            for query in _RENUMBER:
                self._run(query.format(table=table, column=column), old=[*moved], new=[*moved.values()])

    def save_week(self, week: WeekRecord) -> None:
        """Store the progress of the week."""
        row = {"plan": self.plan.name, **asdict(week)}
        kept = ", ".join(f"{name} = excluded.{name}" for name in row)
        self._insert("rollout_weeks", row, then=f"on conflict (plan, number) do update set {kept}")

    def start_cycle(self, week: WeekRecord) -> None:
        """Let the week begin again with all its attempts; earlier ones stay in the history.

        An interrupted attempt becomes the first of the new cycle, because its result is unknown.
        """
        query = """
            update rollout_attempts set cycle = :cycle, number = 1
            where plan = :plan and week = :week and ended_at is null
        """
        self._run(query, week=week.number, cycle=week.cycle + 1)
        pending = WeekRecord(number=week.number, title=week.title, cycle=week.cycle + 1, started_at=week.started_at)
        self.save_week(pending)

    def start_attempt(self, week: WeekRecord) -> int:
        """Insert the next attempt of the week, unless it was interrupted before its end; return its id."""
        query = """
            insert into rollout_attempts (plan, week, cycle, number, started_at)
            values (:plan, :week, :cycle, :number, :now)
            on conflict (plan, week, cycle, number) do update set started_at = rollout_attempts.started_at returning id
        """
        return int(self._run(query, week=week.number, cycle=week.cycle, number=week.attempts + 1).scalar_one())

    def end_attempt(self, attempt_id: int, results: Sequence[ResultRecord], *, passed: bool) -> None:
        """Store the results of the attempt."""
        for each in results:
            texts = {"details": json.dumps(each.details), "figures": json.dumps(dict(each.figures), default=str)}
            self._insert("rollout_results", {**asdict(each), **texts, "attempt_id": attempt_id})
        query = "update rollout_attempts set ended_at = :now, passed = :passed where id = :id"
        self._run(query, id=attempt_id, passed=passed)

    def insert_fix(self, attempt_id: int, fix: FixRecord) -> None:
        """Store what the fixer reported."""
        self._insert("rollout_fixes", {"attempt_id": attempt_id, **asdict(fix)})

    def mark_fixed(self, attempt_id: int) -> None:
        """Store that all fixers of the attempt have run."""
        self._run("update rollout_attempts set fixed_at = :now where id = :id", id=attempt_id)

    def insert_escalation(self, week: WeekRecord, summary: str) -> None:
        """Store that the week is escalated from now on."""
        row = {"plan": self.plan.name, "week": week.number, "cycle": week.cycle, "at": self.now, "summary": summary}
        self._insert("rollout_escalations", row, then="on conflict do nothing")

    def end_escalations(self) -> None:
        """End all escalations of the rollout."""
        self._run("update rollout_escalations set ended_at = :now where plan = :plan and ended_at is null")

    def insert_intervention(self, kind: str, week: int | None, actor: Actor) -> None:
        """Store what the person did."""
        row = {"plan": self.plan.name, "kind": kind, "week": week, "by": actor.who, "reason": actor.reason}
        self._insert("rollout_interventions", {**row, "at": self.now})

    def insert_override(self, week: PlannedWeek, criterion: Criterion, actor: Actor) -> None:
        """Record that the criterion, as it is now, counts as passed; a changed one does not."""
        about = {"criterion": criterion.name, "title": week.title, "digest": criterion.digest}
        subject: Subject = {"plan": self.plan.name, "week": week.number, **about}
        record(self.connection, DecisionKind.OVERRIDE, subject, value=True, actor=self._sign(actor), at=self.now)

    def withdraw_overrides(self, overrides: Sequence[OverrideRecord], actor: Actor) -> None:
        """Record that these overrides do not count any more."""
        ids = {each.id for each in overrides}
        for each in read_in_force(self.connection, DecisionKind.OVERRIDE):
            if each.id in ids:
                withdraw(self.connection, DecisionKind.OVERRIDE, each.subject, actor=self._sign(actor))

    def _read_overrides(self) -> Iterator[OverrideRecord]:
        for each in read_in_force(self.connection, DecisionKind.OVERRIDE):
            about: dict[str, Any] = dict(each.subject)
            if about.pop("plan") == self.plan.name:
                yield OverrideRecord(**about, id=each.id, by=each.by, reason=each.reason, at=each.at)

    def _sign(self, actor: Actor) -> Actor:
        return replace(actor, correlation_id=self.correlation_id)

    def _insert(self, table: str, row: Mapping[str, object], *, then: str = "") -> None:
        columns, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        self._run(f"insert into {table} ({columns}) values ({places}) {then}", **row)  # noqa: S608 - constants

    def _run(self, query: str, **values: object) -> CursorResult[Any]:
        return self.connection.execute(text(query), {"plan": self.plan.name, "now": self.now, **values})
