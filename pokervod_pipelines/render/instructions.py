"""Make the instructions that the rules ask for; each change with its event, all in one transaction.

``make_instructions`` may be called at any time by any process: it works from what the tables of hands and tournaments
say now, so the next call does whatever a crash left undone.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.render import store
from pokervod_pipelines.render.changes import InstructionChange, InstructionPlan, StoredInstruction, plan_changes
from pokervod_pipelines.render.drafts import Draft, Drafts, Identity, make_drafts
from pokervod_pipelines.render.hand_triggers import read_premium_hands
from pokervod_pipelines.render.rules import Rule, load_rules
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines.render.tournament_triggers import (
    read_eliminations,
    read_level_ends,
    read_payouts,
    read_schedule,
)
from pokervod_pipelines.render.triggers import DayRule, Trigger
from pokervod_pipelines.settings import Settings

MAX_PROBLEMS = 200

MAKING = "render instructions"
"""The lock of processes that make instructions."""

TriggerSource = Callable[[Connection, DayRule, date | None], list[Trigger]]

SOURCES: Mapping[str, TriggerSource] = {
    "premium_hand": read_premium_hands,
    "elimination": read_eliminations,
    "level_end": read_level_ends,
    "payout": read_payouts,
    "schedule_entry": read_schedule,
}
"""The source of each kind of trigger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionReport:
    """Count the instructions by what happened to them, with the first problems of ``problem_count``.

    ``created`` counts first versions, ``superseded`` those that a next version replaced; ``postponed`` are changes of
    rows that a worker changed first, which the next call looks at again.
    """

    triggers: int
    created: int
    superseded: int
    flagged: int
    withdrawn: int
    restored: int
    unchanged: int
    postponed: int
    problems: tuple[Problem, ...]
    problem_count: int
    seconds: float

    @property
    def changed(self) -> int:
        """Count the instructions that differ from before."""
        return self.created + self.superseded + self.flagged + self.withdrawn + self.restored


def make_instructions(
    engine: Engine, settings: Settings, *, day: date | None, correlation_id: str
) -> InstructionReport:
    """Make, replace, flag or withdraw the instructions of the day, or of all days, as the rules ask for.

    Raises ``BadSettings`` for a rule that does not fit its template, ``BadTemplate`` for a template; then nothing
    has changed.
    """
    started = time.monotonic()
    rules, days = load_rules(settings), DayRule.of(settings)
    with engine.begin() as connection:
        lock_until_commit(connection, MAKING)
        triggers = [trigger for source in SOURCES.values() for trigger in source(connection, days, day)]
        drafts, seen, stored = _make_drafts(connection, settings, rules, triggers, day)
        plan, unready = _leave_out_unready(plan_changes(drafts, stored, seen), rules)
        done, postponed = apply_plan(connection, plan, correlation_id=correlation_id)
    counts = Counter(change.kind for change in done)
    refused = drafts.refused | unready
    problems = [Problem(" ".join(identity[:2]), reason) for identity, reason in refused.items()]
    return InstructionReport(
        triggers=len(triggers),
        created=len(plan.new),
        superseded=counts["supersede"],
        flagged=counts["flag"],
        withdrawn=counts["withdraw"],
        restored=counts["restore"],
        unchanged=plan.unchanged,
        postponed=postponed,
        problems=tuple(problems[:MAX_PROBLEMS]),
        problem_count=len(problems),
        seconds=time.monotonic() - started,
    )


def make_missing(
    connection: Connection, settings: Settings, hands: Mapping[int, date], *, correlation_id: str
) -> dict[int, list[int] | str]:
    """Make the first instructions of these premium hands, given with their days; return the ids, or why there are none.

    What was made before stays as it is, also where it was cancelled or withdrawn. Raises as ``make_instructions``.
    """
    rules, days = load_rules(settings), DayRule.of(settings)
    lock_until_commit(connection, MAKING)
    triggers = [
        trigger
        for day in sorted({*hands.values()})
        for trigger in read_premium_hands(connection, days, day)
        if trigger.hand_id in hands
    ]
    drafts = make_drafts(triggers, rules, settings.render)
    stored = store.read_in_force(connection, {(each.kind, each.key) for each in triggers}, kinds=(), day=None)
    plan, unready = _leave_out_unready(replace(plan_changes(drafts, stored), changes=()), rules)
    apply_plan(connection, plan, correlation_id=correlation_id)
    made = store.read_in_force(connection, {(each.kind, each.key) for each in triggers}, kinds=(), day=None)
    new = {draft.identity for draft in plan.new}
    reasons = drafts.refused | unready | {each.identity: _describe_stored(each) for each in stored}
    found: dict[int, list[int] | str] = dict.fromkeys(hands, "it is not premium any more, or its cards are not whole")
    for trigger in triggers:
        assert trigger.hand_id is not None  # noqa: S101 - each is of a hand
        ids = [each.id for each in made if each.identity in new and each.trigger_key == trigger.key]
        why = [reason for identity, reason in reasons.items() if identity[:2] == (trigger.kind, trigger.key)]
        found[trigger.hand_id] = ids or "; ".join(why) or "no rule of render.rules fits it"
    return found


