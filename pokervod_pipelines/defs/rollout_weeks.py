"""A week of a programme as Dagster hears of it: each criterion as a check, and the report as metadata."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.stages import run_or_fail
from pokervod_pipelines.errors import Conflict, PokervodError
from pokervod_pipelines.rollout.house import describe_plan, open_programme
from pokervod_pipelines.rollout.plan_records import Plan
from pokervod_pipelines.rollout.programme import aim, may_begin, read, run
from pokervod_pipelines.rollout.publish import write_page_file
from pokervod_pipelines.rollout.record import AttemptRecord, ProgrammeRecord, ResultRecord, WeekState
from pokervod_pipelines.rollout.report.markdown import write_progress
from pokervod_pipelines.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekNews:
    """A week after the programme went on."""

    plan: Plan
    number: int
    record: ProgrammeRecord

    @property
    def attempt(self) -> AttemptRecord | None:
        """The last attempt that was judged."""
        return next((each for each in reversed(self.record.attempts_of(self.number)) if each.results), None)

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What Dagster's checks take, for each criterion of the plan as it is now; none before the first judgement."""
        if self.attempt is None:
            return []
        found = {result.criterion: result for result in self.attempt.results}
        criteria = self.plan.weeks[self.number - 1].criteria
        return [_describe_check(each.name, found.get(each.name)) for each in criteria]

    def describe_pass(self) -> dict[str, dg.MetadataValue | str | int]:
        """Return the metadata of a week that has passed. Raises Dagster's ``Failure`` where it has not."""
        week = self.record.weeks[self.number - 1]
        if week.state is not WeekState.PASSED:
            again = week.next_try_at
            said = f"it is tried again at {again:%H:%M:%S} UTC" if again else self.record.reason
            raise dg.Failure(f"week {self.number} has not passed: {said}", allow_retries=False)
        overridden = [each.criterion for each in self.record.overrides if each.week == self.number]
        return {
            "report": dg.MetadataValue.md(write_progress(describe_plan(self.plan), self.record, datetime.now(UTC))),
            "attempts": len(self.record.attempts_of(self.number)),
            "round": self.attempt.round if self.attempt else 0,
            "overridden": ", ".join(overridden) or "none",
        }


def aim_at(engine: Engine, settings: Settings, plan: Plan, until: int | None) -> None:
    """The programme is begun, and whoever goes on by itself goes on to this week, or to the end.

    Raises Dagster's ``Failure`` where another runner is at it.
    """
    run_or_fail(lambda: aim(open_programme(engine, settings, plan), until))


def take_to(engine: Engine, settings: Settings, plan: Plan, number: int) -> WeekNews:
    """The programme has gone on as far as it goes, up to this week, and people are told.

    Raises Dagster's ``Failure`` where the week may not begin, or another runner is at it.
    """
    record = run_or_fail(lambda: _run_until(engine, settings, plan, number))
    try:
        write_page_file(settings, plan.name, record)
    except PokervodError as error:  # a week has passed whether or not its page can be written
        _log.warning("%s", error)
    return WeekNews(plan=plan, number=number, record=record)


def _run_until(engine: Engine, settings: Settings, plan: Plan, number: int) -> ProgrammeRecord:
    programme = open_programme(engine, settings, plan)
    run(programme, until=number, only_widens=True)
    record = read(programme)
    if why_not := may_begin(record, number):
        raise Conflict(why_not)
    return record


def _describe_check(criterion: str, result: ResultRecord | None) -> dict[str, Any]:
    if result is None:
        return {
            "check_name": criterion,
            "passed": False,
            "severity": dg.AssetCheckSeverity.WARN,
            "description": "not judged: the week passed before this criterion was in the plan",
        }
    metadata = {**result.figures, "seconds": result.seconds, "overridden": result.is_overridden}
    if result.details:
        metadata["evidence"] = dg.MetadataValue.md("\n".join(f"- `{line}`" for line in result.details))
    return {
        "check_name": criterion,
        "passed": result.passed or result.is_overridden,
        "description": f"overridden: {result.summary}" if result.is_overridden else result.summary,
        "metadata": metadata,
    }
