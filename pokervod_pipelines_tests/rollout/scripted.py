"""Run a rollout by script: with results that the test gives, and a clock that the test moves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.rollout.alignment import WeekShape
from pokervod_pipelines.rollout.record import FixRecord, ResultRecord, RolloutRecord
from pokervod_pipelines.rollout.runner import RetryPolicy, Rollout, read_rollout, run_rollout

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

    def report_progress(self, connection: Connection, record: RolloutRecord) -> None:
        self._report(connection, f"progress {record.current_week}")

    def report_escalation(self, connection: Connection, record: RolloutRecord, week: int) -> None:
        self._report(connection, f"escalation {week}")

    def acknowledge_escalation(self, connection: Connection, week: int, actor: Actor) -> None:
        self._report(connection, f"acknowledged by {actor.who}")

    def resolve_escalations(self, connection: Connection, record: RolloutRecord, actor: Actor) -> None:
        self._report(connection, f"resolved by {actor.who}")

    def _report(self, connection: Connection, what: str) -> None:
        """Report in the transaction, as alerts are, so that a rollback undoes it."""
        self.act()
        connection.execute(_REPORT, {"what": what})


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


def shape_weeks(count: int) -> tuple[WeekShape, ...]:
    """Return the shapes of weeks with the criteria of the script."""
    digests = {"tables": "1", "health": "2"}
    return tuple(WeekShape(title=f"Part {number}", digests=digests) for number in range(1, count + 1))


@dataclass
class ScriptedRollout:
    """Hold a rollout of nine weeks and its handler."""

    engine: Engine
    handler: ScriptedHandler
    plan: str = "demo"
    weeks: int = 9
    retries: RetryPolicy = field(default_factory=RetryPolicy)

    @property
    def rollout(self) -> Rollout:
        return Rollout(
            engine=self.engine,
            plan=self.plan,
            weeks=shape_weeks(self.weeks),
            handler=self.handler,
            retries=lambda week: self.retries,
            clock=lambda: self.handler.now,
        )

    def run(self, until: int | None = None) -> RolloutRecord:
        """Run until done, waiting or escalated."""
        run_rollout(self.rollout, until=until)
        return self.record()

    def record(self) -> RolloutRecord:
        return read_rollout(self.rollout)

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
