"""Run in this process what a watcher orders: a run of Dagster like any other, without its queue and its start.

The process was forked from one that has loaded the definitions. What the queue does for other runs is done here: a run
key has one run, no more runs are in progress at once than the settings say, and none takes longer than its workflow
may. Pools hold for every run.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._utils.interrupts import setup_interrupt_handlers

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.db.locks import try_lock
from pokervod_pipelines.defs.assembly import build_defs
from pokervod_pipelines.defs.dead_runs import IN_PROGRESS, fail_dead_runs
from pokervod_pipelines.defs.ended_runs import describe_failure
from pokervod_pipelines.defs.launch import create_run
from pokervod_pipelines.defs.router import Router, admit, make_tags
from pokervod_pipelines.defs.run import QUIET, STARTED_BY_TAG
from pokervod_pipelines.defs.sensors import RUN_KEY_TAG, find_run_keys
from pokervod_pipelines.defs.stages import REVISION_TAG
from pokervod_pipelines.defs.workflows import request_tags
from pokervod_pipelines.logs.start import start_log
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.first_day import fix_first_day
from pokervod_pipelines.workflows.run_requests import HandedRequest, delete_answered, read_handed
from pokervod_pipelines.workflows.setup import find_dagster_home
from pokervod_pipelines.workflows.watch.orders import RunOrder

TURN_SECONDS = 0.5

DEATH_SECONDS = 20.0
"""A run whose process has died is known to have by then."""

LIMIT_TAG = "dagster/max_runtime"

_log = logging.getLogger(__name__)


PRELOADED = (
    "openpyxl",
    "pokervod_pipelines.defs.storage",
    "pokervod_pipelines.hands.replay",
    "pokervod_pipelines.render.renderers.local.check",
    "psycopg2.extras",
    "upath.implementations.local",
)
"""What runs load when they first need it: half a second that none of the forked ones pays."""

STEP_SECONDS = 60.0
"""Whatever comes before a run or after it ends sooner, or hangs; each look of a wait begins it anew."""

WAIT_SECONDS = 0.5
"""Between two looks at what is waited for."""

DEATH_SECONDS = 20.0
"""A run whose process has died in the middle is failed by then; one that lasts is alive, or left to others."""

CANCEL_SECONDS = 2.0
"""Between two looks whether a person has ended the run."""

LIMIT_TAG = "dagster/max_runtime"

_log = logging.getLogger(__name__)


@cache
def load_once() -> tuple[Settings, dg.RepositoryDefinition]:
    """Return the settings of this folder and the definitions for them, loaded once, with all that their runs need."""
    settings = fix_first_day(load_settings())
    has_google = any(sheet.spreadsheet for sheet in settings.sheets)
    for module in (*PRELOADED, *(["pokervod_pipelines.sheets.google.transport"] if has_google else [])):
        import_module(module)
    return settings, build_defs(settings=settings).get_repository_def()


def run_order(order: RunOrder) -> str | None:
    """Run the order to its end and return how it ended.

    Where its key has a run already, or other runs answer all that it was for, nothing is run, and it returns None.
    """
    setup_interrupt_handlers()
    _limit(STEP_SECONDS)
    with _open_router() as router:
        run = _create_run(router, order)
        if run is None:
            return None
        threading.Thread(target=_end_if_cancelled, args=(router.instance, run.run_id), daemon=True).start()
        _limit(float(run.tags[LIMIT_TAG]))
        ended = execute_run(InMemoryJob(load_once()[1].get_job(run.job_name)), run, router.instance)
        _limit(STEP_SECONDS)
        return "completed" if ended.success else f"failed ({describe_failure(router.instance, run.run_id)})"


def report_lost(order: RunOrder, problem: str) -> None:
    """Record that the run of the order failed, since its process did not end by itself, and free its pools."""
    _limit(STEP_SECONDS)
    with _open_router() as router:
        run = router.instance.get_run_by_id(order.run_id)
        if run is None or run.is_finished:
            return
        limit = float(run.tags[LIMIT_TAG])
        record = router.instance.get_run_record_by_id(order.run_id)
        began = record.start_time if record else None
        is_late = began is not None and time.time() - began >= limit - 1
        reason = f"it took longer than {limit:.0f} s" if is_late else problem
        router.instance.event_log_storage.free_concurrency_slots_for_run(order.run_id)
        router.instance.report_run_failed(run, f"Failed: {reason}; what it had committed is kept.")


def _limit(seconds: float) -> None:
    """Let the system end this process after so long, whatever it does, unless another limit is set before."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _end_if_cancelled(instance: dg.DagsterInstance, run_id: str) -> None:
    """Interrupt the run once a person ends it in the UI: Dagster itself knows no way to this process."""
    while True:
        time.sleep(CANCEL_SECONDS)
        with suppress(Exception):  # the database is away: the run itself says so
            run = instance.get_run_by_id(run_id)
            if run is not None and run.status in CANCELLED:
                os.kill(os.getpid(), signal.SIGTERM)
                return


