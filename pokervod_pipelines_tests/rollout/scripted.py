"""Run a rollout by script: with results that the test gives, and a clock that the test moves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.rollout.criteria.kinds.services import ServiceOwner
from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.record import FixRecord, ResultRecord, RolloutRecord
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import run_rollout
from pokervod_pipelines.rollout.store import RolloutStore
from pokervod_pipelines.settings import Settings

START = datetime(2031, 5, 5, 8, 0, tzinfo=UTC)


class Killed(BaseException):
    """Raised where the process is killed."""


@dataclass
class ScriptedHandler:
    """Evaluate by script: ``failures`` is how often a week fails before it passes; ``dies_at`` kills the process."""

    engine: Engine
    failures: dict[int, int] = field(default_factory=dict)
    fixers: tuple[str, ...] = ("apply_migrations",)
    evaluated: list[int] = field(default_factory=list)
    fixed: list[tuple[int, str]] = field(default_factory=list)
    dies_at: int | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    acts: int = 0
    now: datetime = START

    def act(self) -> None:
        """Count a step; the process may be killed before it."""
        self.acts += 1
        if self.acts == self.dies_at:
            raise Killed

    def evaluate(self, week: int) -> tuple[ResultRecord, ...]:
        self.act()
        self.evaluated.append(week)
        self.now += timedelta(minutes=1)
        is_failing = self.count_failed(week) < self.failures.get(week, 0)
        self.act()
        return (make_result("tables", passed=not is_failing), make_result("health", passed=True, figures=self.figures))

    def count_failed(self, week: int) -> int:
        """Return how many attempts at the week failed."""
        with self.engine.connect() as connection:
            count = connection.scalar(
                text("select count(*) from rollout_attempts where week = :week and not passed"), {"week": week}
            )
        return int(count or 0)

    def fix(self, week: int, failed: Sequence[ResultRecord], finished: Collection[str]) -> Iterator[FixRecord]:
        for fixer in self.fixers:
            if fixer not in finished:
                self.act()
                self.fixed.append((week, fixer))
                yield FixRecord(
                    fixer=fixer, error_class="schema", done=True, reported="two migrations applied", at=self.now
                )

    def report(self, connection: Connection, what: str) -> None:
        """Report in the transaction, as alerts are, so that a rollback undoes it."""
        self.act()
        connection.execute(_REPORT, {"what": what})


@dataclass(frozen=True, kw_only=True)
class _ScriptedPlan(Rollout):
    """Replace criteria, fixers and alerts by the script; write no page."""

    script: ScriptedHandler

    @contextmanager
    def begin(self) -> Iterator[RolloutStore]:
        with self.engine.begin() as connection:
            yield self.open_store(connection)

    def evaluate(self, week: int, only: str | None = None) -> tuple[ResultRecord, ...]:
        found = self.script.evaluate(week)
        digests = {each.name: each.digest for each in self.plan.week(week).criteria}
        return tuple(replace(each, digest=digests[each.criterion]) for each in found if only in {None, each.criterion})

    def fix(
        self, week: int, failed: Sequence[ResultRecord], finished: Collection[str] = (), *, dry_run: bool = False
    ) -> Iterator[FixRecord]:
        return self.script.fix(week, failed, finished)

    def report_progress(self, store: RolloutStore) -> None:
        self.script.report(store.connection, f"progress {store.read().current_week}")

    def report_escalation(self, store: RolloutStore, week: int) -> None:
        self.script.report(store.connection, f"escalation {week}")

    def acknowledge_escalation(self, store: RolloutStore, week: int, actor: Actor) -> None:
        self.script.report(store.connection, f"acknowledged by {actor.who}")

    def resolve_escalations(self, store: RolloutStore, record: RolloutRecord, actor: Actor) -> None:
        self.script.report(store.connection, f"resolved by {actor.who}")


_REPORT = text("insert into events (type, source, correlation_id, payload) values (:what, 'reported', '', '{}')")


def make_result(criterion: str, *, passed: bool, figures: Mapping[str, Any] | None = None) -> ResultRecord:
    """Return the result of a criterion."""
    return ResultRecord(
        criterion=criterion,
        passed=passed,
        is_overridden=False,
        summary="fine" if passed else "3 columns are missing",
        details=() if passed else ("video_files.title",),
        figures=figures or {"columns": 3},
        error_class=None if passed else "schema",
        seconds=0.1,
    )


def plan_weeks(count: int) -> tuple[PlannedWeek, ...]:
    """Return weeks with the criteria of the script."""
    starts = [date(2031, 5, 5) + timedelta(days=7 * at) for at in range(count)]
    criteria = tuple(ServiceOwner(name=name, service="search") for name in ("tables", "health"))
    return tuple(
        PlannedWeek(
            number=number,
            title=f"Part {number}",
            summary="It is proven.",
            starts=start,
            ends=start,
            attempts=3,
            wait_seconds=300.0,
            criteria=criteria,
        )
        for number, start in enumerate(starts, 1)
    )


@dataclass
class ScriptedRollout:
    """Hold a rollout of nine weeks and its script."""

    engine: Engine
    handler: ScriptedHandler
    plan: str = "demo"
    weeks: int = 9

    @property
    def rollout(self) -> Rollout:
        plan = RolloutPlan(
            name=self.plan,
            title="Demo",
            starts=START.date(),
            weeks=plan_weeks(self.weeks),
            source=Path("plan.yaml"),
            folder=Path(),
        )
        return _ScriptedPlan(
            engine=self.engine,
            settings=Settings(home=Path()),
            plan=plan,
            script=self.handler,
            clock=lambda: self.handler.now,
        )

    def run(self, until: int | None = None) -> RolloutRecord:
        """Run until done, waiting or escalated."""
        run_rollout(self.rollout, until=until)
        return self.record()

    def record(self) -> RolloutRecord:
        return self.rollout.read()

    def pass_time(self, minutes: float = 60) -> None:
        """Move the clock."""
        self.handler.now += timedelta(minutes=minutes)

    def reported(self) -> list[str]:
        """Return the reports to people, in order."""
        return self._read_events("reported")

    def events(self) -> list[str]:
        """Return the events, in order."""
        return [each.removeprefix("rollout.") for each in self._read_events("rollout")]

    def _read_events(self, source: str) -> list[str]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                text("select type from events where source = :source order by id"), {"source": source}
            )
            return [row[0] for row in rows]
