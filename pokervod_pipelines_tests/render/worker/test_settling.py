"""What comes of what a worker holds: finished, given to others, refused by the database, or stopped in the middle."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.render.actions import Order, cancel
from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.worker.maker import Report
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.idle_maker import name_output
from pokervod_pipelines_tests.render.queue_desk import QueueDesk
from pokervod_pipelines_tests.render.worker.hire import StagedMaker, are_all, come, give_away, hired, play

ORDER = Order(by="eva", reason="wrong player", correlation_id="")
SHORT = RenderQueueSettings(poll_seconds=60, retry_seconds=0, lease_seconds=3)


def test_a_cancelled_render_is_stopped_and_the_next_goes_on(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        gate = asyncio.Event()
        maker = StagedMaker(lambda *_: gate.wait(), slots=1)
        async with hired(queue_desk, maker):
            wrong, right = queue_desk.ask(2)
            await come(lambda: maker.begun == [wrong])
            cancel(queue_desk.engine, [wrong], ORDER)
            await come(lambda: maker.begun == [wrong, right])
            assert maker.stopped == [wrong]
            await come(lambda: queue_desk.row(wrong).state == "cancelled")
            gate.set()
            await come(lambda: queue_desk.row(right).state == "completed")
        assert maker.published == [right]

    play(case())

    assert queue_desk.execute("select outcome from render_attempts order by instruction_id")[0] == ("cancelled",)


def test_a_worker_whose_claim_was_taken_stops_and_changes_nothing(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        maker = StagedMaker(lambda *_: asyncio.Event().wait())
        async with hired(queue_desk, maker, SHORT):
            asked = queue_desk.ask(2)
            await come(lambda: maker.at_work == 2)
            await asyncio.to_thread(give_away, queue_desk)
            await come(lambda: maker.at_work == 0)
            assert sorted(maker.stopped) == asked

    play(case())

    assert queue_desk.execute("select distinct claimed_by, state from render_instructions") == [("next", "processing")]
    assert queue_desk.execute("select distinct outcome from render_attempts") == [("lost",)]


def test_what_is_finished_after_its_claim_was_taken_is_discarded(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        maker = StagedMaker()

        async def lose(_: Claim, __: Report) -> None:
            give_away(queue_desk)  # at once: a sign of life between would stop the work instead

        maker.play = lose
        async with hired(queue_desk, maker):
            asked = queue_desk.ask()
            await come(lambda: maker.discarded == asked)
        assert maker.published == []

    play(case())

    assert queue_desk.execute("select claimed_by from render_instructions") == [("next",)]


class OversizedMaker(StagedMaker):
    """All its graphics come out together, and one has more frames than the database can count."""

    def __init__(self, oversized: int) -> None:
        super().__init__(slots=4)
        self.oversized = oversized
        self.together = asyncio.Barrier(4)

    async def make(self, claim: Claim, report: Report) -> Made:
        made = await super().make(claim, report)
        if claim.held.retry_count == 0:
            await self.together.wait()
        return replace(made, facts=replace(made.facts, frames=2**40)) if claim.held.id == self.oversized else made


def test_what_the_database_refuses_of_one_fails_that_one_alone(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        first = queue_desk.take_one()
        queue_desk.finish(first)
        asked = queue_desk.ask(4)
        queue_desk.execute("update render_instructions set max_retries = 1 where state = 'pending'")
        maker = OversizedMaker(oversized=asked[1])
        async with hired(queue_desk, maker) as worker:
            await come(lambda: worker.tally.total() == 5)
        states = queue_desk.states()
        assert states == {first.id: "completed", **dict.fromkeys(asked, "completed"), asked[1]: "failed"}
        assert maker.discarded == [asked[1]] * 2

    play(case())

    (row,) = queue_desk.execute("select reason, failure_kind from render_instructions where state = 'failed'")
    assert "out of range" in row.reason
    assert row.failure_kind == "unknown"


def test_a_render_that_fails_while_it_is_stopped_and_others_are_settled_ends_once(queue_desk: QueueDesk) -> None:
    """Its failure is known when what came before it is settled, and not yet settled itself."""
    publishing, published = threading.Event(), threading.Event()

    class Maker(StagedMaker):
        async def make(self, claim: Claim, report: Report) -> Made:
            if claim.held.template == "payouts":
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    self.stopped.append(claim.held.id)
                    raise OSError("the farm did not answer when it was told to stop") from None
            return Made(held=claim.held, facts=name_output(claim.held), publish=self.publish)

        def publish(self) -> None:
            publishing.set()
            assert published.wait(60)

    async def case() -> None:
        maker = Maker()
        async with hired(queue_desk, maker) as worker:
            (stopped,) = queue_desk.ask(template="payouts")
            await come(lambda: queue_desk.row(stopped).state == "processing")
            (made,) = queue_desk.ask()
            await come(publishing.is_set)
            cancel(queue_desk.engine, [stopped], ORDER)
            await come(lambda: maker.stopped)
            published.set()
            await come(lambda: queue_desk.states() == {stopped: "cancelled", made: "completed"})
            await come(lambda: worker.tally == {"cancelled": 1, "completed": 1})

    try:
        play(case())
    finally:
        published.set()


def test_a_render_that_comes_to_its_end_though_it_is_stopped_is_discarded(queue_desk: QueueDesk) -> None:
    async def finish_anyway(_: Claim, __: Report) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async def case() -> None:
        maker = StagedMaker(finish_anyway)
        async with hired(queue_desk, maker):
            asked = queue_desk.ask()
            await come(lambda: maker.at_work)
            cancel(queue_desk.engine, asked, ORDER)
            await come(are_all(queue_desk, "cancelled"))
            await come(lambda: maker.discarded == asked)
        assert maker.published == []

    play(case())


def test_disks_that_hang_do_not_keep_a_worker_from_showing_life(queue_desk: QueueDesk) -> None:
    gate = threading.Event()

    async def case() -> None:
        maker = StagedMaker(lambda *_: asyncio.to_thread(gate.wait, 60), slots=50)
        async with hired(queue_desk, maker, SHORT):
            queue_desk.ask(50)
            alive = "select 1 from render_instructions having min(heartbeat_at - started_at) > interval '5 seconds'"
            try:
                await come(lambda: queue_desk.execute(alive))
            finally:
                gate.set()
            await come(are_all(queue_desk, "completed"))

    play(case())

    assert queue_desk.execute("select distinct outcome from render_attempts") == [("completed",)]


WAITING = "select 1 from pg_locks l join pg_class c on c.oid = l.relation and not l.granted"


def test_a_worker_told_twice_while_it_takes_hands_back_what_it_is_given(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        maker = StagedMaker(lambda *_: asyncio.Event().wait())
        (asked,) = queue_desk.ask()
        with queue_desk.engine.connect() as connection:
            connection.execute(text("lock table render_instructions in exclusive mode"))
            async with hired(queue_desk, maker, grace_seconds=1000) as worker:
                await come(lambda: queue_desk.execute(f"{WAITING} and c.relname = 'render_instructions'"))
                worker.stop()
                worker.stop()
                connection.commit()
        assert maker.stopped in ([], [asked])

    play(case())

    assert queue_desk.execute("select state, retry_count from render_instructions") == [("pending", 0)]
    assert queue_desk.execute("select outcome from render_attempts") == [("handed_back",)]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that this test may stop."""
    server = EmbeddedServer(tmp_path / "postgres", settings={"fsync": "off"})
    with server:
        server.create_database("away")
        yield server
    server.erase()


