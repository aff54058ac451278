"""Define rollouts in Dagster: an asset a week, a check a criterion, and a job that runs week after week.

A week's asset runs the rollout up to that week; a week that had passed before is evaluated anew, and nothing of it is
stored. The first plan's weeks are ``rollout/week_1`` onward, those of another plan ``rollout/<plan>/week_1`` onward.
The job is one op: a run of the assets would plan all of them, and Dagster would show the weeks after a failed one as
failed, too.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import dagster as dg
from pydantic import Field
from sqlalchemy import Engine

from pokervod_pipelines.db.locks import is_locked
from pokervod_pipelines.defs.logs import log_requests
from pokervod_pipelines.defs.sensors import OpenEngine, is_running
from pokervod_pipelines.defs.stages import run_or_fail
from pokervod_pipelines.errors import BadInput, Conflict, PokervodError
from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.plans import load_plans
from pokervod_pipelines.rollout.record import (
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    WeekState,
    summarize_failures,
)
from pokervod_pipelines.rollout.report.text import write_page_file, write_text
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import evaluate_week, name_lock, run_rollout, start_rollout
from pokervod_pipelines.rollout.store import RolloutStore
from pokervod_pipelines.settings import Settings

_log = logging.getLogger(__name__)

CLOCK_SECONDS = 15


def read_plans(settings: Settings) -> list[RolloutPlan]:
    """Return the valid plans; log why the others are not defined, as `pokervod doctor` reports it.

    A broken plan must not stop hands, clips or other plans.
    """
    try:
        plans = load_plans(settings)
    except BadInput as error:
        _log.error("no rollout is defined: %s", error)
        return []
    for problem in plans.broken:
        _log.error("a rollout is not defined: %s", problem)
    return [*plans.valid.values()]


def define_rollout(plans: Sequence[RolloutPlan]) -> list[dg.AssetsDefinition]:
    """Return an asset for each week of each plan; it depends on the week before."""
    return [_define_week(plan, week) for plan in plans for week in plan.weeks]


def define_rollout_jobs(plans: Sequence[RolloutPlan]) -> list[dg.JobDefinition]:
    """Return the job ``rollout`` of the first plan, and ``rollout_<plan>`` of each other one."""
    return [_define_job(plan) for plan in plans]


def define_rollout_sensors(plans: Sequence[RolloutPlan], open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """Return the sensor ``rollout_clock``, and ``rollout_<plan>_clock`` of each other plan."""
    return [_define_clock(plan, open_engine) for plan in plans]


def _name_job(plan: RolloutPlan) -> str:
    return "rollout" if plan.is_first else f"rollout_{plan.name}"


def _name_week(plan: RolloutPlan, number: int) -> dg.AssetKey:
    prefix = ["rollout"] if plan.is_first else ["rollout", plan.name]
    return dg.AssetKey([*prefix, f"week_{number}"])


def _define_week(plan: RolloutPlan, week: PlannedWeek) -> dg.AssetsDefinition:
    key = _name_week(plan, week.number)
    is_last = week.number == len(plan.weeks)

    @dg.asset(
        key=key,
        deps=[_name_week(plan, week.number - 1)] if week.number > 1 else [],
        group_name="rollout",
        kinds={"postgres"},
        description=f"{week.title}. {week.summary}",
        retry_policy=dg.RetryPolicy(max_retries=1),
        check_specs=[
            dg.AssetCheckSpec(each.name, asset=key, description=each.description, blocking=not is_last)
            for each in week.criteria
        ],
    )
    def week_asset(
        engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        run = _run_to_week(engine, settings, plan, week.number)
        for check in run.list_checks():
            yield dg.AssetCheckResult(**check)
        yield dg.MaterializeResult(metadata=run.describe_pass())

    return week_asset


class RolloutConfig(dg.Config):
    """Limit a run of the job, and the automatic runs after it."""

    until: int | None = Field(default=None, description="The last week to run; default: the last of the plan.")
    early: bool = Field(default=False, description="Begin even before the planned start.")


def _define_job(plan: RolloutPlan) -> dg.JobDefinition:
    name = _name_job(plan)

    @dg.op(
        name=f"{name}_weeks",
        out={},
        required_resource_keys={"engine", "settings"},
        description="Runs the rollout week after week, and reports the checks of each.",
    )
    def run_weeks(
        context: dg.OpExecutionContext, config: RolloutConfig
    ) -> Iterator[dg.AssetCheckEvaluation | dg.AssetMaterialization]:
        engine, settings = context.resources.engine, context.resources.settings
        rollout = Rollout(engine=engine, settings=settings, plan=plan)
        run_or_fail(lambda: start_rollout(rollout, config.until, early=config.early), settings)
        passed = {week.number for week in rollout.read().weeks if week.state is WeekState.PASSED}
        if len(passed) == len(plan.weeks):
            # Completes it where weeks were deleted.
            run_or_fail(lambda: run_rollout(rollout, until=config.until), settings)
        for week in plan.weeks:
            if config.until is not None and week.number > config.until:
                return
            if week.number in passed:
                continue  # its checks are those of the run in which it passed
            run = _run_to_week(engine, settings, plan, week.number)
            key = _name_week(plan, week.number)
            for check in run.list_checks():
                yield dg.AssetCheckEvaluation(asset_key=key, **check)
            yield dg.AssetMaterialization(key, metadata=run.describe_pass())

    @dg.job(
        name=name,
        description=f"{plan.title}: runs week after week until done, waiting or escalated.",
        executor_def=dg.in_process_executor,
    )
    def rollout() -> None:
        run_weeks()

    return rollout


def _define_clock(plan: RolloutPlan, open_engine: OpenEngine) -> dg.SensorDefinition:
    job = _name_job(plan)

    @dg.sensor(
        name=f"{job}_clock",
        job_name=job,
        minimum_interval_seconds=CLOCK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Continues a rollout after a wait, or after its runner died.",
    )
    def clock(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        with open_engine().connect() as connection:
            stored = RolloutStore(connection=connection, plan=plan, now=datetime.now(UTC)).find_stored()
            is_active = is_locked(connection, name_lock(plan.name))
        if stored is None:
            return dg.SkipReason(f"The rollout {plan.name} has not started; start it with `pokervod rollout run`.")
        if not stored.is_due(datetime.now(UTC), len(plan.weeks)):
            return dg.SkipReason(f"The rollout {plan.name} is {stored.state}.")
        if is_active:
            return dg.SkipReason(f"The rollout {plan.name} has an active runner.")
        if is_running(context.instance, open_engine(), job):
            return dg.SkipReason(f"The job {job} is running.")
        key = f"{plan.name}:{datetime.now(UTC).isoformat(timespec='seconds')}"
        config = dg.RunConfig(ops={f"{job}_weeks": RolloutConfig(until=stored.until)})
        requests = [dg.RunRequest(run_key=key, run_config=config)]
        log_requests(f"{job}_clock", requests)
        return dg.SensorResult(run_requests=requests)

    return clock


class _WeekRun(NamedTuple):
    """Hold a week after the rollout ran up to it."""

    plan: RolloutPlan
    number: int
    record: RolloutRecord
    results: Sequence[ResultRecord]
    """Of this run, with overrides."""

    def list_checks(self) -> Iterator[dict[str, Any]]:
        """Yield the arguments of Dagster's checks; an overridden criterion has failed, but stops nothing."""
        reasons = {each.criterion: f"overridden by {each.by} ({each.reason}): " for each in self._list_overrides()}
        for each in self.results:
            metadata = {**each.figures, "seconds": each.seconds, "overridden": each.is_overridden}
            if each.details:
                metadata["evidence"] = dg.MetadataValue.md("\n".join(f"- `{line}`" for line in each.details))
            yield {
                "check_name": each.criterion,
                "passed": each.passed,
                "severity": dg.AssetCheckSeverity.WARN if each.is_overridden else dg.AssetCheckSeverity.ERROR,
                "description": (reasons.get(each.criterion, "") if each.is_overridden else "") + each.summary,
                "metadata": metadata,
            }

    def describe_pass(self) -> dict[str, dg.MetadataValue | str | int]:
        """Return the metadata of a passed week. Raises Dagster's ``Failure`` if it has not passed, or fails now."""
        week = self.record.weeks[self.number - 1]
        if week.state is not WeekState.PASSED:
            again = week.next_try_at
            reason = f"retried at {again:%H:%M:%S} UTC" if again else self.record.reason
            raise dg.Failure(f"the criteria of week {self.number} have not passed: {reason}", allow_retries=False)
        if problem := summarize_failures(self.results):
            reason = f"week {self.number} has passed, but fails now: {problem}"
            step = f"fix it, or run `pokervod rollout resume --from {self.number}`"
            raise dg.Failure(f"{reason}; {step}", allow_retries=False)
        return {
            "report": dg.MetadataValue.md(write_text("progress", self.plan, self.record, datetime.now(UTC))),
            "attempts": len(self.record.attempts_of(self.number)),
            "round": week.cycle,
            "overridden": ", ".join(each.criterion for each in self._list_overrides()) or "none",
        }

    def _list_overrides(self) -> list[OverrideRecord]:
        return [each for each in self.record.overrides if each.week == self.number]


def _run_to_week(engine: Engine, settings: Settings, plan: RolloutPlan, number: int) -> _WeekRun:
    """Run the rollout up to the week, and write its page.

    Raises Dagster's ``Failure`` if the week may not start yet, or while another runner has the lock.
    """
    rollout = Rollout(engine=engine, settings=settings, plan=plan)
    record, results = run_or_fail(lambda: _run_until(rollout, number), settings)
    try:
        write_page_file(settings, plan, record)
    except PokervodError as error:  # a week has passed whether or not its page can be written
        _log.warning("%s", error)
    return _WeekRun(plan, number, record, results)


def _run_until(rollout: Rollout, number: int) -> tuple[RolloutRecord, Sequence[ResultRecord]]:
    """Return the record and the results of this run: a new one for a week that had passed before."""
    start = rollout.clock()
    run_rollout(rollout, until=number, only_extends=True)
    record = rollout.read()
    if blocker := record.find_blocker(number):
        raise Conflict(blocker)
    new = [each.results for each in record.attempts_of(number) if each.ended_at and each.ended_at >= start]
    if not new and record.weeks[number - 1].state is WeekState.PASSED:
        return record, evaluate_week(rollout, number)
    return record, new[-1] if new else ()
