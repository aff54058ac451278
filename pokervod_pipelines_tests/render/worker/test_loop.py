"""Check that a worker keeps to its slots, its time limits and its day, and how often it reports."""

import asyncio
from datetime import date

import pytest

from pokervod_pipelines.render.failures import TransientFailure
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.worker.running import ReportProgress
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.worker.running_worker import (
    Script,
    ScriptedPipeline,
    are_all,
    limit_eliminations,
    run_case,
    running_worker,
    wait_for,
)

DAY, OTHER_DAY = date(2031, 5, 4), date(2031, 5, 5)
SHORT = RenderQueueSettings(poll_seconds=60, retry_seconds=0, lease_seconds=3)


async def stay(*_: object) -> None:
    """Never finish."""
    await asyncio.Event().wait()


async def walk_on(_: ClaimedJob, report: ReportProgress) -> None:
    """Report progress all the time, and never finish."""
    for step in range(1_000_000):
        report(1 - 0.999**step)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("slots", [1, 3])
def test_never_more_jobs_run_than_there_are_slots(queue_database: QueueDatabase, slots: int) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline(lambda *_: asyncio.sleep(0.01), slots=slots)
        async with running_worker(queue_database, pipeline):
            queue_database.request(12 * slots)
            await wait_for(are_all(queue_database, "completed"))
        assert pipeline.max_running_jobs == slots
        assert len(pipeline.started) == 12 * slots

    run_case(case())


