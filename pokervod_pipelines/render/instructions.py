"""Instructions made to be what the rules ask for, and what people ask for; each change with its event, all or nothing.

``make_instructions`` may be called as often as one likes, by as many as like: it brings about what the tables of hands
and tournaments say now, so whatever a crash left undone the next call does.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.render import store
from pokervod_pipelines.render.changes import Change, Plan, Standing, plan_changes
from pokervod_pipelines.render.drafts import Draft, Drafts, Identity, make_drafts
from pokervod_pipelines.render.hand_triggers import read_premium_hands
from pokervod_pipelines.render.readiness import find_template_faults
from pokervod_pipelines.render.rules import Rule, load_rules
from pokervod_pipelines.render.tournament_triggers import (
    read_eliminations,
    read_level_ends,
    read_payouts,
    read_schedule,
)
from pokervod_pipelines.render.triggers import DayRule, Trigger
from pokervod_pipelines.settings import Settings

PROBLEMS_KEPT = 200

Source = Callable[[Connection, DayRule, date | None], list[Trigger]]

SOURCES: Mapping[str, Source] = {
    "premium_hand": read_premium_hands,
    "elimination": read_eliminations,
    "level_end": read_level_ends,
    "payout": read_payouts,
    "schedule_entry": read_schedule,
}
"""Where the triggers of each kind come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionReport:
    """What a making came to: instructions by what became of them, and the first problems of ``problem_count``.

    ``created`` counts first versions, ``superseded`` those that a next version replaced; ``postponed`` are changes that
    a worker was faster than, which the next making looks at again.
    """

    triggers: int
    created: int
    superseded: int
    flagged: int
    withdrawn: int
    restored: int
    unchanged: int
    postponed: int
    problems: tuple[tuple[str, str], ...]
    problem_count: int
    seconds: float

    @property
    def changed(self) -> int:
        """How many instructions are not as they were before."""
        return self.created + self.superseded + self.flagged + self.withdrawn + self.restored


def make_instructions(
    engine: Engine, settings: Settings, *, day: date | None, correlation_id: str
) -> InstructionReport:
    """The instructions of the broadcast day, or of all days, are what the rules ask for.

    Raises ``BadSettings`` for a rule that does not fit its template, ``BadTemplate`` for a template; then nothing
    has changed.
    """
    started = time.monotonic()
    rules, days = load_rules(settings), DayRule.of(settings)
    with engine.begin() as connection:
        store.lock_makers(connection)
        triggers = [trigger for source in SOURCES.values() for trigger in source(connection, days, day)]
        wanted, seen, standing = _read_wanted(connection, settings, rules, triggers, day)
        plan, unready = _leave_out_unready(plan_changes(wanted, standing, seen), rules)
        done, postponed = carry_out(connection, plan, correlation_id=correlation_id)
    counts = Counter(change.kind for change in done)
    problems = [(" ".join(identity[:2]), reason) for identity, reason in (wanted.refused | unready).items()]
    return InstructionReport(
        triggers=len(triggers),
        created=len(plan.new),
        superseded=counts["supersede"],
        flagged=counts["flag"],
        withdrawn=counts["withdraw"],
        restored=counts["restore"],
        unchanged=plan.unchanged,
        postponed=postponed,
        problems=tuple(problems[:PROBLEMS_KEPT]),
        problem_count=len(problems),
        seconds=time.monotonic() - started,
    )


def _read_wanted(
    connection: Connection, settings: Settings, rules: Sequence[Rule], triggers: list[Trigger], day: date | None
) -> tuple[Drafts, set[tuple[str, str]], list[Standing]]:
    """Return the drafts, the triggers that are there, and what stands.

    What stands on the day without a trigger is looked for on all days before it counts as gone: a payout or an
    elimination moves to another day when another export tells it.
    """
    seen = {(trigger.kind, trigger.key) for trigger in triggers}
    standing = store.read_standing(connection, seen, kinds=SOURCES, day=day)
    alive = {each.identity[:2] for each in standing if not each.is_withdrawn and each.state != "cancelled"}
    missing = alive - seen
    if missing and day is not None:
        for kind in sorted({kind for kind, _ in missing}):
            elsewhere = SOURCES[kind](connection, DayRule.of(settings), None)
            triggers += [trigger for trigger in elsewhere if (trigger.kind, trigger.key) in missing]
        seen |= {(trigger.kind, trigger.key) for trigger in triggers}
    return make_drafts(triggers, rules, settings.render), seen, standing


def _leave_out_unready(plan: Plan, rules: Sequence[Rule]) -> tuple[Plan, dict[Identity, str]]:
    """Return the plan without new graphics that cannot be rendered, and why not; they are made once they can be."""
    used = {draft.template for draft in plan.new}
    faults = find_template_faults(
        {rule.template.name: rule.template for rule in rules if rule.template.name in used}.values()
    )
    unready = {
        draft.identity: f"{draft.template} cannot be rendered: {'; '.join(faults[draft.template])}"
        for draft in plan.new
        if draft.template in faults
    }
    new = tuple(draft for draft in plan.new if draft.identity not in unready)
    return replace(plan, new=new), unready


def carry_out(connection: Connection, plan: Plan, *, correlation_id: str) -> tuple[list[Change], int]:
    """The plan is done, with its events; returns the changes done, and how many somebody else was faster than."""
    now = store.lock_standing(connection, [change.standing.id for change in plan.changes])
    done = [change for change in plan.changes if now.get(change.standing.id) == change.standing]
    versions = {draft.identity: (draft, 1) for draft in plan.new} | {
        change.draft.identity: (change.draft, change.standing.version + 1) for change in done if change.draft
    }
    ids = store.insert_drafts(connection, versions, correlation_id=correlation_id)
    store.apply_changes(connection, done, ids)
    events = [*_tell_created(versions, ids), *(_tell_change(change, ids) for change in done)]
    append_events(connection, "render", correlation_id, events)
    return done, len(plan.changes) - len(done)


def _tell_created(versions: Mapping[Identity, tuple[Draft, int]], ids: Mapping[Identity, int]) -> Iterable[NewEvent]:
    for identity, instruction_id in ids.items():
        draft, version = versions[identity]
        payload = {
            **_name_instruction(instruction_id, identity),
            "version": version,
            "hand_id": draft.hand_id,
            "priority": draft.priority,
            "broadcast_day": draft.day.isoformat(),
            "by": draft.by,
            "reason": draft.reason,
        }
        yield NewEvent(EventType.RENDER_INSTRUCTION_CREATED, payload)


def _tell_change(change: Change, ids: Mapping[Identity, int]) -> NewEvent:
    each = change.standing
    payload = {
        **_name_instruction(each.id, each.identity),
        "version": each.version,
        "change": change.kind,
        "state_before": each.state,
        "state": "cancelled" if each.state == "pending" else each.state,
        "superseded_by": ids.get(each.identity) if change.kind == "supersede" else None,
        "reason": change.reason,
    }
    return NewEvent(EventType.RENDER_INSTRUCTION_UPDATED, payload)


def _name_instruction(instruction_id: int, identity: Identity) -> dict[str, Any]:
    kind, key, template = identity
    return {"instruction_id": instruction_id, "trigger_kind": kind, "trigger_key": key, "template": template}
