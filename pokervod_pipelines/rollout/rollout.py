"""Join the plan of a rollout with the settings: criteria evaluate weeks, fixers fix them, alerts and a page report."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity, trim_body
from pokervod_pipelines.alerts.posting import post_alert
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.monitoring.incidents.announcing import announce
from pokervod_pipelines.monitoring.incidents.listing import find_open
from pokervod_pipelines.monitoring.incidents.reported import close_reported, report_finding
from pokervod_pipelines.monitoring.incidents.shape import Finding, Subject, SubjectKind, make_key
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import check_criterion
from pokervod_pipelines.rollout.fixers.registry import FIXERS, choose_fixers
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import FixRecord, ResultRecord, RolloutRecord, RolloutState
from pokervod_pipelines.rollout.report.text import ReportPart, write_page_file, write_text
from pokervod_pipelines.rollout.store import RolloutStore
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.wording import trim_text

DETECTOR = "rollout"
"""Who opens the incidents of escalations."""


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """Hold a plan as it is now; evaluate, fix and report its weeks. What takes a store belongs to its transaction."""

    engine: Engine
    settings: Settings
    plan: RolloutPlan
    clock: Callable[[], datetime] = field(default=partial(datetime.now, UTC))

    @contextmanager
    def begin(self) -> Iterator[RolloutStore]:
        """Open the transaction of a step; the page is written anew after it."""
        with self.engine.begin() as connection:
            yield self.open_store(connection)
        with suppress(Unavailable):  # whoever runs the rollout reports it at the end
            write_page_file(self.settings, self.plan, self.read())

    def open_store(self, connection: Connection) -> RolloutStore:
        """Return the store for a transaction that is open."""
        return RolloutStore(connection=connection, plan=self.plan, now=self.clock())

    def read(self) -> RolloutRecord:
        """Return the record of the rollout. Raises ``Conflict`` if it has not started."""
        with self.engine.connect() as connection:
            return self.open_store(connection).read()

    def find_correlation_id(self) -> str:
        """Return the id that ties everything of the rollout together; empty before its start."""
        with self.engine.connect() as connection:
            return self.open_store(connection).correlation_id

    def require_started(self) -> None:
        """Raise ``Conflict`` if it has not started."""
        self.read()

    def evaluate(self, week: int, only: str | None = None) -> tuple[ResultRecord, ...]:
        """Return the result of every criterion of the week, or of ``only`` one, regardless of overrides."""
        context = self._make_context()
        criteria = [each for each in self.plan.week(week).criteria if only in {None, each.name}]
        return tuple(replace(check_criterion(each, context), digest=each.digest) for each in criteria)

    def fix(
        self, week: int, failed: Sequence[ResultRecord], finished: Collection[str] = (), *, dry_run: bool = False
    ) -> Iterator[FixRecord]:
        """Run the fixers for these failures in the order of the plan, each once, except the ``finished`` ones.

        With ``dry_run`` report only what each would do, or why it cannot.
        """
        for name, (entry, error_class) in choose_fixers(self.plan, week, failed).items():
            if name not in finished:
                fixer = FIXERS[entry.kind].model_validate(dict(entry.parameters))
                report = fixer.fix(self._make_context(), dry_run=dry_run)
                yield FixRecord(
                    fixer=name, error_class=error_class, done=report.done, reported=report.summary, at=self.clock()
                )

    def report_progress(self, store: RolloutStore) -> None:
        """Post that a week passed, or the final report, and close the incidents of escalations."""
        record = store.read()
        passed = max((each for each in record.attempts if each.passed), key=lambda each: each.id)
        is_completed = record.state is RolloutState.COMPLETED
        alert = Alert(
            key=f"rollout {self.plan.name} week {passed.week} attempt {passed.id}" + " completed" * is_completed,
            severity=AlertSeverity.INFO,
            title=f"{self.plan.title}: week {passed.week} passed" + ", rollout completed" * is_completed,
            body=self._write("report" if is_completed else "progress", record),
            link=self.settings.rollout.link,
            correlation_id=store.correlation_id,
        )
        post_alert(store.connection, alert, self.settings.alerts.channels, now=store.now)
        self.resolve_escalations(store, record, Actor(who="the rollout", reason="the week passed"))

    def report_escalation(self, store: RolloutStore, week: int) -> None:
        """Open the incident that the week blocks, with what was tried and what to do, and tell people."""
        record = store.read()
        cycle = record.weeks[week - 1].cycle
        count = sum(each.cycle == cycle for each in record.attempts_of(week))
        title = f"Rollout escalated: week {week} {self.plan.week(week).title} failed {count} times"
        finding = Finding(
            detector=DETECTOR,
            subject=self._name_escalation(week),
            severity=AlertSeverity.CRITICAL,
            summary=trim_text(title, 140),
            advice="correct what failed, then continue: `pokervod rollout resume --reason …`",
            figures={"report": trim_body(self._write("escalation", record, week)), "attempts": count},
            correlation_id=store.correlation_id,
            link=self.settings.rollout.link,
        )
        report_finding(store.connection, finding, self.settings.monitoring.incidents, now=store.now)
        announce(store.connection, self.settings, now=store.now)

    def acknowledge_escalation(self, store: RolloutStore, week: int, actor: Actor) -> None:
        """Acknowledge the incident of the escalation."""
        number = find_open(store.connection, make_key(DETECTOR, self._name_escalation(week)))
        if number is not None:
            lifecycle.acknowledge(store.connection, number, actor=actor, now=store.now)

    def resolve_escalations(self, store: RolloutStore, record: RolloutRecord, actor: Actor) -> None:
        """Close the incidents of all escalations in the record."""
        weeks = sorted({each.week for each in record.escalations})
        keys = [make_key(DETECTOR, self._name_escalation(week)) for week in weeks]
        if keys:
            close_reported(store.connection, keys, actor=actor, now=store.now)
            announce(store.connection, self.settings, now=store.now)

    def _write(self, part: ReportPart, record: RolloutRecord, week: int | None = None) -> str:
        return write_text(part, self.plan, record, self.clock(), self.settings.rollout.link, week)

    def _name_escalation(self, week: int) -> Subject:
        return Subject(kind=SubjectKind.ROLLOUT, name=f"{self.plan.name} week {week}")

    def _make_context(self) -> RolloutContext:
        tokens = {name: token.get_secret_value() for name, token in self.settings.hook_tokens.items()}
        return RolloutContext(
            engine=self.engine,
            settings=self.settings,
            folder=self.plan.folder,
            services=self.plan.services,
            environment=dict(os.environ) | tokens,
        )