def test_more_than_a_hundred_jobs_run_in_one_process(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        gate = asyncio.Event()
        pipeline = ScriptedPipeline(lambda *_: gate.wait(), slots=120)
        async with running_worker(queue_database, pipeline, SHORT):
            asked = queue_database.request(130)
            await wait_for(lambda: pipeline.running == 120)
            leases = "select count(*) from render_instructions where heartbeat_at > started_at + interval '3 seconds'"
            await wait_for(lambda: queue_database.execute(leases)[0][0] == 120)
            gate.set()
            await wait_for(are_all(queue_database, "completed"))
        assert sorted(pipeline.published) == asked
        assert queue_database.execute("select count(*) from render_attempts where outcome <> 'completed'")[0][0] == 0

    run_case(case())


TIME_LIMITS = [
    ({"max_seconds": 0.6}, walk_on, "the limit is 1 s"),
    ({"max_silent_seconds": 0.6}, stay, "stopped at 0%: no progress for"),
]


@pytest.mark.parametrize(("limits", "script", "reason"), TIME_LIMITS, ids=["time", "silence"])
def test_a_render_over_its_limit_is_stopped_retried_and_in_the_end_timed_out(
    queue_database: QueueDatabase, limits: dict[str, float], script: Script, reason: str
) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline(script)
        async with running_worker(queue_database, pipeline, read_templates=limit_eliminations(**limits)):
            (slow,) = queue_database.request()
            (other,) = queue_database.request(template="payouts")
            queue_database.execute("update render_instructions set max_retries = 1")
            await wait_for(lambda: queue_database.row(slow).state == "timed_out")
            assert pipeline.stopped == [slow, slow]
            assert queue_database.row(other).state == "processing"
        row = queue_database.row(slow)
        assert reason in row.reason
        assert row.reason.endswith("(2 attempts)")
        assert (row.retry_count, row.failure_kind) == (1, "timeout")

    run_case(case())


def test_a_render_that_reports_progress_is_not_silent(queue_database: QueueDatabase) -> None:
    async def speak(_: ClaimedJob, report: ReportProgress) -> None:
        for step in range(60):
            report(step / 60)
            await asyncio.sleep(0.1)

    async def case() -> None:
        # It lasts longer than the limit, and a busy machine is not silent for so long.
        async with running_worker(
            queue_database, ScriptedPipeline(speak), read_templates=limit_eliminations(max_silent_seconds=5.0)
        ):
            queue_database.request()
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    assert queue_database.execute("select outcome from render_attempts") == [("completed",)]


@pytest.mark.long
def test_a_job_may_be_queued_at_its_renderer_for_longer_than_its_limit(queue_database: QueueDatabase) -> None:
    async def wait(_: ClaimedJob, report: ReportProgress) -> None:
        for _step in range(120):
            report(0.0)
            await asyncio.sleep(0.05)
        report(0.5)

    async def case() -> None:
        look = limit_eliminations(max_seconds=5.0, max_silent_seconds=5.0)
        async with running_worker(queue_database, ScriptedPipeline(wait), SHORT, read_templates=look):
            queue_database.request()
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    assert queue_database.execute("select outcome from render_attempts") == [("completed",)]


@pytest.mark.long
def test_progress_is_written_at_most_once_a_second(queue_database: QueueDatabase) -> None:
    queue_database.execute("create table progress_log (moment timestamptz default clock_timestamp(), progress real)")
    queue_database.execute("""
        create function log_progress() returns trigger language plpgsql as
        $$ begin insert into progress_log (progress) values (new.progress); return null; end $$
    """)
    queue_database.execute("""
        create trigger log_progress after update on render_instructions for each row
        when (old.progress is distinct from new.progress and new.state = 'processing' and old.state = 'processing')
        execute function log_progress()
    """)

    async def speak(_: ClaimedJob, report: ReportProgress) -> None:
        for step in range(1000):
            report(step / 1000)
            await asyncio.sleep(0.004)

    async def case() -> None:
        async with running_worker(queue_database, ScriptedPipeline(speak)):
            queue_database.request()
            await wait_for(are_all(queue_database, "completed"))

    try:
        run_case(case())
        gaps = queue_database.execute("""
            select extract(epoch from moment - lag(moment) over (order by moment))::float as gap, progress
            from progress_log order by moment
        """)
    finally:
        queue_database.execute("drop trigger log_progress on render_instructions")
        queue_database.execute("drop function log_progress; drop table progress_log")
    assert len(gaps) >= 3
    assert [row.progress for row in gaps] == sorted(row.progress for row in gaps)
    assert sum(row.gap for row in gaps[1:]) >= 0.9 * len(gaps[1:])


def test_a_worker_of_a_day_ends_when_nothing_of_it_is_due(queue_database: QueueDatabase) -> None:
    mine, others = queue_database.request(5), queue_database.request(2)
    queue_database.execute(
        "update render_instructions set broadcast_day = :day where id = any(:ids)", day=OTHER_DAY, ids=others
    )
    (later,) = queue_database.request()
    queue_database.execute("update render_instructions set due_at = now() + interval '1 hour' where id = :id", id=later)

    async def case() -> None:
        pipeline = ScriptedPipeline(lambda *_: asyncio.sleep(0.05), slots=2)
        async with running_worker(queue_database, pipeline, day=DAY, until_empty=True) as worker:
            await wait_for(lambda: queue_database.execute("select 1 from render_workers where stopped_at is not null"))
        assert sorted(pipeline.started) == mine
        assert worker.counts == {"completed": 5}

    run_case(case())

    assert {queue_database.states()[each] for each in [*others, later]} == {"pending"}


def test_a_worker_until_empty_renders_what_comes_meanwhile_and_what_failed_at_first(
    queue_database: QueueDatabase,
) -> None:
    pipeline = ScriptedPipeline(slots=2)

    async def request_more(job: ClaimedJob, _: ReportProgress) -> None:
        if len(pipeline.started) < 6:
            await asyncio.to_thread(queue_database.request)
        if job.retry_count == 0:
            raise TransientFailure("it broke off")

    pipeline.script = request_more
    queue_database.request()

    async def case() -> None:
        async with running_worker(queue_database, pipeline, until_empty=True):
            await wait_for(lambda: queue_database.execute("select 1 from render_workers where stopped_at is not null"))

    run_case(case())

    assert {*queue_database.states().values()} == {"completed"}
    assert len(pipeline.published) > 1
