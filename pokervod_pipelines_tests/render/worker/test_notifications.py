"""Check that notifications wake a worker at once, not its polling, also after its connection was cut."""

import asyncio
import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.render import pauses
from pokervod_pipelines.render.actions import cancel, prioritize, retry
from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, TransientFailure
from pokervod_pipelines.render.queue import release_claims, requeue_lost
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.render.worker.database import NotificationListener
from pokervod_pipelines.render.worker.running import ReportProgress
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.worker.running_worker import (
    NO_POLLING,
    ScriptedPipeline,
    are_all,
    has_published,
    run_case,
    running_worker,
    wait_for,
)

WAITING = NO_POLLING.model_copy(update={"retry_seconds": 1.0, "pause_seconds": 1.0})
SINGLE = NO_POLLING.model_copy(update={"max_running": {"elimination": 1}})

CUT = """
    select pg_terminate_backend(pid, 60000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
"""End every other connection to the database, and wait until they are closed."""


def make_actor() -> Actor:
    return Actor(who="eva", reason="it is wanted", correlation_id=uuid4().hex)


def test_a_request_is_claimed_without_polling(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline()
        async with running_worker(queue_database, pipeline):
            for count in (1, 5):
                asked = queue_database.request(count)
                await wait_for(has_published(pipeline, asked))

    run_case(case())


def test_a_retried_instruction_is_claimed_without_polling(queue_database: QueueDatabase) -> None:
    async def refuse_once(job: ClaimedJob, _: ReportProgress) -> None:
        if pipeline.started.count(job.id) == 1:
            raise BadInstruction("no such composition")

    pipeline = ScriptedPipeline(refuse_once)

    async def case() -> None:
        async with running_worker(queue_database, pipeline):
            asked = queue_database.request(2)
            await wait_for(are_all(queue_database, "failed"))
            retry(queue_database.engine, asked, make_actor())
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())


def test_a_resumed_scope_is_claimed_without_polling(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline()
        async with running_worker(queue_database, pipeline):
            pauses.pause(queue_database.engine, "all", make_actor())
            queue_database.request(3)
            pauses.resume(queue_database.engine, "all", make_actor())
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())


def cut_and_request(database: QueueDatabase, count: int) -> None:
    """Request so many graphics after every connection was cut, and before any is restored."""
    with database.engine.begin() as connection:
        connection.execute(text(CUT))
        connection.execute(
            text("""
                insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key,
                    broadcast_day, by)
                select 'elimination', '{}', '{}', '', 'person', gen_random_uuid()::text, '2031-05-04', 'eva'
                from generate_series(1, :count)
            """),
            {"count": count},
        )


def test_a_request_made_while_the_connection_was_cut_is_claimed(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline()
        async with running_worker(queue_database, pipeline):
            for _ in range(3):
                queue_database.request()
                await wait_for(are_all(queue_database, "completed"))
                await asyncio.to_thread(cut_and_request, queue_database, 2)
                await wait_for(are_all(queue_database, "completed"))

    run_case(case())


def test_a_cut_connection_is_restored_and_wakes_the_worker(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        listener = NotificationListener(queue_database.engine)
        listener.start()
        try:
            await listener.wait_for_work(60)
            assert await listener.wait_for_cancel(60)
            await asyncio.to_thread(queue_database.execute, CUT)
            await listener.wait_for_work(60)
            assert await listener.wait_for_cancel(60)
        finally:
            await listener.close()

    run_case(case())


def test_a_listener_tells_work_from_a_cancel(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        listener = NotificationListener(queue_database.engine)
        listener.start()
        try:
            await listener.wait_for_work(60)
            assert await listener.wait_for_cancel(60)
            queue_database.execute("select pg_notify('pokervod_render', 'pending')")
            await listener.wait_for_work(60)
            assert not await listener.wait_for_cancel(0)
            queue_database.execute("select pg_notify('pokervod_render', 'cancel')")
            assert await listener.wait_for_cancel(60)
        finally:
            await listener.close()

    run_case(case())


def list_threads() -> set[str]:
    return {each.name for each in threading.enumerate()}


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_closed_listener_has_ended_and_with_it_its_connection(queue_database: QueueDatabase, is_cut: bool) -> None:
    async def case() -> None:
        listener = NotificationListener(queue_database.engine)
        listener.start()
        assert await listener.wait_for_cancel(60)
        assert "render-notifications" in list_threads()
        if is_cut:
            await asyncio.to_thread(queue_database.execute, CUT)
        await listener.close()
        assert "render-notifications" not in list_threads()

    run_case(case())


def test_a_worker_that_ended_listens_no_more(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        async with running_worker(queue_database, ScriptedPipeline()):
            queue_database.request()
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    assert "render-notifications" not in list_threads()


def fail_once(pipeline: ScriptedPipeline, error: Exception) -> None:
    """Let the first attempt of each job fail so."""

    async def fail_first(job: ClaimedJob, _: ReportProgress) -> None:
        if pipeline.started.count(job.id) == 1:
            raise error

    pipeline.script = fail_first


@pytest.mark.parametrize(
    "error", [TransientFailure("it broke off"), NoCapacity("no licence")], ids=["backoff", "pause"]
)
def test_a_retry_is_claimed_when_due_without_polling(queue_database: QueueDatabase, error: Exception) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline()
        fail_once(pipeline, error)
        async with running_worker(queue_database, pipeline, WAITING):
            queue_database.request(2)
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    waits = queue_database.execute("""
        select extract(epoch from r.started_at - a.ended_at) from render_instructions r
        join render_attempts a on a.instruction_id = r.id and a.outcome <> 'completed'
    """)
    assert all(wait[0] >= WAITING.retry_seconds / 2 for wait in waits)


def finish(database: QueueDatabase, job: Job) -> None:
    database.finish(job)


def refuse(database: QueueDatabase, job: Job) -> None:
    database.fail(job, BadInstruction("no such composition"))


def withdraw(database: QueueDatabase, job: Job) -> None:
    cancel(database.engine, [job.id], make_actor())
    release_claims(database.engine, database.limits, [job], "it was stopped")


def lose(database: QueueDatabase, job: Job) -> None:
    database.execute("update render_instructions set max_retries = 0 where id = :id", id=job.id)
    database.expire_lease(job.id)
    requeue_lost(database.engine, database.limits)


@pytest.mark.parametrize("end", [finish, refuse, withdraw, lose])
def test_a_job_of_another_worker_that_ends_makes_room_without_polling(
    queue_database: QueueDatabase, end: Callable[[QueueDatabase, Job], None]
) -> None:
    queue_database.limits = SINGLE
    job = queue_database.claim_one(worker="another")

    async def case() -> None:
        pipeline = ScriptedPipeline()
        async with running_worker(queue_database, pipeline, SINGLE):
            (waiting,) = queue_database.request()
            (other,) = queue_database.request(template="payouts")
            await wait_for(has_published(pipeline, [other]))
            assert pipeline.started == [other]
            await asyncio.to_thread(end, queue_database, job)
            await wait_for(has_published(pipeline, [waiting]))

    run_case(case())


def test_a_higher_priority_is_claimed_before_an_older_request(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        gate = asyncio.Event()
        pipeline = ScriptedPipeline(lambda *_: gate.wait(), slots=1)
        async with running_worker(queue_database, pipeline):
            asked = queue_database.request(4)
            await wait_for(lambda: pipeline.started)
            prioritize(queue_database.engine, asked[-1:], 1, make_actor())
            gate.set()
            await wait_for(are_all(queue_database, "completed"))
        assert pipeline.started == [asked[0], asked[3], asked[1], asked[2]]

    run_case(case())
