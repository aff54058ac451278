"""What starts a run because something happened: each looks, lets a plain function decide, and asks.

Every tick ends in a request or in the reason why there is none.
"""

import atexit
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.defs.stages import REVISION_TAG
from pokervod_pipelines.hands.broadcast import BroadcastDays
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.changes import (
    Asked,
    Decision,
    decide,
    dump_memory,
    find_unread,
    load_memory,
    observe_sheets,
)
from pokervod_pipelines.workflows.arrivals import AGAIN_SECONDS, Arrivals, find_arrivals
from pokervod_pipelines.workflows.news import News, read_news

LOOK_SECONDS = 5
"""Dagster's sensor loop is no faster; one call a look is a fraction of what Drive allows."""

WATCH_SECONDS, GLANCE_SECONDS = 4.5, 0.5
"""A look at the folders lasts nearly until the next one, so that a file is seen at once."""

REST_SHARE = 4
"""A rest lasts so many times the glance before it: a slow share is looked at for a fifth of the time at most."""

ALIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

OpenEngine = Callable[[], Engine]


def keep_engine(settings: Settings) -> OpenEngine:
    """A function that opens the database when first called, for as long as this process lives.

    A sensor looks every few seconds; to open the database each time would cost more than the look.
    """

    @cache
    def open_engine() -> Engine:
        stack = ExitStack()
        atexit.register(stack.close)
        return stack.enter_context(open_database(settings))

    return open_engine


def define_sensors(settings: Settings, open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """``sheet_changes`` and ``rfid_drop``: an edited sheet and a new hand are read within seconds."""
    return [_define_sheet_changes(settings, open_engine), _define_rfid_drop(settings, open_engine)]


def _define_sheet_changes(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    @dg.sensor(
        job_name="sheets_sync",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads a sheet once its edits have rested for a moment.",
    )
    def sheet_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        decision = _look(settings, open_engine(), load_memory(context.cursor))
        if decision.rest_seconds and not decision.wanted:
            time.sleep(decision.rest_seconds)
            decision = _look(settings, open_engine(), decision.memory)
        requests = [
            dg.RunRequest(run_key=key, partition_key=name, tags={REVISION_TAG: revision})
            for name, revision, key in decision.wanted
        ]
        reasons = "; ".join(f"{name}: {reason}" for name, reason in decision.reasons.items())
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(reasons or "no sheet is configured"),
            cursor=dump_memory(decision.memory),
        )

    return sheet_changes


def _define_rfid_drop(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    @dg.sensor(
        job_name="hands_to_renders",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads what the tables and the tournament system put into their folders, once it rests there.",
    )
    def rfid_drop(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not (settings.hands.drop_folders or settings.tournaments.export_folders):
            return dg.SkipReason("no drop folder and no export folder is configured")
        if is_running(context.instance, "hands_to_renders"):
            return dg.SkipReason("hands_to_renders is at work; what is left is asked for after it")
        arrivals, news = _watch(settings, open_engine())
        if not arrivals.is_due and news.is_empty:
            return dg.SkipReason(arrivals.describe())
        now = datetime.now(UTC)
        day = BroadcastDays(settings.zone, settings.hands.day_starts_at).find_day(now)
        key = f"{arrivals.name(now)}:{news.newest}"
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, partition_key=day.isoformat())])

    return rfid_drop


def is_running(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether a run of the job waits or works; one that began long ago died with its machine."""
    recently = datetime.now(UTC) - timedelta(seconds=AGAIN_SECONDS)
    alive = dg.RunsFilter(job_name=job, statuses=ALIVE, created_after=recently)
    return bool(instance.get_run_records(alive, limit=1))


def _watch(settings: Settings, engine: Engine) -> tuple[Arrivals, News]:
    """What is due, as soon as something is, or what there was to say when time was up."""
    until = time.monotonic() + WATCH_SECONDS
    arrivals: Arrivals | None = None
    while True:
        began = time.monotonic()
        arrivals = find_arrivals(engine, settings, arrivals)
        with engine.connect() as connection:
            news = read_news(connection)
        if arrivals.is_due or not news.is_empty or time.monotonic() >= until:
            return arrivals, news
        time.sleep(max(GLANCE_SECONDS, REST_SHARE * (time.monotonic() - began)))


def _look(settings: Settings, engine: Engine, memory: dict[str, Asked]) -> Decision:
    seen = observe_sheets(engine, settings, settings.sheets)
    return decide(
        seen,
        memory,
        unread=find_unread(engine, seen, settings.sheets),
        now=datetime.now(UTC),
        gather_seconds=settings.google.gather_seconds,
    )
