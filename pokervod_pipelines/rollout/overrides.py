"""Keep overrides as decisions: each is about one criterion as it was, so it does not count for a changed one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.decisions import Decision, DecisionKind, Subject, read_in_force, record, withdraw
from pokervod_pipelines.rollout.alignment import WeekShape
from pokervod_pipelines.rollout.record import OverrideRecord


def insert_override(
    connection: Connection, plan: str, week: int, shape: WeekShape, criterion: str, *, actor: Actor, now: datetime
) -> None:
    """Record that the criterion counts as passed."""
    subject: Subject = {
        "plan": plan,
        "week": week,
        "criterion": criterion,
        "title": shape.title,
        "digest": shape.digests[criterion],
    }
    record(connection, DecisionKind.OVERRIDE, subject, value=True, actor=actor, at=now)


def withdraw_overrides(connection: Connection, plan: str, overrides: Sequence[OverrideRecord], actor: Actor) -> None:
    """Record that these overrides do not count any more."""
    keys = {(each.title, each.digest, each.at) for each in overrides}
    for decision in list_override_decisions(connection, plan):
        found = make_override(decision)
        if (found.title, found.digest, found.at) in keys:
            withdraw(connection, DecisionKind.OVERRIDE, decision.subject, actor=actor)


def lock_overrides(connection: Connection, plan: str) -> None:
    """Keep others from overriding until this transaction commits."""
    lock_until_commit(connection, f"rollout overrides {plan}")


def list_override_decisions(connection: Connection, plan: str) -> list[Decision]:
    """Return the overrides of the rollout that count, as they were decided."""
    return [each for each in read_in_force(connection, DecisionKind.OVERRIDE) if each.subject["plan"] == plan]


def make_override(decision: Decision) -> OverrideRecord:
    """Return the override that was decided."""
    subject: dict[str, Any] = {key: value for key, value in decision.subject.items() if key != "plan"}
    return OverrideRecord(**subject, by=decision.by, reason=decision.reason, at=decision.at)