CANCELLED = {dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED}


@contextmanager
def _open_router() -> Iterator[Router]:
    settings = load_once()[0]
    start_log(settings, "run", has_console=True)
    home = str(find_dagster_home(settings))
    with dg.DagsterInstance.from_config(home) as instance, open_database(settings) as engine:
        yield Router(instance, engine, settings, list_workflows())


def _create_run(router: Router, order: RunOrder) -> dg.DagsterRun | None:
    """Record the run, once fewer runs are in progress than may be at once; one process at a time decides that."""
    _wait_for_death(router, order.run_key)
    in_progress, told = dg.RunsFilter(statuses=IN_PROGRESS), False
    while True:
        _limit(STEP_SECONDS)
        with try_lock(router.engine, "turn of a run") as has_turn:
            if has_turn and router.instance.get_runs_count(in_progress) < router.settings.workflows.at_once:
                return _create_unless_known(router, order)
        if not told:
            _log.info("waits until fewer than %d runs are in progress", router.settings.workflows.at_once)
            told = True
        if has_turn:
            fail_dead_runs(router.instance, router.engine)
        time.sleep(WAIT_SECONDS)


def _wait_for_death(router: Router, run_key: str) -> None:
    """Wait a while for the end of a run with the key; where its process has died, it is failed.

    Dagster starts that one again, as often as its workflow says.
    """
    end = time.monotonic() + DEATH_SECONDS
    while find_run_keys(router.instance, [run_key], statuses=IN_PROGRESS) and time.monotonic() < end:
        fail_dead_runs(router.instance, router.engine)
        time.sleep(WAIT_SECONDS)


def _create_unless_known(router: Router, order: RunOrder) -> dg.DagsterRun | None:
    """Return a new run, None where the key has one or nothing is left to answer; its requests are done with it."""
    is_known = bool(find_run_keys(router.instance, [order.run_key]))
    tags = None if is_known else _find_tags(router, order)
    run = None
    if tags is not None:
        workflow = router.workflows[order.workflow]
        given = workflow.read_input(order.input, router.settings)
        own = {RUN_KEY_TAG: order.run_key, STARTED_BY_TAG: "watch"}
        run = create_run(
            router.instance,
            load_once()[1],
            workflow,
            given,
            router.settings,
            {**tags, **own},
            run_id=order.run_id,
            run_config=QUIET,
        )
    if is_known or run:
        with router.engine.begin() as connection:
            delete_answered(connection, [order.run_key])
    return run


def _find_tags(router: Router, order: RunOrder) -> Mapping[str, str] | None:
    """Return the tags of the run, None where the requests that it was for are answered or wait for one in the queue."""
    workflow = router.workflows[order.workflow]
    if not order.is_routed:
        given = workflow.read_input(order.input, router.settings)
        tags = request_tags(given, correlation_id=new_correlation_id(), priority=0)
        return tags | ({REVISION_TAG: order.revision} if order.revision else {})
    with router.engine.connect() as connection:
        parts = tuple(read_handed(connection, order.run_key))
    request = admit(router, HandedRequest(run_key=order.run_key, parts=parts)) if parts else None
    return make_tags(request, workflow.read_input(request.input, router.settings)) if request else None