def _describe_stored(each: StoredInstruction) -> str:
    ended = "was withdrawn" if each.is_withdrawn else f"is {each.state}"
    return f"instruction {each.id} of {each.template} {ended}"


def _make_drafts(
    connection: Connection, settings: Settings, rules: Sequence[Rule], triggers: list[Trigger], day: date | None
) -> tuple[Drafts, set[tuple[str, str]], list[StoredInstruction]]:
    """Return the drafts, the triggers that exist, and the instructions in force.

    A trigger missing on the day is searched for on all days before it counts as deleted: a payout or an elimination
    moves to another day when another export has it.
    """
    seen = {(trigger.kind, trigger.key) for trigger in triggers}
    stored = store.read_in_force(connection, seen, kinds=SOURCES, day=day)
    alive = {each.identity[:2] for each in stored if not each.is_withdrawn and each.state != "cancelled"}
    missing = alive - seen
    if missing and day is not None:
        for kind in sorted({kind for kind, _ in missing}):
            elsewhere = SOURCES[kind](connection, DayRule.of(settings), None)
            triggers += [trigger for trigger in elsewhere if (trigger.kind, trigger.key) in missing]
        seen |= {(trigger.kind, trigger.key) for trigger in triggers}
    return make_drafts(triggers, rules, settings.render), seen, stored


def _leave_out_unready(plan: InstructionPlan, rules: Sequence[Rule]) -> tuple[InstructionPlan, dict[Identity, str]]:
    """Return the plan without new graphics that cannot be rendered yet, and why; a later call makes them."""
    used = {draft.template for draft in plan.new}
    faults = find_template_faults(
        {rule.template.name: rule.template for rule in rules if rule.template.name in used}.values()
    )
    unready = {
        draft.identity: f"{draft.template} cannot be rendered: {'; '.join(faults[draft.template])}"
        for draft in plan.new
        if draft.template in faults
    } | {
        draft.identity: f"{draft.template} cannot be rendered: {'; '.join(f'{name}: {text}' for name, text in found)}"
        for draft in plan.new
        if draft.template not in faults and (found := find_value_faults(draft))
    }
    new = tuple(draft for draft in plan.new if draft.identity not in unready)
    return replace(plan, new=new), unready


def find_template_faults(templates: Iterable[Template]) -> dict[str, list[str]]:
    """Return what is wrong with each faulty template (layers, fonts, footage, output module), before a worker tries."""
    checks = _load_checks()
    found = {template.name: checks[template.renderer](template) for template in templates}
    return {name: faults for name, faults in found.items() if faults}


def find_value_faults(draft: Draft) -> list[tuple[str, str]]:
    """Return the layers of the draft whose values its renderer cannot draw, each with the reason."""
    if draft.renderer != "local":
        return []
    from pokervod_pipelines.render.renderers.local import check  # noqa: PLC0415 - brings Pillow

    return list(check.find_undrawable_values(draft.layers).items())


def _load_checks() -> Mapping[str, Callable[[Template], list[str]]]:
    """Import the renderers' own checks only when needed: one brings Pillow."""
    from pokervod_pipelines.render.renderers.local import check  # noqa: PLC0415
    from pokervod_pipelines.render.renderers.nexrender import checks  # noqa: PLC0415

    return {"local": check.find_faults, "nexrender": checks.find_faults}


def apply_plan(
    connection: Connection, plan: InstructionPlan, *, correlation_id: str
) -> tuple[list[InstructionChange], int]:
    """Apply the plan with its events; return the changes done, and how many a worker was faster than."""
    now = store.lock_instructions(connection, [change.stored.id for change in plan.changes])
    done = [change for change in plan.changes if now.get(change.stored.id) == change.stored]
    versions = {draft.identity: (draft, 1) for draft in plan.new} | {
        change.draft.identity: (change.draft, change.stored.version + 1) for change in done if change.draft
    }
    ids = store.insert_drafts(connection, versions, correlation_id=correlation_id)
    store.apply_changes(connection, done, ids)
    events = [*_make_created_events(versions, ids), *(_make_changed_event(change, ids) for change in done)]
    append_events(connection, "render", correlation_id, events)
    return done, len(plan.changes) - len(done)


def _make_created_events(
    versions: Mapping[Identity, tuple[Draft, int]], ids: Mapping[Identity, int]
) -> Iterable[NewEvent]:
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


def _make_changed_event(change: InstructionChange, ids: Mapping[Identity, int]) -> NewEvent:
    each = change.stored
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
