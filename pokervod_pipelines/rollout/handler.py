"""Handle a rollout by its plan and the settings: criteria evaluate weeks, fixers fix them, alerts notify people."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.lifecycle import acknowledge_alert, raise_alert, resolve_alert
from pokervod_pipelines.rollout import store
from pokervod_pipelines.rollout.alignment import WeekShape
from pokervod_pipelines.rollout.criteria.base import check_criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.fixers.base import FixContext, FixReport
from pokervod_pipelines.rollout.fixers.registry import FIXERS, choose_fixers
from pokervod_pipelines.rollout.plan import FixerEntry, RolloutPlan
from pokervod_pipelines.rollout.record import FixRecord, ResultRecord, RolloutRecord, RolloutState
from pokervod_pipelines.rollout.report.text import ReportPart, write_text
from pokervod_pipelines.rollout.report.wording import trim_text
from pokervod_pipelines.rollout.runner import Clock, RetryPolicy, Rollout, read_clock
from pokervod_pipelines.settings import Settings


def open_rollout(engine: Engine, settings: Settings, plan: RolloutPlan, *, clock: Clock = read_clock) -> Rollout:
    """Return the rollout of the plan with its handler; the settings replace the plan's attempts and waits."""

    def find_retries(number: int) -> RetryPolicy:
        week, own = plan.week(number), settings.rollout
        wait = week.wait_seconds if own.wait_seconds is None else own.wait_seconds
        return RetryPolicy(attempts=own.attempts or week.attempts, wait=timedelta(seconds=wait))

    handler = PlanHandler(engine=engine, settings=settings, plan=plan, clock=clock)
    return Rollout(
        engine=engine,
        plan=plan.name,
        weeks=tuple(
            WeekShape(title=week.title, digests={each.name: each.digest for each in week.criteria})
            for week in plan.weeks
        ),
        handler=handler,
        retries=find_retries,
        clock=clock,
        starts=plan.weeks[0].starts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHandler:
    """Implement ``runner.RolloutHandler`` for a plan."""

    engine: Engine
    settings: Settings
    plan: RolloutPlan
    clock: Clock

    def evaluate(self, week: int) -> tuple[ResultRecord, ...]:
        """Return the result of every criterion of the week."""
        plan = self.plan
        context = CheckContext(engine=self.engine, settings=self.settings, folder=plan.folder, services=plan.services)
        return tuple(check_criterion(each, context) for each in plan.week(week).criteria)

    def fix(self, week: int, failed: Sequence[ResultRecord], finished: Collection[str]) -> Iterator[FixRecord]:
        """Run the fixers for these failures in the order of the plan, each once."""
        for name, (entry, error_class) in choose_fixers(self.plan, week, failed).items():
            if name not in finished:
                report = self._run_fixer(entry, dry_run=False)
                yield FixRecord(
                    fixer=name, error_class=error_class, done=report.done, reported=report.summary, at=self.clock()
                )

    def preview_fixes(self, week: int, failed: Sequence[ResultRecord]) -> dict[str, str]:
        """Return what each fixer would do, or why it cannot; change nothing."""
        chosen = choose_fixers(self.plan, week, failed)
        return {name: self._run_fixer(entry, dry_run=True).summary for name, (entry, _) in chosen.items()}

    def report_progress(self, connection: Connection, record: RolloutRecord) -> None:
        """Raise an alert with the progress, or the final report, and resolve those of escalations."""
        passed = max((each for each in record.attempts if each.passed), key=lambda each: each.id)
        is_completed = record.state is RolloutState.COMPLETED
        self._raise(
            connection,
            key=f"rollout {self.plan.name} week {passed.week} attempt {passed.id}" + " completed" * is_completed,
            severity=AlertSeverity.INFO,
            title=f"{self.plan.title}: week {passed.week} passed" + ", rollout completed" * is_completed,
            body=self._write("report" if is_completed else "progress", record),
        )
        self.resolve_escalations(connection, record, Actor(who="the rollout", reason="the week passed"))

    def report_escalation(self, connection: Connection, record: RolloutRecord, week: int) -> None:
        """Raise an alert that the week blocks, with what was tried and what to do."""
        cycle = record.weeks[week - 1].cycle
        count = sum(each.cycle == cycle for each in record.attempts_of(week))
        title = f"Rollout escalated: week {week} {self.plan.week(week).title} failed {count} times"
        self._raise(
            connection,
            key=self._name_escalation(week),
            severity=AlertSeverity.CRITICAL,
            title=trim_text(title, 140),
            body=self._write("escalation", record, week),
        )

    def acknowledge_escalation(self, connection: Connection, week: int, actor: Actor) -> None:
        """Acknowledge the alert of the escalation."""
        acknowledge_alert(connection, self._name_escalation(week), actor=actor, now=self.clock())

    def resolve_escalations(self, connection: Connection, record: RolloutRecord, actor: Actor) -> None:
        """Resolve the alerts of all escalations."""
        for week in sorted({each.week for each in record.escalations}):
            resolve_alert(connection, self._name_escalation(week), actor=actor, now=self.clock())

    def _write(self, part: ReportPart, record: RolloutRecord, week: int | None = None) -> str:
        return write_text(part, self.plan, record, self.clock(), self.settings.rollout.link, week)

    def _name_escalation(self, week: int) -> str:
        return f"rollout {self.plan.name} week {week} escalated"

    def _raise(self, connection: Connection, *, key: str, severity: AlertSeverity, title: str, body: str) -> None:
        alert = Alert(
            key=key,
            severity=severity,
            title=title,
            body=body,
            link=self.settings.rollout.link,
            correlation_id=store.read_correlation_id(connection, self.plan.name),
        )
        raise_alert(connection, alert, self.settings.alerts.channels, now=self.clock())

    def _run_fixer(self, entry: FixerEntry, *, dry_run: bool) -> FixReport:
        tokens = {name: token.get_secret_value() for name, token in self.settings.hook_tokens.items()}
        context = FixContext(
            engine=self.engine,
            folder=self.plan.folder,
            rights=self.settings.rollout.fixers,
            services=self.plan.services,
            environment=dict(os.environ) | tokens,
        )
        return FIXERS[entry.kind].model_validate(dict(entry.parameters)).fix(context, dry_run=dry_run)
