"""The plans of this house, and those who work for them: criteria that judge, fixers that mend, alerts that tell."""

import math
import os
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from pokervod_pipelines.alerts.alert import Alert, Severity
from pokervod_pipelines.alerts.raising import raise_alert, resolve_alert
from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.rollout import store
from pokervod_pipelines.rollout.criteria.base import Criterion, examine
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass
from pokervod_pipelines.rollout.criteria.world import World
from pokervod_pipelines.rollout.fixers.base import FailedCriterion
from pokervod_pipelines.rollout.fixers.choice import choose_fixers
from pokervod_pipelines.rollout.fixers.registry import FIXERS
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.rollout.plan import BadPlan, load_plan
from pokervod_pipelines.rollout.plan_records import FixerEntry, Plan
from pokervod_pipelines.rollout.programme import Clock, Pace, Programme, read_clock
from pokervod_pipelines.rollout.record import FixRecord, ProgrammeRecord, ProgrammeState, ResultRecord
from pokervod_pipelines.rollout.report.escalation import describe_escalation
from pokervod_pipelines.rollout.report.markdown import write_final, write_progress
from pokervod_pipelines.rollout.report.planned import PlannedCriterion, PlannedProgramme, PlannedWeek
from pokervod_pipelines.rollout.services import Service
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.folding import make_storable


@dataclass(frozen=True, slots=True)
class HousePlans:
    """The plans of the house by name, in the order of the settings, and what is wrong with the others of them."""

    sound: Mapping[str, Plan]
    faults: tuple[BadPlan, ...]


def load_plans(settings: Settings) -> HousePlans:
    """Return all plans, each sound or with its faults. Raises ``BadSettings`` for a service that none could use."""
    services = _read_services(settings)
    sound: dict[str, Plan] = {}
    faults: list[BadPlan] = []
    names: set[str | None] = set()
    for at, path in enumerate(settings.rollout.plans or (None,)):
        try:
            plan = _load(settings, path, services, names)
            sound[plan.name] = replace(plan, is_first=at == 0)
            names.add(plan.name)
        except BadPlan as fault:
            faults.append(fault)
            names.add(fault.name)
    return HousePlans(sound, tuple(faults))


def find_plan(settings: Settings, name: str | None = None) -> Plan:
    """Return the plan of that name, or the first. Raises ``BadInput`` with its faults, or with those there are."""
    plans = load_plans(settings)
    for plan in plans.sound.values():
        if plan.name == name or (name is None and plan.is_first):
            return plan
    mine = plans.faults[:1] if name is None else [fault for fault in plans.faults if fault.name in {name, None}]
    if mine:
        raise BadPlan("\n".join(map(str, mine)), name)
    raise BadInput(f"there is no plan {name!r}; there are {', '.join(plans.sound)}")


def _load(
    settings: Settings, path: Path | None, services: Mapping[str, Service], taken: Collection[str | None]
) -> Plan:
    rollout = settings.rollout
    plan = load_plan(
        path,
        folder=(rollout.folder or Path.cwd()) if path is None else None,
        services=services,
        allow_commands=rollout.allow_commands,
        programs=rollout.programs,
        fixer_kinds=FIXERS,
        rights=rollout.fixers,
    )
    if plan.name in taken:
        raise BadPlan(f"{plan.source}: another plan has the name {plan.name!r}; rename one", plan.name)
    if plan.order != tuple(range(1, len(plan.weeks) + 1)):
        said = f"{plan.source}: number the weeks in the order in which they can be done: {plan.order}"
        raise BadPlan(said, plan.name)
    return plan


def _read_services(settings: Settings) -> dict[str, Service]:
    services = {}
    for name, each in settings.rollout.services.items():
        try:
            services[name] = Service.model_validate(each.model_dump(exclude_none=True))
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            said = fault["msg"].removeprefix("Value error, ")
            raise BadSettings(f"rollout.services.{name}.{fault['loc'][0]}: {said}") from None
    return services


