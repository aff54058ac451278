"""Take each kind of action in turn, within its budget; ask a person for what is beyond it; measure what became of it.

An action and its record are one transaction, so a process that dies has done both or neither. Only one process remedies
at a time, and the database counts the budget, so that all processes together never exceed it.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.incidents.looks import record_looks
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState
from pokervod_pipelines.monitoring.remediation import hands, renders, services, store
from pokervod_pipelines.monitoring.remediation.budgets import HOUR, find_rules
from pokervod_pipelines.monitoring.remediation.outcomes import measure_outcomes
from pokervod_pipelines.monitoring.remediation.shape import DETECTOR, ActionState, Deed, RemedyAction, RemedyKind
from pokervod_pipelines.monitoring.remediation.turn import Remedy, Turn
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind

REMEDIES: Mapping[RemedyKind, Remedy] = {
    RemedyKind.RESCUE: renders.rescue_lost,
    RemedyKind.RETRY: renders.retry_failed,
    RemedyKind.INSTRUCT: hands.make_instructions_of_orphans,
    RemedyKind.REORDER: renders.rank_anew,
    RemedyKind.PRIORITIZE: renders.raise_waiting,
    RemedyKind.PROBE: services.probe_breakers,
}
"""What each kind does, in this order: what is rescued without retries left may be retried at once."""

ADVICE: Mapping[RemedyKind, str] = {
    RemedyKind.RESCUE: "`pokervod render rescue` requeues them all; `pokervod render workers` shows who lives",
    RemedyKind.RETRY: "correct the cause, then `pokervod render bulk-retry --reason …`; first `--preview`",
    RemedyKind.INSTRUCT: "`pokervod execute hands_to_renders` makes them; `pokervod metrics` counts them",
    RemedyKind.REORDER: "`pokervod render prioritize ID 1 --reason …` for those that are needed first",
    RemedyKind.PRIORITIZE: "more workers: `pokervod render worker`; or `pokervod render prioritize ID 1 --reason …`",
    RemedyKind.PROBE: "correct the service, then `pokervod breakers reset NAME --reason …`",
}
"""What a person does about what is beyond the budget."""

_log = logging.getLogger(__name__)


def remediate(engine: Engine, settings: Settings, *, now: datetime | None = None) -> list[RemedyAction]:
    """Put right what can be put right without a person, and return what was done or refused.

    To be called after each look of the detectors, by any process and outside a transaction: it makes its own. Where
    another process remedies at this moment, it does nothing. Without ``now`` the database's clock counts, as it should;
    a simulation gives its own. It opens and closes the incidents of the detector ``remediation`` itself, which ask a
    person for what is beyond a budget.
    """
    actions: list[RemedyAction] = []
    left: dict[RemedyKind, int] = {}
    with engine.begin() as connection:
        measure_outcomes(connection, settings.monitoring.remediation, now or store.read_clock(connection))
    for kind in _list_enabled(settings):
        with engine.begin() as connection:
            if not store.try_lock(connection):
                return actions
            done, left[kind] = _take_turn(connection, settings, kind, now or store.read_clock(connection))
        actions += done
        if kind is RemedyKind.PROBE:
            for each in done:
                if each.state is ActionState.DONE:
                    services.call_service(engine, settings, each.subject.name)
    with engine.begin() as connection:
        if store.try_lock(connection):
            looks = [_make_look(settings, left)]
            record_looks(connection, looks, settings.monitoring.incidents, now=now or store.read_clock(connection))
    for action in actions:
        _log.info("%s", action, extra={"kind": action.kind, "subject": str(action.subject)})
    return actions


def _list_enabled(settings: Settings) -> list[RemedyKind]:
    if not settings.monitoring.remediation.enabled:
        return []
    return [kind for kind in REMEDIES if find_rules(settings, kind).enabled]


def _take_turn(
    connection: Connection, settings: Settings, kind: RemedyKind, now: datetime
) -> tuple[list[RemedyAction], int]:
    """Do what the kind does now, and return it with how many things are beyond its budget."""
    budget = find_rules(settings, kind).per_hour - store.count_tried(connection, kind, now - HOUR)
    turn = Turn(
        connection=connection,
        settings=settings,
        now=now,
        kind=kind,
        budget=max(0, budget),  # less than nothing where the settings were lowered
        incidents=store.read_incidents(connection, kind),
    )
    work = REMEDIES[kind](turn)
    deeds = [*work.deeds]
    if work.left:
        deeds += _refuse(connection, settings, kind, work.left, now)
    return store.insert(connection, deeds, now), work.left


def _refuse(connection: Connection, settings: Settings, kind: RemedyKind, left: int, now: datetime) -> list[Deed]:
    """Return that the budget is spent, once an hour."""
    known = store.find_over_budget(connection, kind, now - HOUR)
    if known is not None:
        store.raise_count(connection, known, left)
        return []
    subject = Subject(kind=SubjectKind.OTHER, name=kind)
    return [
        Deed(kind=kind, subject=subject, state=ActionState.REFUSED, reason=_describe(settings, kind, left), count=left)
    ]


def _make_look(settings: Settings, left: Mapping[RemedyKind, int]) -> Look:
    if not left:
        return Look(detector=DETECTOR, state=LookState.OFF, looked_at=0, summary="the settings turn it off")
    findings = tuple(
        Finding(
            detector=DETECTOR,
            subject=Subject(kind=SubjectKind.OTHER, name=kind),
            severity=AlertSeverity.WARNING,
            summary=_describe(settings, kind, count),
            advice=ADVICE[kind],
            figures={"left": count, "per_hour": find_rules(settings, kind).per_hour},
        )
        for kind, count in left.items()
        if count
    )
    told = f"{len(left)} kinds of actions are within their budgets"
    return Look(detector=DETECTOR, state=LookState.JUDGED, looked_at=len(left), summary=told, findings=findings)


def _describe(settings: Settings, kind: RemedyKind, left: int) -> str:
    noun = _NOUNS[kind] if left == 1 else f"{_NOUNS[kind]}s"
    return (
        f"asks a person: {left:,} {noun} to {kind} beyond the budget of {find_rules(settings, kind).per_hour} an hour"
    )


_NOUNS: Mapping[RemedyKind, str] = {
    RemedyKind.RESCUE: "lost job",
    RemedyKind.RETRY: "failed graphic",
    RemedyKind.INSTRUCT: "premium hand",
    RemedyKind.REORDER: "misplaced graphic",
    RemedyKind.PRIORITIZE: "waiting graphic",
    RemedyKind.PROBE: "service",
}
