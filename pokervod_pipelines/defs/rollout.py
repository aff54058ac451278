"""Rollouts in Dagster: an asset a week, a check a criterion, and a job that goes from week to week.

A week's asset runs the programme up to that week; a week that has passed is materialized again without being judged
again. The first plan's weeks are ``rollout/week_1`` onward, those of another one ``rollout/<plan>/week_1`` onward.
The job is one op over the weeks that it reaches: a run of the assets plans all of them, and Dagster would show the
weeks behind one that failed as failed, too.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field
from sqlalchemy import Engine, text

from pokervod_pipelines.defs.rollout_weeks import aim_at, take_to
from pokervod_pipelines.defs.sensors import OpenEngine, is_running
from pokervod_pipelines.defs.stages import OWNERS
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.house import load_plans
from pokervod_pipelines.rollout.plan_records import Plan, Week
from pokervod_pipelines.settings import Settings

_log = logging.getLogger(__name__)

CLOCK_SECONDS = 15


def read_plans(settings: Settings) -> list[Plan]:
    """Return the plans of the house that are sound; of the others the log and `pokervod doctor` say why they are not.

    A broken plan stops no hand, no clip and no other plan.
    """
    try:
        plans = load_plans(settings)
    except BadInput as error:
        _log.error("no rollout is defined: %s", error)
        return []
    for fault in plans.faults:
        _log.error("a rollout is not defined: %s", fault)
    return [*plans.sound.values()]


def define_rollout(plans: Sequence[Plan]) -> list[dg.AssetsDefinition]:
    """An asset for each week of each plan; each can begin only after those that it requires."""
    return [_define_week(plan, week, _prefix(plan)) for plan in plans for week in plan.weeks]


def define_rollout_jobs(plans: Sequence[Plan]) -> list[dg.JobDefinition]:
    """``rollout`` runs the first plan as far as it goes now, ``rollout_<plan>`` another."""
    return [_define_job(plan, _name_job(plan), _prefix(plan)) for plan in plans]


def define_rollout_sensors(plans: Sequence[Plan], open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """``rollout_clock``, and ``rollout_<plan>_clock`` of each further plan."""
    return [_define_clock(plan, _name_job(plan), open_engine) for plan in plans]


def _prefix(plan: Plan) -> list[str]:
    return ["rollout"] if plan.is_first else ["rollout", plan.name]


def _name_job(plan: Plan) -> str:
    return "rollout" if plan.is_first else f"rollout_{plan.name}"


def _key(number: int, prefix: Sequence[str]) -> dg.AssetKey:
    return dg.AssetKey([*prefix, f"week_{number}"])


def _define_week(plan: Plan, week: Week, prefix: list[str]) -> dg.AssetsDefinition:
    key = _key(week.number, prefix)
    is_required = any(week.number in later.requires for later in plan.weeks)

    @dg.asset(
        key=key,
        deps=[_key(number, prefix) for number in week.requires],
        group_name="rollout",
        kinds={"postgres"},
        owners=OWNERS,
        description=f"{week.title}. {week.summary}",
        retry_policy=dg.RetryPolicy(max_retries=1),
        check_specs=[
            dg.AssetCheckSpec(each.name, asset=key, description=each.description, blocking=is_required)
            for each in week.criteria
        ],
    )
    def week_asset(
        engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        news = take_to(engine, settings, plan, week.number)
        for check in news.checks:
            yield dg.AssetCheckResult(**check)
        yield dg.MaterializeResult(metadata=news.describe_pass())

    return week_asset


class RolloutConfig(dg.Config):
    """How far a run of the job goes, and whoever goes on after it."""

    until: int | None = Field(default=None, description="The last week that is begun; by itself the plan's.")


def _define_job(plan: Plan, name: str, prefix: list[str]) -> dg.JobDefinition:
    @dg.op(
        name=f"{name}_weeks",
        out={},
        required_resource_keys={"engine", "settings"},
        description="Takes the programme from week to week, and tells each week's checks.",
    )
    def go_on(
        context: dg.OpExecutionContext, config: RolloutConfig
    ) -> Iterator[dg.AssetCheckEvaluation | dg.AssetMaterialization]:
        engine, settings = context.resources.engine, context.resources.settings
        aim_at(engine, settings, plan, config.until)
        for week in plan.weeks:
            if config.until is not None and week.number > config.until:
                return
            news = take_to(engine, settings, plan, week.number)
            key = _key(week.number, prefix)
            for check in news.checks:
                yield dg.AssetCheckEvaluation(asset_key=key, **check)
            yield dg.AssetMaterialization(key, metadata=news.describe_pass())

    @dg.job(
        name=name,
        description=f"{plan.title}: week after week, as far as it goes now.",
        executor_def=dg.in_process_executor,
    )
    def rollout() -> None:
        go_on()

    return rollout


def _define_clock(plan: Plan, job: str, open_engine: OpenEngine) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{job}_clock",
        job_name=job,
        minimum_interval_seconds=CLOCK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Goes on with a programme whose wait is over, or whose runner died.",
    )
    def clock(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        with open_engine().connect() as connection:
            said = {"plan": plan.name, "weeks": len(plan.weeks), "lock": f"rollout {plan.name}"}
            due = connection.execute(_DUE, said).one_or_none()
        if due is None:
            return dg.SkipReason(f"the programme {plan.name} was not begun; `pokervod rollout run` begins it")
        if not due.is_due:
            return dg.SkipReason(f"the programme {plan.name} is {due.state}")
        if due.is_held:
            return dg.SkipReason(f"the programme {plan.name} is at work")
        if is_running(context.instance, job):
            return dg.SkipReason(f"the job {job} is at work")
        key = f"{plan.name}:{datetime.now(UTC).isoformat(timespec='seconds')}"
        config = dg.RunConfig(ops={f"{job}_weeks": RolloutConfig(until=due.until)})
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, run_config=config)])

    return clock


_DUE = text("""
    select p.state, p.until, ((p.state = 'waiting' and not exists (
            select from rollout_weeks w where w.plan = p.plan and w.number <= :weeks and w.next_try_at > now()))
        or (p.state = 'running' and p.changed_at < now() - interval '15 seconds'))
        and (select coalesce(min(w.number), 0) from rollout_weeks w where w.plan = p.plan and w.state <> 'passed'
            and w.number <= :weeks) <= coalesce(p.until, :weeks) as is_due,
        exists (select from pg_locks l join pg_database d on d.oid = l.database
            where l.locktype = 'advisory' and l.objsubid = 1 and d.datname = current_database()
              and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(:lock, 0)) as is_held
    from rollout_programmes p where p.plan = :plan
""")
