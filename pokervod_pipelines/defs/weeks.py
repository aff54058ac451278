"""Define the asset ``weekly_validation``, one partition an ISO week of broadcast days, with a check for each stage.

What is checked is in ``monitoring.weeks.stages``. The schedule ``weekly_close`` runs the week that has just ended, and
closes it.
"""

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor, new_correlation_id
from pokervod_pipelines.defs.checks import describe_result
from pokervod_pipelines.defs.dead_runs import hold_run
from pokervod_pipelines.defs.partitions import broadcast_weeks, name_week, read_week, specify_weekly_check
from pokervod_pipelines.defs.stages import CORRELATION_TAG, correlation_of, run_or_fail, tables_retries
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.weeks.closures import close_week
from pokervod_pipelines.monitoring.weeks.shape import Week, WeekValidation
from pokervod_pipelines.monitoring.weeks.stages import STAGES
from pokervod_pipelines.monitoring.weeks.validation import check_stage, describe_week, find_current_week, validate_week
from pokervod_pipelines.settings import Settings

NAME, OP = "weekly_validation", "validate_week"
"""Asset and job have one name, so the step has another: Dagster refuses two definitions of a name."""

LOOKED_AT = (
    *("nas_files", "video_files", "sheet_rows", "hand_clips"),
    *("hands", "tournaments", "render_instructions", "render_outputs"),
)
"""The assets whose data the stages look at; most have no weeks, so nothing of them is loaded."""


class WeekConfig(dg.Config):
    """Say what a run does with the week besides checking it."""

    close: bool = Field(default=False, description="Freeze the figures of a week that is over, and report them, once.")


def define_weeks(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the asset ``weekly_validation``."""
    weeks = broadcast_weeks(settings)

    spec = dg.AssetSpec(
        NAME,
        partitions_def=weeks,
        deps=[dg.AssetDep(each, partition_mapping=dg.AllPartitionMapping()) for each in LOOKED_AT],
        group_name="monitoring",
        kinds={"postgres"},
        description="Whether the data of a week are whole, stage by stage: what ought to be there, and what is not.",
    )

    @dg.multi_asset(
        name=OP,
        specs=[spec],
        retry_policy=tables_retries(settings),
        check_specs=[specify_weekly_check(NAME, each.name, each.description, weeks) for each in STAGES],
    )
    def validate_partition(
        context: dg.AssetExecutionContext,
        config: WeekConfig,
        engine: dg.ResourceParam[Engine],
        settings: dg.ResourceParam[Settings],
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        week, actor = (
            read_week(context.partition_key),
            Actor(who="weekly_close", reason="the week is over", correlation_id=correlation_of(context)),
        )
        found = run_or_fail(lambda: _validate(engine, settings, week, actor if config.close else None), settings)
        yield dg.MaterializeResult(metadata=_describe(found))
        for stage in found.stages:
            yield dg.AssetCheckResult(check_name=stage.stage, **describe_result(check_stage(week, stage)))

    return [validate_partition]


def _validate(engine: Engine, settings: Settings, week: Week, closer: Actor | None) -> WeekValidation:
    with engine.begin() as connection:
        if closer is not None:
            close_week(connection, settings, week, actor=closer)
        return validate_week(connection, settings, week)


def _describe(found: WeekValidation) -> dict[str, dg.MetadataValue]:
    counts = {f"{each.stage}_cases": dg.MetadataValue.int(each.case_count) for each in found.stages if each.looked_at}
    return {
        "week": dg.MetadataValue.text(found.week.name),
        "summary": dg.MetadataValue.text(found.summary),
        "grid": dg.MetadataValue.md(describe_week(found)),
        **counts,
    }


def define_weekly_job(settings: Settings) -> UnresolvedAssetJobDefinition:
    """Define the job ``weekly_validation``, for one week or, as a backfill, for many."""
    return dg.define_asset_job(
        NAME,
        selection=[NAME],
        description="Validates the data of a week, stage by stage.",
        tags={"dagster/max_runtime": str(round(settings.workflows.timeout_seconds))},
    )


def define_weekly_close(settings: Settings, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Define the schedule ``weekly_close``: after the nightly sync, and after the last broadcast day has ended."""

    @dg.schedule(
        job=job,
        cron_schedule=settings.weekly_close,
        execution_timezone=settings.time_zone,
        description="Validates the week that has ended, freezes its figures, and reports them to the channels.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def weekly_close(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        week = find_current_week(settings, context.scheduled_execution_time).shift(-1)
        config = dg.RunConfig(ops={OP: WeekConfig(close=True)})
        return dg.RunRequest(run_key=f"close {week.name}", partition_key=name_week(week), run_config=config)

    return weekly_close


def run_weeks(settings: Settings, engine: Engine, home: Path, weeks: Sequence[Week]) -> Iterator[tuple[Week, bool]]:
    """Run the job for each week in this process, as a backfill does; yield each with whether its run succeeded."""
    from pokervod_pipelines.defs.assembly import build_defs  # noqa: PLC0415 - it lists this module
    from pokervod_pipelines.defs.run import QUIET, STARTED_BY_TAG  # noqa: PLC0415 - as above

    defs = build_defs(settings=settings, engine=engine)
    job, known = defs.resolve_job_def(NAME), broadcast_weeks(settings)
    if unknown := [week.name for week in weeks if not known.has_partition_key(name_week(week))]:
        first = read_week(str(known.get_first_partition_key())).name
        raise BadInput(f"weekly_validation has no partition for {', '.join(unknown)}; it begins with {first}")
    tags = {CORRELATION_TAG: new_correlation_id(), STARTED_BY_TAG: "command"}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for week in weeks:
            run_id = str(uuid.uuid4())
            with hold_run(engine, run_id):
                result = job.execute_in_process(
                    instance=instance,
                    partition_key=name_week(week),
                    run_config=QUIET,
                    raise_on_error=False,
                    run_id=run_id,
                    tags=tags,
                )
            yield week, result.success