def open_programme(engine: Engine, settings: Settings, plan: Plan, *, clock: Clock = read_clock) -> Programme:
    """Return the programme of the plan with those who work for it here."""

    def find_pace(number: int) -> Pace:
        week, own = plan.week(number), settings.rollout
        wait = week.wait_seconds if own.wait_seconds is None else own.wait_seconds
        return Pace(attempts=own.attempts or week.attempts, wait=timedelta(seconds=wait))

    crew = HouseCrew(engine=engine, settings=settings, plan=plan, clock=clock)
    return Programme(engine=engine, plan=plan.name, weeks=len(plan.weeks), crew=crew, pace=find_pace, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseCrew:
    """Those who work for a plan; keeps to ``programme.Crew``."""

    engine: Engine
    settings: Settings
    plan: Plan
    clock: Clock

    def evaluate(self, week: int) -> tuple[ResultRecord, ...]:
        """Return what every criterion of the week comes to."""
        world = self._open_world()
        return tuple(_examine(criterion, world) for criterion in self.plan.week(week).criteria)

    def fix(self, week: int, failed: Sequence[ResultRecord], already: Collection[str]) -> Iterator[FixRecord]:
        """Let the fixers of these failures work, in the order of the plan, each once."""
        for name, entry, meant in self.choose_fixers(week, failed):
            if name not in already:
                report = (
                    FIXERS[entry.kind]
                    .model_validate(dict(entry.parameters))
                    .fix(self._open_fixer_world(), meant, dry_run=False)
                )
                yield FixRecord(
                    fixer=name, error_class=meant[0].error_class, done=report.done, said=report.said, at=self.clock()
                )

    def preview_fixes(self, week: int, failed: Sequence[ResultRecord]) -> dict[str, str]:
        """Return what each fixer would do, or why it cannot; nothing is done."""
        return {
            name: FIXERS[entry.kind]
            .model_validate(dict(entry.parameters))
            .fix(self._open_fixer_world(), meant, dry_run=True)
            .said
            for name, entry, meant in self.choose_fixers(week, failed)
        }

    def choose_fixers(
        self, week: int, failed: Sequence[ResultRecord]
    ) -> list[tuple[str, FixerEntry, tuple[FailedCriterion, ...]]]:
        """Return the fixers for these failures, each with a name of its own among them."""
        criteria = [
            FailedCriterion(
                week=week,
                name=each.criterion,
                error_class=ErrorClass(each.error_class or ErrorClass.UNKNOWN),
                summary=each.summary,
            )
            for each in failed
        ]
        seen: Counter[str] = Counter()
        chosen = []
        for entry, meant in choose_fixers(self.plan.fixers, week, criteria):
            seen[entry.kind] += 1
            name = entry.kind if seen[entry.kind] == 1 else f"{entry.kind} {seen[entry.kind]}"
            chosen.append((name, entry, meant))
        return chosen

    def tell_progress(self, connection: Connection, record: ProgrammeRecord) -> None:
        """People hear that a week passed, and how far the programme is; nothing of it blocks any more."""
        passed = max((week for week in record.attempts if week.passed), key=lambda each: each.id)
        planned, now, link = describe_plan(self.plan), self.clock(), self.settings.rollout.link
        is_over = record.state is ProgrammeState.COMPLETED
        title = f"{self.plan.title}: week {passed.week} passed" + (", the programme is completed" if is_over else "")
        write = write_final if is_over else write_progress
        self._raise(
            connection,
            Alert(
                key=f"rollout {self.plan.name} week {passed.week} attempt {passed.id}" + " completed" * is_over,
                severity=Severity.INFO,
                title=title,
                body=write(planned, record, now, link),
                link=link,
                correlation_id=store.read_correlation_id(connection, self.plan.name),
            ),
        )
        self.tell_resumption(connection, record, by="the programme", reason="the week passed")

    def tell_escalation(self, connection: Connection, record: ProgrammeRecord, week: int) -> None:
        """People hear that the week blocks, what was tried, and what to do."""
        link = self.settings.rollout.link
        said = describe_escalation(describe_plan(self.plan), record, week, self.clock(), link)
        self._raise(
            connection,
            Alert(
                key=name_escalation(self.plan.name, week),
                severity=Severity.CRITICAL,
                title=said.title,
                body=said.body_markdown,
                link=link,
                correlation_id=store.read_correlation_id(connection, self.plan.name),
            ),
        )

    def tell_resumption(self, connection: Connection, record: ProgrammeRecord, *, by: str, reason: str) -> None:
        """No alert of an escalation is open any more."""
        for week in sorted({each.week for each in record.escalations}):
            resolve_alert(connection, name_escalation(self.plan.name, week), by=by, reason=reason, now=self.clock())

    def _raise(self, connection: Connection, alert: Alert) -> None:
        raise_alert(connection, alert, self.settings.alerts.channels, now=self.clock())

    def _open_world(self) -> World:
        rollout = self.settings.rollout
        return World(
            engine=self.engine,
            settings=self.settings,
            folder=self.plan.folder,
            services=self.plan.services,
            seconds=rollout.seconds_per_criterion,
            allow_commands=rollout.allow_commands,
            programs=frozenset(rollout.programs),
        )

    def _open_fixer_world(self) -> FixerWorld:
        return FixerWorld(
            engine=self.engine,
            folder=self.plan.folder,
            rights=self.settings.rollout.fixers,
            services=self.plan.services,
            environment=dict(os.environ)
            | {name: token.get_secret_value() for name, token in self.settings.hook_tokens.items()},
        )


def name_escalation(plan: str, week: int) -> str:
    """Return the key of the alert that the week blocks; it is resolved when the week passes or is resumed."""
    return f"rollout {plan} week {week} escalated"


def describe_plan(plan: Plan) -> PlannedProgramme:
    """Return the plan as reports read it."""
    return PlannedProgramme(
        name=plan.name,
        title=plan.title,
        weeks=tuple(
            PlannedWeek(
                number=week.number,
                title=week.title,
                summary=week.summary,
                milestone=week.milestone,
                starts=week.starts,
                ends=week.ends,
                criteria=tuple(
                    PlannedCriterion(name=each.name, description=each.description) for each in week.criteria
                ),
            )
            for week in plan.weeks
        ),
    )


def _examine(criterion: Criterion, world: World) -> ResultRecord:
    started = time.monotonic()
    found = examine(criterion, world)
    return ResultRecord(
        criterion=criterion.name,
        passed=found.passed,
        is_overridden=False,
        summary=found.summary,
        details=found.details,
        figures=_plain(found.figures),
        error_class=found.error_class,
        seconds=round(time.monotonic() - started, 3),
    )


def _plain(figures: Mapping[str, float | int | str]) -> dict[str, float | int | str]:
    return {name: _make_plain(figure) for name, figure in figures.items()}


def _make_plain(figure: float | str) -> float | str:
    if isinstance(figure, str):
        return make_storable(figure)
    is_number = not isinstance(figure, float) or math.isfinite(figure)
    return figure if is_number else str(figure)  # JSON knows neither nan nor inf
