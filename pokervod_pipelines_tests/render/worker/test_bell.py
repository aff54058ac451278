"""A worker is woken by what it is told, not by looking: at once, and also after its line was cut."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import text

from pokervod_pipelines.render import pauses
from pokervod_pipelines.render.actions import Order, cancel, prioritize, retry
from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, Passing
from pokervod_pipelines.render.queue import hand_back
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.rescue import rescue_lost
from pokervod_pipelines.render.states import Held
from pokervod_pipelines.render.worker.bell import Bell
from pokervod_pipelines.render.worker.maker import Report
from pokervod_pipelines_tests.render.queue_desk import QueueDesk
from pokervod_pipelines_tests.render.worker.hire import DEAF, StagedMaker, are_all, come, has_published, hired, play

WAITING = DEAF.model_copy(update={"retry_seconds": 1.0, "pause_seconds": 1.0})
SINGLE = DEAF.model_copy(update={"max_running": {"elimination": 1}})

CUT = """
    select pg_terminate_backend(pid, 60000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
"""The server ends every other connection to the database, and waits until they are gone."""


def order() -> Order:
    return Order(by="eva", reason="it is wanted", correlation_id=uuid4().hex)


def test_what_is_asked_for_is_taken_though_nobody_looks(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        maker = StagedMaker()
        async with hired(queue_desk, maker):
            for count in (1, 5):
                asked = queue_desk.ask(count)
                await come(has_published(maker, asked))

    play(case())


def test_what_is_asked_for_again_is_taken_though_nobody_looks(queue_desk: QueueDesk) -> None:
    async def refuse_once(claim: Claim, _: Report) -> None:
        if maker.begun.count(claim.held.id) == 1:
            raise BadInstruction("no such composition")

    maker = StagedMaker(refuse_once)

    async def case() -> None:
        async with hired(queue_desk, maker):
            asked = queue_desk.ask(2)
            await come(are_all(queue_desk, "failed"))
            retry(queue_desk.engine, asked, order())
            await come(are_all(queue_desk, "completed"))

    play(case())


def test_a_scope_that_is_resumed_is_taken_though_nobody_looks(queue_desk: QueueDesk) -> None:
    words = {"reason": "the share is moved", "by": "eva", "correlation_id": ""}

    async def case() -> None:
        maker = StagedMaker()
        async with hired(queue_desk, maker):
            pauses.pause(queue_desk.engine, "all", **words)
            queue_desk.ask(3)
            pauses.resume(queue_desk.engine, "all", **words)
            await come(are_all(queue_desk, "completed"))

    play(case())


def cut_and_ask(desk: QueueDesk, count: int) -> None:
    """So many graphics are asked for after every line was cut, and before one is mended that would tell of them."""
    with desk.engine.begin() as connection:
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


def test_what_was_asked_for_while_the_line_was_cut_is_taken(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        maker = StagedMaker()
        async with hired(queue_desk, maker):
            for _ in range(3):
                queue_desk.ask()
                await come(are_all(queue_desk, "completed"))
                await asyncio.to_thread(cut_and_ask, queue_desk, 2)
                await come(are_all(queue_desk, "completed"))

    play(case())


def test_a_line_that_is_cut_is_mended_and_then_the_bell_rings(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        bell = Bell(queue_desk.engine)
        try:
            await bell.wait_for_work(60)
            assert await bell.wait_for_cancel(60)
            await asyncio.to_thread(queue_desk.execute, CUT)
            await bell.wait_for_work(60)
            assert await bell.wait_for_cancel(60)
        finally:
            bell.close()

    play(case())


def test_a_bell_tells_work_from_what_is_to_be_stopped(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        bell = Bell(queue_desk.engine)
        try:
            await bell.wait_for_work(60)
            assert await bell.wait_for_cancel(60)
            queue_desk.execute("select pg_notify('pokervod_render', 'pending')")
            await bell.wait_for_work(60)
            assert not await bell.wait_for_cancel(0)
            queue_desk.execute("select pg_notify('pokervod_render', 'cancel')")
            assert await bell.wait_for_cancel(60)
        finally:
            bell.close()

    play(case())


def fail_once(maker: StagedMaker, error: Exception) -> None:
    """The first try of each graphic fails so."""

    async def play_once(claim: Claim, _: Report) -> None:
        if maker.begun.count(claim.held.id) == 1:
            raise error

    maker.play = play_once


@pytest.mark.parametrize("error", [Passing("it broke off"), NoCapacity("no licence")], ids=["backoff", "pause"])
def test_what_waited_is_taken_when_its_time_has_come_though_nobody_looks(
    queue_desk: QueueDesk, error: Exception
) -> None:
    async def case() -> None:
        maker = StagedMaker()
        fail_once(maker, error)
        async with hired(queue_desk, maker, WAITING):
            queue_desk.ask(2)
            await come(are_all(queue_desk, "completed"))

    play(case())

    waits = queue_desk.execute("""
        select extract(epoch from r.started_at - a.ended_at) from render_instructions r
        join render_attempts a on a.instruction_id = r.id and a.outcome <> 'completed'
    """)
    assert all(wait[0] >= WAITING.retry_seconds / 2 for wait in waits)


def finish(desk: QueueDesk, held: Held) -> None:
    desk.finish(held)


def refuse(desk: QueueDesk, held: Held) -> None:
    desk.fail(held, BadInstruction("no such composition"))


def withdraw(desk: QueueDesk, held: Held) -> None:
    cancel(desk.engine, [held.id], order())
    hand_back(desk.engine, desk.limits, [held], "it was stopped")


def lose(desk: QueueDesk, held: Held) -> None:
    desk.execute("update render_instructions set max_retries = 0 where id = :id", id=held.id)
    desk.end_lease(held.id)
    rescue_lost(desk.engine, desk.limits)


@pytest.mark.parametrize("end", [finish, refuse, withdraw, lose])
def test_what_another_held_makes_room_though_nobody_looks(
    queue_desk: QueueDesk, end: Callable[[QueueDesk, Held], None]
) -> None:
    queue_desk.limits = SINGLE
    held = queue_desk.take_one(worker="another")

    async def case() -> None:
        maker = StagedMaker()
        async with hired(queue_desk, maker, SINGLE):
            (waiting,) = queue_desk.ask()
            (other,) = queue_desk.ask(template="payouts")
            await come(has_published(maker, [other]))
            assert maker.begun == [other]
            await asyncio.to_thread(end, queue_desk, held)
            await come(has_published(maker, [waiting]))

    play(case())


def test_what_is_urgent_is_taken_before_what_waited_for_longer(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        gate = asyncio.Event()
        maker = StagedMaker(lambda *_: gate.wait(), slots=1)
        async with hired(queue_desk, maker):
            asked = queue_desk.ask(4)
            await come(lambda: maker.begun)
            prioritize(queue_desk.engine, asked[-1:], 1, order())
            gate.set()
            await come(are_all(queue_desk, "completed"))
        assert maker.begun == [asked[0], asked[3], asked[1], asked[2]]

    play(case())
