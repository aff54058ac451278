"""Check that a run whose process has ended is failed, that its pools are freed, and that living runs are left alone."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, EngineEventData
from sqlalchemy import Engine

from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.dead_runs import describe_waits, fail_dead_runs, hold_run
from pokervod_pipelines.settings import Settings

HOUR = 3_600.0
STATUS = dg.DagsterRunStatus


@dg.op(pool="nas")
def scan() -> None:
    pass


@dg.job(executor_def=dg.in_process_executor)
def scans() -> None:
    scan()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        made.event_log_storage.set_concurrency_slots("nas", 1)
        yield made


@pytest.fixture
def ended_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def start_run(
    instance: dg.DagsterInstance, status: STATUS, *, pid: int | None = None, age: float = 0.0
) -> dg.DagsterRun:
    """Return a run in that status that holds the pool, or waits for it, and whose log names the process."""
    run = instance.create_run_for_job(scans, status=status)
    instance.event_log_storage.claim_concurrency_slot("nas", run.run_id, "scan")
    if pid is not None:
        event = DagsterEvent("ENGINE_EVENT", scans.name, event_specific_data=EngineEventData.in_process(pid))
        entry = dg.EventLogEntry(
            error_info=None,
            level=10,
            user_message="",
            run_id=run.run_id,
            timestamp=time.time() - age,
            dagster_event=event,
        )
        instance.handle_new_event(entry)
    return run


def read_status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> STATUS:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STATUS.NOT_STARTED, STATUS.FAILURE),
        (STATUS.STARTING, STATUS.FAILURE),
        (STATUS.STARTED, STATUS.FAILURE),
        (STATUS.CANCELING, STATUS.CANCELED),
        (STATUS.SUCCESS, STATUS.SUCCESS),
    ],
)
@pytest.mark.parametrize("names_a_process", [True, False])
def test_a_run_without_its_process_is_ended(
    engine: Engine, instance: dg.DagsterInstance, ended_pid: int, before: STATUS, after: STATUS, names_a_process: bool
) -> None:
    run = start_run(instance, before, pid=ended_pid if names_a_process else None)

    fail_dead_runs(instance, engine, now=in_an_hour())

    assert read_status(instance, run) is after
    assert fail_dead_runs(instance, engine, now=in_an_hour()) == []


@pytest.mark.parametrize(
    ("has_lock", "is_named", "age", "later", "is_alive"),
    [
        (True, False, 0, HOUR, True),  # on another machine
        (True, True, HOUR, HOUR, True),  # the lock counts more than the number of an ended process
        (False, True, 0, HOUR, True),  # the database was restarted, and with it went the lock
        (False, True, HOUR * 24 * 365, HOUR, False),  # its number belongs to another process since
        (False, False, 0, 0, True),  # it is about to start
        (False, False, 0, 60, False),  # it never started
    ],
)
def test_a_run_lives_with_its_lock_or_its_process(
    engine: Engine,
    instance: dg.DagsterInstance,
    *,
    has_lock: bool,
    is_named: bool,
    age: float,
    later: float,
    is_alive: bool,
) -> None:
    run = start_run(instance, STATUS.STARTED, pid=os.getpid() if is_named else None, age=age)
    lock = hold_run(engine, run.run_id)

    if has_lock:
        with lock:
            fail_dead_runs(instance, engine, now=datetime.now(UTC) + timedelta(seconds=later))
    else:
        fail_dead_runs(instance, engine, now=datetime.now(UTC) + timedelta(seconds=later))

    assert (read_status(instance, run) is STATUS.STARTED) is is_alive


@pytest.mark.parametrize(
    ("restarted", "later", "has_process", "is_alive"),
    [
        (1, 15, False, False),  # the restart came after the run, whose process cannot come any more
        (1, 5, False, True),  # another command may have made it just before
        (-1, 15, False, True),  # it is about to start
        (None, 15, False, True),
        (1, 15, True, True),
    ],
)
def test_a_run_from_before_a_restart_is_not_waited_for(
    engine: Engine,
    instance: dg.DagsterInstance,
    restarted: int | None,
    later: int,
    *,
    has_process: bool,
    is_alive: bool,
) -> None:
    before = datetime.now(UTC)
    run = start_run(instance, STATUS.STARTING, pid=os.getpid() if has_process else None)
    now = datetime.now(UTC)
    begun = now if (restarted or 0) > 0 else before  # however long it takes to start the run
    restarted_at = None if restarted is None else begun + timedelta(seconds=restarted)

    fail_dead_runs(instance, engine, now=now + timedelta(seconds=later), restarted_at=restarted_at)

    assert (read_status(instance, run) is STATUS.STARTING) is is_alive


def test_a_dead_run_frees_its_pool_for_the_one_that_waits(
    engine: Engine, instance: dg.DagsterInstance, ended_pid: int
) -> None:
    dead = start_run(instance, STATUS.STARTED, pid=ended_pid)
    waiting = start_run(instance, STATUS.STARTED, pid=os.getpid())

    waits = describe_waits(instance, waiting.run_id)
    (sentence,) = fail_dead_runs(instance, engine, now=in_an_hour())
    claim = instance.event_log_storage.claim_concurrency_slot("nas", waiting.run_id, "scan")

    assert waits == [f"waits for pool nas, held by run {dead.run_id[:8]} (scans)"]
    assert sentence.startswith(f"run {dead.run_id[:8]} (scans): its process ended before it did")
    assert claim.is_claimed
    assert describe_waits(instance, waiting.run_id) == []


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_an_ended_run_holds_and_waits_for_is_freed(
    engine: Engine, instance: dg.DagsterInstance, is_deleted: bool
) -> None:
    holding, pending = start_run(instance, STATUS.FAILURE), start_run(instance, STATUS.CANCELED)
    if is_deleted:
        for run in (holding, pending):
            instance.delete_run(run.run_id)

    done = fail_dead_runs(instance, engine)

    info = instance.event_log_storage.get_concurrency_info("nas")
    assert len(done) == 2
    assert (info.claimed_slots, info.pending_steps) == ([], [])


def test_a_run_holds_its_lock_while_its_ops_run(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    with engine.connect() as connection:
        url = connection.engine.url.render_as_string(hide_password=False)
    resource = build_defs(settings=settings_factory(database_url=url)).resources["engine"]
    seen: list[list[str]] = []

    @dg.op(required_resource_keys={"engine"})
    def look(context: dg.OpExecutionContext) -> None:
        later = in_an_hour()
        seen.append(fail_dead_runs(context.instance, context.resources.engine, now=later))

    @dg.job(resource_defs={"engine": resource})
    def looks() -> None:
        look()

    with dg.DagsterInstance.ephemeral() as instance:
        assert looks.execute_in_process(instance=instance).success

    assert seen == [[]]


def test_the_sensor_says_what_it_did(
    engine: Engine, instance: dg.DagsterInstance, settings_factory: Callable[..., Settings]
) -> None:
    run = start_run(instance, STATUS.FAILURE)
    defs = build_defs(settings=settings_factory(), engine=engine)
    sensor = defs.get_repository_def().get_sensor_def("dead_runs")

    with dg.build_sensor_context(instance=instance, definitions=defs) as context:
        reasons = [str(sensor(context).skip_message) for _ in range(2)]

    assert reasons == [
        f"run {run.run_id[:8]}: had ended and still held a pool, which is free now",
        "every run in progress has its process",
    ]
