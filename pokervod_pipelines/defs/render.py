"""Define the asset ``render_outputs``, one partition a broadcast day, and the sensors of the render queue.

Workers do not need Dagster. Where none is alive, ``render_queue`` makes the asset do their work.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.logs import log_requests
from pokervod_pipelines.defs.partitions import broadcast_days
from pokervod_pipelines.defs.sensors import INTERVAL_SECONDS, OpenEngine, is_running
from pokervod_pipelines.defs.stages import correlation_of, metadata_of, run_or_fail, tables_retries
from pokervod_pipelines.holds.placing import end_expired
from pokervod_pipelines.render.queue import requeue_lost
from pokervod_pipelines.render.templates import read_time_limits
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.held import find_workflow_hold
from pokervod_pipelines.workflows.renders import (
    DayRequest,
    decide_days,
    embed_previews,
    find_next_attempt,
    read_queue_state,
    run_outputs_stage,
)
from pokervod_pipelines.workflows.stages import SyncRun

JOB = "renders"
REASON_TAG = "pokervod/reason"
ALSO_TAG = "pokervod/also"
"""A day that is not a partition, such as tomorrow, whose pending graphics the run renders as well."""

RESCUE_SECONDS = 20
"""A dead worker is noticed within a minute: its lease of half a minute, and a tick."""


ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
RECENTLY, MAX_RUNS = timedelta(hours=1), 25
"""Failed runs count this far back: longer than the longest delay and the run after it."""


def define_render(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the asset ``render_outputs``."""

    @dg.asset(
        partitions_def=broadcast_days(settings),
        deps=["render_instructions"],
        group_name="render",
        kinds={"video", "postgres"},
        description="Graphics as files on the share, each verified against its instruction: MOV with alpha, MP4, PNG.",
        pool="render",
        retry_policy=tables_retries(settings),
    )
    def render_outputs(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        day = date.fromisoformat(context.partition_key)
        also = [date.fromisoformat(each) for each in [context.run.tags.get(ALSO_TAG)] if each]
        outcome = run_or_fail(lambda: run_outputs_stage(run, day, also=also), settings)
        previews = embed_previews(engine, day, settings.zone)
        shown = {"previews": dg.MetadataValue.md(previews)} if previews else {}
        return dg.MaterializeResult(metadata=metadata_of(outcome) | shown)

    return [render_outputs]


def define_render_sensors(settings: Settings, open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """Define ``render_queue`` and ``stale_instructions``, so that nothing stays pending without a live worker."""
    return [_define_render_queue(settings, open_engine), _define_stale_instructions(settings, open_engine)]


def _define_render_queue(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    renderers = ["local", *(["nexrender"] if settings.render.nexrender.url else [])]
    days = broadcast_days(settings)

    @dg.sensor(
        job_name=JOB,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Renders a day when no worker is alive, and materializes it when its graphics are finished.",
    )
    def render_queue(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if hold := find_workflow_hold(open_engine(), JOB):
            return dg.SkipReason(f"{JOB} is {hold.describe(settings.zone)}")
        if is_running(context.instance, open_engine(), JOB):
            return dg.SkipReason(f"{JOB} is running; what is left is requested after it")
        with open_engine().connect() as connection:
            queue = read_queue_state(connection, renderers)
        seen = {
            day: _read_last_materialized(context.instance, day) for day in queue.finished if _is_partition(days, day)
        }
        requests = decide_days(queue, seen)
        if not requests:
            return dg.SkipReason(f"workers serve everything pending ({queue.alive} alive); nothing new is finished")
        now, failed = datetime.now(UTC), _read_failed_ends(context.instance)
        if (next_attempt := find_next_attempt(failed)) and now < next_attempt:
            reason = f"{requests[0].reason}, but {len(failed)} runs in a row failed; fix the error of the last one"
            return dg.SkipReason(f"{reason}. {JOB} is requested again at {next_attempt:%H:%M:%S} UTC; or launch it now")
        due = requests[:1] if failed else requests
        made = [_make_run_request(days, each) for each in due]
        log_requests("render_queue", made)
        return dg.SensorResult(run_requests=made)

    return render_queue


def _is_partition(days: dg.DailyPartitionsDefinition, day: date) -> bool:
    return days.has_partition_key(str(day))


def _make_run_request(days: dg.DailyPartitionsDefinition, request: DayRequest) -> dg.RunRequest:
    """Request the run of a day; one that is not a partition is rendered along with the current day."""
    key, tags = str(request.day), {REASON_TAG: request.reason}
    if not _is_partition(days, request.day):
        key, tags[ALSO_TAG] = str(days.get_last_partition_key()), str(request.day)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return dg.RunRequest(run_key=f"{request.day}:{now}", partition_key=key, tags=tags)


def _define_stale_instructions(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    @dg.sensor(
        job_name=JOB,
        minimum_interval_seconds=RESCUE_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Returns to the queue what no live worker has claimed and what exceeds its time limit.",
    )
    def stale_instructions(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        with open_engine().begin() as connection:
            end_expired(connection)
        rescued = requeue_lost(open_engine(), settings.render.queue, read_time_limits(settings))
        listed = "; ".join(f"{each.job.id} {each.state}: {each.reason}" for each in rescued[:10])
        return dg.SkipReason(
            f"returned {len(rescued)} to the queue: {listed}"
            if rescued
            else "a live worker has claimed every running job"
        )

    return stale_instructions


def _read_failed_ends(instance: dg.DagsterInstance) -> list[datetime]:
    """Return when the runs ended that failed since the last one that succeeded or was cancelled, newest first."""
    lately = dg.RunsFilter(job_name=JOB, statuses=ENDED, updated_after=datetime.now(UTC) - RECENTLY)
    records = instance.get_run_records(lately, limit=MAX_RUNS)
    failed = takewhile(lambda record: record.dagster_run.status is dg.DagsterRunStatus.FAILURE, records)
    return [datetime.fromtimestamp(record.end_time, UTC) for record in failed if record.end_time]


def _read_last_materialized(instance: dg.DagsterInstance, day: date) -> datetime | None:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("render_outputs"), asset_partitions=[str(day)]), limit=1
    ).records
    return datetime.fromtimestamp(records[0].timestamp, UTC) if records else None