def test_what_is_finished_while_the_database_is_away_is_settled_when_it_is_back(
    own_server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    desk = QueueDesk(engine=make_engine(own_server.url("away", OUR_DRIVER)))
    upgrade_database(desk.engine)

    async def case() -> None:
        gate = asyncio.Event()
        maker = StagedMaker(lambda *_: gate.wait(), slots=2)
        async with hired(desk, maker):
            asked = desk.ask(6)
            await come(lambda: maker.at_work == 2)
            await asyncio.to_thread(own_server.stop)
            gate.set()
            await come(lambda: maker.at_work == 0)
            await asyncio.sleep(2)  # it is tried in vain meanwhile
            await asyncio.to_thread(own_server.acquire)
            await come(are_all(desk, "completed"))
            desk.ask()
            await come(are_all(desk, "completed"))
        told = [record.getMessage() for record in caplog.records if record.name.endswith("worker.ledger")]
        assert [text.partition(",")[0] for text in told] == [
            "the database does not answer",
            "the database answers again",
        ]
        assert sorted(maker.published)[:6] == asked
        assert len(maker.begun) == len(maker.published) == 7

    try:
        play(case())
        assert desk.execute("select distinct outcome from render_attempts") == [("completed",)]
    finally:
        desk.engine.dispose()
        own_server.release()


def test_a_worker_whose_database_stays_away_ends_all_the_same(own_server: EmbeddedServer) -> None:
    desk = QueueDesk(engine=make_engine(own_server.url("away", OUR_DRIVER)))
    upgrade_database(desk.engine)

    async def case() -> None:
        maker = StagedMaker(lambda *_: asyncio.Event().wait())
        async with hired(desk, maker, grace_seconds=0):
            asked = desk.ask(2)
            await come(lambda: maker.at_work == 2)
            await asyncio.to_thread(own_server.stop)
        assert sorted(maker.stopped) == asked

    play(case())
    desk.engine.dispose()


def test_an_idle_worker_whose_database_is_away_ends_when_it_is_told_to(
    own_server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    desk = QueueDesk(engine=make_engine(own_server.url("away", OUR_DRIVER)))
    upgrade_database(desk.engine)

    async def case() -> None:
        async with hired(desk, StagedMaker(), RenderQueueSettings(poll_seconds=0.05)):
            await asyncio.to_thread(own_server.stop)
            await come(lambda: "the database does not answer" in caplog.text)
            await asyncio.sleep(1)  # it looks for work, in vain

    play(case())
    desk.engine.dispose()
