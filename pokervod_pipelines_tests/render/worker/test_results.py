"""Check how jobs of a worker end: completed, claimed by another, refused by the database, or stopped."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.render.actions import cancel
from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.worker.running import ReportProgress
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.worker.running_worker import (
    ScriptedPipeline,
    are_all,
    reassign_jobs,
    run_case,
    running_worker,
    wait_for,
)

ACTOR = Actor(who="eva", reason="wrong player", correlation_id="")
SHORT = RenderQueueSettings(poll_seconds=60, retry_seconds=0, lease_seconds=3)


def test_a_cancelled_render_is_stopped_and_the_next_one_runs(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        gate = asyncio.Event()
        pipeline = ScriptedPipeline(lambda *_: gate.wait(), slots=1)
        async with running_worker(queue_database, pipeline):
            wrong, right = queue_database.request(2)
            await wait_for(lambda: pipeline.started == [wrong])
            cancel(queue_database.engine, [wrong], ACTOR)
            await wait_for(lambda: pipeline.started == [wrong, right])
            assert pipeline.stopped == [wrong]
            await wait_for(lambda: queue_database.row(wrong).state == "cancelled")
            gate.set()
            await wait_for(lambda: queue_database.row(right).state == "completed")
        assert pipeline.published == [right]

    run_case(case())

    assert queue_database.execute("select outcome from render_attempts order by instruction_id")[0] == ("cancelled",)


def test_a_worker_whose_claim_was_lost_stops_and_changes_nothing(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline(lambda *_: asyncio.Event().wait())
        async with running_worker(queue_database, pipeline, SHORT):
            asked = queue_database.request(2)
            await wait_for(lambda: pipeline.running == 2)
            await asyncio.to_thread(reassign_jobs, queue_database)
            await wait_for(lambda: pipeline.running == 0)
            assert sorted(pipeline.stopped) == asked

    run_case(case())

    assert queue_database.execute("select distinct claimed_by, state from render_instructions") == [
        ("next", "processing")
    ]
    assert queue_database.execute("select distinct outcome from render_attempts") == [("lost",)]


def test_a_file_finished_after_its_claim_was_lost_is_discarded(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline()

        async def lose(_: ClaimedJob, __: ReportProgress) -> None:
            reassign_jobs(queue_database)  # at once: a heartbeat between would stop the job instead

        pipeline.script = lose
        async with running_worker(queue_database, pipeline):
            asked = queue_database.request()
            await wait_for(lambda: pipeline.discarded == asked)
        assert pipeline.published == []

    run_case(case())

    assert queue_database.execute("select claimed_by from render_instructions") == [("next",)]


class OversizedPipeline(ScriptedPipeline):
    """Finish all jobs together, one of them with more frames than the database can count."""

    def __init__(self, oversized: int) -> None:
        super().__init__(slots=4)
        self.oversized = oversized
        self.together = asyncio.Barrier(4)

    async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
        made = await super().render(job, report)
        if job.retry_count == 0:
            await self.together.wait()
        return replace(made, facts=replace(made.facts, frames=2**40)) if job.id == self.oversized else made


def test_a_row_that_the_database_refuses_fails_its_own_job_only(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        first = queue_database.claim_one()
        queue_database.finish(first)
        asked = queue_database.request(4)
        queue_database.execute("update render_instructions set max_retries = 1 where state = 'pending'")
        pipeline = OversizedPipeline(oversized=asked[1])
        async with running_worker(queue_database, pipeline) as worker:
            await wait_for(lambda: worker.counts.total() == 5)
        states = queue_database.states()
        assert states == {first.id: "completed", **dict.fromkeys(asked, "completed"), asked[1]: "failed"}
        assert pipeline.discarded == [asked[1]] * 2

    run_case(case())

    (row,) = queue_database.execute("select reason, failure_kind from render_instructions where state = 'failed'")
    assert "out of range" in row.reason
    assert row.failure_kind == "unknown"


def test_a_render_that_fails_while_it_is_stopped_and_others_are_recorded_ends_once(
    queue_database: QueueDatabase,
) -> None:
    """Its failure comes while earlier results are recorded, and is not recorded yet itself."""
    publishing, published = threading.Event(), threading.Event()

    class CancelledPipeline(ScriptedPipeline):
        async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
            if job.template == "payouts":
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    self.stopped.append(job.id)
                    raise OSError("the farm did not answer when it was told to stop") from None
            return FinishedRender(job=job, facts=make_output_facts(job), publish=self.publish)

        def publish(self) -> None:
            publishing.set()
            assert published.wait(60)

    async def case() -> None:
        pipeline = CancelledPipeline()
        async with running_worker(queue_database, pipeline) as worker:
            (stopped,) = queue_database.request(template="payouts")
            await wait_for(lambda: queue_database.row(stopped).state == "processing")
            (made,) = queue_database.request()
            await wait_for(publishing.is_set)
            cancel(queue_database.engine, [stopped], ACTOR)
            await wait_for(lambda: pipeline.stopped)
            published.set()
            await wait_for(lambda: queue_database.states() == {stopped: "cancelled", made: "completed"})
            await wait_for(lambda: worker.counts == {"cancelled": 1, "completed": 1})

    try:
        run_case(case())
    finally:
        published.set()


def test_a_render_that_finishes_though_it_is_stopped_is_discarded(queue_database: QueueDatabase) -> None:
    async def finish_anyway(_: ClaimedJob, __: ReportProgress) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async def case() -> None:
        pipeline = ScriptedPipeline(finish_anyway)
        async with running_worker(queue_database, pipeline):
            asked = queue_database.request()
            await wait_for(lambda: pipeline.running)
            cancel(queue_database.engine, asked, ACTOR)
            await wait_for(are_all(queue_database, "cancelled"))
            await wait_for(lambda: pipeline.discarded == asked)
        assert pipeline.published == []

    run_case(case())


@pytest.mark.long
def test_hanging_disks_do_not_stop_heartbeats(queue_database: QueueDatabase) -> None:
    gate = threading.Event()

    async def case() -> None:
        pipeline = ScriptedPipeline(lambda *_: asyncio.to_thread(gate.wait, 60), slots=50)
        async with running_worker(queue_database, pipeline, SHORT):
            queue_database.request(50)
            alive = "select 1 from render_instructions having min(heartbeat_at - started_at) > interval '5 seconds'"
            try:
                await wait_for(lambda: queue_database.execute(alive))
            finally:
                gate.set()
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    assert queue_database.execute("select distinct outcome from render_attempts") == [("completed",)]


WAITING = "select 1 from pg_locks l join pg_class c on c.oid = l.relation and not l.granted"


def test_a_worker_stopped_twice_while_it_claims_releases_its_jobs(queue_database: QueueDatabase) -> None:
    async def case() -> None:
        pipeline = ScriptedPipeline(lambda *_: asyncio.Event().wait())
        (asked,) = queue_database.request()
        with queue_database.engine.connect() as connection:
            connection.execute(text("lock table render_instructions in exclusive mode"))
            async with running_worker(queue_database, pipeline, grace_seconds=1000) as worker:
                await wait_for(lambda: queue_database.execute(f"{WAITING} and c.relname = 'render_instructions'"))
                worker.stop()
                worker.stop()
                connection.commit()
        assert pipeline.stopped in ([], [asked])

    run_case(case())

    assert queue_database.execute("select state, retry_count from render_instructions") == [("pending", 0)]
    assert queue_database.execute("select outcome from render_attempts") == [("released",)]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """Return a server that this test may stop."""
    server = EmbeddedServer(tmp_path / "postgres", settings={"fsync": "off"})
    with server:
        server.create_database("away")
        yield server
    server.erase()


def test_results_that_come_while_the_database_is_away_are_recorded_when_it_is_back(
    own_server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    database = QueueDatabase(engine=make_engine(own_server.url("away", OUR_DRIVER)))
    upgrade_database(database.engine)

    async def case() -> None:
        gate = asyncio.Event()
        pipeline = ScriptedPipeline(lambda *_: gate.wait(), slots=2)
        async with running_worker(database, pipeline):
            asked = database.request(6)
            await wait_for(lambda: pipeline.running == 2)
            await asyncio.to_thread(own_server.stop)
            gate.set()
            await wait_for(lambda: pipeline.running == 0)
            await asyncio.sleep(2)  # it is retried in vain meanwhile
            await asyncio.to_thread(own_server.acquire)
            await wait_for(are_all(database, "completed"))
            database.request()
            await wait_for(are_all(database, "completed"))
        messages = [record.getMessage() for record in caplog.records if record.name.endswith("worker.database")]
        assert [text.partition(",")[0] for text in messages] == [
            "the database is unavailable",
            "the database is available again",
        ]
        assert sorted(pipeline.published)[:6] == asked
        assert len(pipeline.started) == len(pipeline.published) == 7

    try:
        run_case(case())
        assert database.execute("select distinct outcome from render_attempts") == [("completed",)]
    finally:
        database.engine.dispose()
        own_server.release()


@pytest.mark.long
def test_a_worker_whose_database_stays_away_ends(own_server: EmbeddedServer) -> None:
    database = QueueDatabase(engine=make_engine(own_server.url("away", OUR_DRIVER)))
    upgrade_database(database.engine)

    async def case() -> None:
        pipeline = ScriptedPipeline(lambda *_: asyncio.Event().wait())
        async with running_worker(database, pipeline, grace_seconds=0):
            asked = database.request(2)
            await wait_for(lambda: pipeline.running == 2)
            await asyncio.to_thread(own_server.stop)
        assert sorted(pipeline.stopped) == asked

    run_case(case())
    database.engine.dispose()


@pytest.mark.long
def test_an_idle_worker_whose_database_is_away_stops(
    own_server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    database = QueueDatabase(engine=make_engine(own_server.url("away", OUR_DRIVER)))
    upgrade_database(database.engine)

    async def case() -> None:
        async with running_worker(database, ScriptedPipeline(), RenderQueueSettings(poll_seconds=0.05)):
            await asyncio.to_thread(own_server.stop)
            await wait_for(lambda: "the database is unavailable" in caplog.text)
            await asyncio.sleep(1)  # it searches for work, in vain

    run_case(case())
    database.engine.dispose()
