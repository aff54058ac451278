"""Rollouts in Dagster: an asset a week, a check a criterion, and the sensors that go on after a wait and tell people.

A week's asset runs the programme up to that week; a week that has passed is materialized again without being judged
again. The first plan's weeks are ``rollout/week_1`` onward, those of another one ``rollout/<plan>/week_1`` onward.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from sqlalchemy import Engine, text

from pokervod_pipelines.defs.sensors import ALIVE, OpenEngine
from pokervod_pipelines.defs.stages import OWNERS
from pokervod_pipelines.errors import BadInput, PokervodError, Unavailable
from pokervod_pipelines.rollout.house import describe_plan, load_plans, open_programme
from pokervod_pipelines.rollout.plan_records import Plan, Week
from pokervod_pipelines.rollout.programme import may_begin, read, run
from pokervod_pipelines.rollout.publish import deliver_alerts, find_channels, write_page_file
from pokervod_pipelines.rollout.record import AttemptRecord, ProgrammeRecord, ResultRecord, WeekState
from pokervod_pipelines.rollout.report.markdown import write_progress
from pokervod_pipelines.settings import Settings

_log = logging.getLogger(__name__)

CLOCK_SECONDS = 15
DELIVERY_SECONDS = 30


def read_plans(settings: Settings) -> list[Plan]:
    """Return the plans of the house; where one is broken none, and the log and `pokervod doctor` say why.

    A broken plan stops no hand and no clip.
    """
    try:
        return list(load_plans(settings).values())
    except BadInput as error:
        _log.error("no rollout is defined: %s", error)
        return []


def define_rollout(plans: Sequence[Plan]) -> list[dg.AssetsDefinition]:
    """An asset for each week of each plan; each can begin only after those that it requires."""
    return [_define_week(plan, week, _prefix(plan, plans)) for plan in plans for week in plan.weeks]


def define_rollout_jobs(plans: Sequence[Plan]) -> list[dg.JobDefinition | UnresolvedAssetJobDefinition]:
    """``rollout`` runs the first plan as far as it goes, ``rollout_<plan>`` another; ``alerts`` sends what is due."""
    jobs: list[dg.JobDefinition | UnresolvedAssetJobDefinition] = [
        dg.define_asset_job(
            _name_job(plan, plans),
            selection=[_key(week.number, _prefix(plan, plans)) for week in plan.weeks],
            description=f"{plan.title}: week after week, as far as it goes now.",
        )
        for plan in plans
    ]
    return [*jobs, alerts]


@dg.op(required_resource_keys={"engine", "settings"}, description="Sends every alert that is due.")
def deliver(context: dg.OpExecutionContext) -> None:
    """What is due was tried once; what failed is tried again later."""
    for channel, fault in deliver_alerts(context.resources.engine, context.resources.settings).items():
        context.log.warning("not delivered to %s, tried again later: %s", channel, fault)


@dg.job(description="Sends every alert that is due.", executor_def=dg.in_process_executor)
def alerts() -> None:
    """Sends every alert that is due."""
    deliver()


def define_rollout_sensors(
    settings: Settings, plans: Sequence[Plan], open_engine: OpenEngine
) -> list[dg.SensorDefinition]:
    """``rollout_clock`` of each plan, and ``alert_delivery``."""
    return [*(_define_clock(plan, plans, open_engine) for plan in plans), _define_delivery(settings, open_engine)]


def _prefix(plan: Plan, plans: Sequence[Plan]) -> list[str]:
    return ["rollout"] if plan == plans[0] else ["rollout", plan.name]


def _name_job(plan: Plan, plans: Sequence[Plan]) -> str:
    return "rollout" if plan == plans[0] else f"rollout_{plan.name}"


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
        record = _run_until(engine, settings, plan, week.number)
        attempt = next((each for each in reversed(record.attempts_of(week.number)) if each.results), None)
        yield from _translate_all(week, attempt)
        state = record.weeks[week.number - 1]
        if state.state is not WeekState.PASSED:
            said = f"it is tried again at {state.next_try_at:%H:%M:%S} UTC" if state.next_try_at else record.reason
            raise dg.Failure(f"week {week.number} has not passed: {said}", allow_retries=False)
        yield dg.MaterializeResult(metadata=_describe(plan, record, week.number, attempt))

    return week_asset


def _run_until(engine: Engine, settings: Settings, plan: Plan, number: int) -> ProgrammeRecord:
    """The programme has gone on as far as it goes, up to this week, and people are told."""
    programme = open_programme(engine, settings, plan)
    try:
        run(programme, until=number, keeps_until=True)
        record = read(programme)
        if why_not := may_begin(record, number):
            raise dg.Failure(why_not, allow_retries=False)
    except Unavailable:
        raise
    except PokervodError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    try:
        write_page_file(settings, plan.name, record)
    except PokervodError as error:  # a week has passed whether or not its page can be written
        _log.warning("%s", error)
    return record


def _translate_all(week: Week, attempt: AttemptRecord | None) -> Iterator[dg.AssetCheckResult]:
    """What Dagster has to hear of an attempt: each check of the plan as it is now."""
    found = {result.criterion: result for result in (attempt.results if attempt else ())}
    for criterion in week.criteria:
        if criterion.name in found:
            yield _translate(found[criterion.name])
        elif found:
            yield dg.AssetCheckResult(
                check_name=criterion.name,
                passed=False,
                severity=dg.AssetCheckSeverity.WARN,
                description="not judged: the week passed before this criterion was in the plan",
            )


def _translate(result: ResultRecord) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = dict(result.figures)
    if result.details:
        metadata["evidence"] = dg.MetadataValue.md("\n".join(f"- `{line}`" for line in result.details))
    said = f"overridden: {result.summary}" if result.is_overridden else result.summary
    return dg.AssetCheckResult(
        check_name=result.criterion,
        passed=result.passed or result.is_overridden,
        description=said,
        metadata={**metadata, "seconds": result.seconds, "overridden": result.is_overridden},
    )


def _describe(
    plan: Plan, record: ProgrammeRecord, number: int, attempt: AttemptRecord | None
) -> dict[str, dg.MetadataValue | str | int]:
    text_ = write_progress(describe_plan(plan), record, datetime.now(UTC))
    overridden = [each.criterion for each in record.overrides if each.week == number]
    return {
        "report": dg.MetadataValue.md(text_),
        "attempts": len(record.attempts_of(number)),
        "round": attempt.round if attempt else 0,
        "overridden": ", ".join(overridden) or "none",
    }


def _define_clock(plan: Plan, plans: Sequence[Plan], open_engine: OpenEngine) -> dg.SensorDefinition:
    job = _name_job(plan, plans)

    @dg.sensor(
        name=f"{job}_clock",
        job_name=job,
        minimum_interval_seconds=CLOCK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Goes on with a programme whose wait is over, or whose runner died.",
    )
    def clock(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        with open_engine().connect() as connection:
            due = connection.execute(_DUE, {"plan": plan.name, "lock": f"rollout {plan.name}"}).one_or_none()
        if due is None:
            return dg.SkipReason(f"the programme {plan.name} was not begun; `pokervod rollout run` begins it")
        if not due.is_due:
            return dg.SkipReason(f"the programme {plan.name} is {due.state}")
        if due.is_held:
            return dg.SkipReason(f"the programme {plan.name} is at work")
        if _has_run(context.instance, job):
            return dg.SkipReason(f"the job {job} is at work")
        key = f"{plan.name}:{datetime.now(UTC).isoformat(timespec='seconds')}"
        wanted = [_key(week.number, _prefix(plan, plans)) for week in plan.weeks if week.number <= due.until]
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, asset_selection=wanted)])

    return clock


_DUE = text("""
    select p.state, coalesce(p.until, 2147483647) as until, ((p.state = 'waiting' and not exists (
            select from rollout_weeks w where w.plan = p.plan and w.next_try_at > now()))
        or (p.state = 'running' and p.changed_at < now() - interval '15 seconds'))
        and exists (select from rollout_weeks w where w.plan = p.plan and w.state <> 'passed'
            and (p.until is null or w.number <= p.until)) as is_due,
        exists (select from pg_locks l join pg_database d on d.oid = l.database
            where l.locktype = 'advisory' and l.objsubid = 1 and d.datname = current_database()
              and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(:lock, 0)) as is_held
    from rollout_programmes p where p.plan = :plan
""")


def _has_run(instance: dg.DagsterInstance, job: str) -> bool:
    return bool(instance.get_run_records(dg.RunsFilter(job_name=job, statuses=ALIVE), limit=1))


def _define_delivery(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    # What waits for an address that nobody gave is due all the time, and no run could send it.
    known = {
        "channels": [each.name for each in find_channels(settings)[0]],
        "days": settings.alerts.give_up_days,
    }

    @dg.sensor(
        job_name="alerts",
        minimum_interval_seconds=DELIVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Has alerts sent that are due, and again those that did not arrive.",
    )
    def alert_delivery(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        with open_engine().connect() as connection:
            due = connection.scalar(_DELIVERIES_DUE, known)
        if not due:
            return dg.SkipReason("no alert is due")
        if _has_run(context.instance, "alerts"):
            return dg.SkipReason("alerts are being sent")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=datetime.now(UTC).isoformat(timespec="seconds"))])

    return alert_delivery


_DELIVERIES_DUE = text("""
    select count(*) from alert_deliveries where ended_at is null and due_at <= now()
      and (lease_until is null or lease_until < now())
      and (channel = any(cast(:channels as text[])) or created_at < now() - make_interval(secs => :days * 86400))
""")
