"""Render outputs in Dagster: the asset, one partition a broadcast day, and the sensors that keep the queue moving.

Workers do not need Dagster. Where none lives, ``render_queue`` has the asset do their work.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.partitions import broadcast_days
from pokervod_pipelines.defs.sensors import LOOK_SECONDS, OpenEngine, is_running
from pokervod_pipelines.defs.stages import OWNERS, correlation_of, metadata_of, run_or_fail, tables_retries
from pokervod_pipelines.render.rescue import read_house_limits, rescue_lost
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.renders import (
    Wish,
    decide_days,
    find_next_try,
    read_queue_news,
    run_outputs_stage,
    show_previews,
)
from pokervod_pipelines.workflows.stages import SyncRun

JOB = "renders"
REASON_TAG = "pokervod/reason"
ALSO_TAG = "pokervod/also"
"""A day that is no partition, such as tomorrow, of which the run renders what waits as well."""

RESCUE_SECONDS = 20
"""A worker that died is noticed within a minute: its lease of half a minute, and a look."""


ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
RECENTLY, RUNS_LOOKED_AT = timedelta(hours=1), 25
"""So far back failed runs count: longer than the longest rest and the run after it."""


def define_renders(settings: Settings) -> list[dg.AssetsDefinition]:
    """The asset ``render_outputs``."""

    @dg.asset(
        partitions_def=broadcast_days(settings),
        deps=["render_instructions"],
        group_name="render",
        kinds={"video", "postgres"},
        owners=OWNERS,
        description="The graphics as files on the share, each compared with its instruction: MOV with alpha, MP4, PNG.",
        pool="render",
        retry_policy=tables_retries(settings),
    )
    def render_outputs(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        day = date.fromisoformat(context.partition_key)
        also = [date.fromisoformat(each) for each in [context.run.tags.get(ALSO_TAG)] if each]
        outcome = run_or_fail(lambda: run_outputs_stage(run, day, also=also))
        previews = show_previews(engine, day)
        shown = {"previews": dg.MetadataValue.md(previews)} if previews else {}
        return dg.MaterializeResult(metadata=metadata_of(outcome) | shown)

    return [render_outputs]


def define_render_sensors(settings: Settings, open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """``render_queue`` and ``stale_instructions``: nothing waits for ever, whether or not a worker lives."""
    return [_define_render_queue(settings, open_engine), _define_stale_instructions(settings, open_engine)]


def _define_render_queue(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    renderers = ["local", *(["nexrender"] if settings.render.nexrender.url else [])]
    days = broadcast_days(settings)

    @dg.sensor(
        job_name=JOB,
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Has a day rendered when work waits and no worker lives, and shown when its graphics are finished.",
    )
    def render_queue(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if is_running(context.instance, JOB):
            return dg.SkipReason(f"{JOB} is at work; what is left is asked for after it")
        with open_engine().connect() as connection:
            news = read_queue_news(connection, renderers)
        shown = {day: _read_last_shown(context.instance, day) for day in news.finished if _is_partition(days, day)}
        wishes = decide_days(news, shown)
        if not wishes:
            return dg.SkipReason(f"nothing waits for want of a worker ({news.alive} live), and nothing new is finished")
        now, failed = datetime.now(UTC), _read_failed_ends(context.instance)
        if (next_try := find_next_try(failed)) and now < next_try:
            said = f"{wishes[0].reason}, but {len(failed)} runs in a row failed; mend what the last one says"
            return dg.SkipReason(f"{said}. {JOB} is asked for again at {next_try:%H:%M:%S} UTC, or launch it now")
        tried = wishes[:1] if failed else wishes
        return dg.SensorResult(run_requests=[_ask_for(days, wish) for wish in tried])

    return render_queue


def _is_partition(days: dg.DailyPartitionsDefinition, day: date) -> bool:
    return days.has_partition_key(str(day))


def _ask_for(days: dg.DailyPartitionsDefinition, wish: Wish) -> dg.RunRequest:
    """A day that is no partition is rendered along with the present one, which is."""
    key, tags = str(wish.day), {REASON_TAG: wish.reason}
    if not _is_partition(days, wish.day):
        key, tags[ALSO_TAG] = str(days.get_last_partition_key()), str(wish.day)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return dg.RunRequest(run_key=f"{wish.day}:{now}", partition_key=key, tags=tags)


def _define_stale_instructions(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    @dg.sensor(
        job_name=JOB,
        minimum_interval_seconds=RESCUE_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Puts back what no living worker holds, and what takes longer than it may.",
    )
    def stale_instructions(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        rescued = rescue_lost(open_engine(), settings.render.queue, read_house_limits(settings))
        said = "; ".join(f"{each.held.id} {each.state}: {each.reason}" for each in rescued[:10])
        return dg.SkipReason(
            f"put back {len(rescued)}: {said}" if rescued else "everything at work is held by a worker"
        )

    return stale_instructions


def _read_failed_ends(instance: dg.DagsterInstance) -> list[datetime]:
    """When the runs ended that failed since the last one that did not, newest first."""
    lately = dg.RunsFilter(job_name=JOB, statuses=ENDED, updated_after=datetime.now(UTC) - RECENTLY)
    records = instance.get_run_records(lately, limit=RUNS_LOOKED_AT)
    failed = takewhile(lambda record: record.dagster_run.status is dg.DagsterRunStatus.FAILURE, records)
    return [datetime.fromtimestamp(record.end_time, UTC) for record in failed if record.end_time]


def _read_last_shown(instance: dg.DagsterInstance, day: date) -> datetime | None:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("render_outputs"), asset_partitions=[str(day)]), limit=1
    ).records
    return datetime.fromtimestamp(records[0].timestamp, UTC) if records else None
