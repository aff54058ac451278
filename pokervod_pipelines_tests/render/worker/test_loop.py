"""What a worker holds to: its places, its limits of time, its day, and how often it speaks."""

import asyncio
from datetime import date

import pytest

from pokervod_pipelines.render.failures import Passing
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.worker.maker import Report
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.queue_desk import QueueDesk
from pokervod_pipelines_tests.render.worker.hire import (
    Play,
    StagedMaker,
    are_all,
    come,
    hired,
    limit_eliminations,
    play,
)

DAY, OTHER_DAY = date(2031, 5, 4), date(2031, 5, 5)
SHORT = RenderQueueSettings(poll_seconds=60, retry_seconds=0, lease_seconds=3)


async def stay(*_: object) -> None:
    """It is never made."""
    await asyncio.Event().wait()


async def walk_on(_: Claim, report: Report) -> None:
    """It comes further all the time, and never to its end."""
    for step in range(1_000_000):
        report(1 - 0.999**step)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("slots", [1, 3])
def test_never_more_are_made_at_once_than_there_are_places(queue_desk: QueueDesk, slots: int) -> None:
    async def case() -> None:
        maker = StagedMaker(lambda *_: asyncio.sleep(0.01), slots=slots)
        async with hired(queue_desk, maker):
            queue_desk.ask(12 * slots)
            await come(are_all(queue_desk, "completed"))
        assert maker.most_at_work == slots
        assert len(maker.begun) == 12 * slots

    play(case())


def test_more_than_a_hundred_graphics_are_in_work_in_one_process(queue_desk: QueueDesk) -> None:
    async def case() -> None:
        gate = asyncio.Event()
        maker = StagedMaker(lambda *_: gate.wait(), slots=120)
        async with hired(queue_desk, maker, SHORT):
            asked = queue_desk.ask(130)
            await come(lambda: maker.at_work == 120)
            leases = "select count(*) from render_instructions where heartbeat_at > started_at + interval '3 seconds'"
            await come(lambda: queue_desk.execute(leases)[0][0] == 120)
            gate.set()
            await come(are_all(queue_desk, "completed"))
        assert sorted(maker.published) == asked
        assert queue_desk.execute("select count(*) from render_attempts where outcome <> 'completed'")[0][0] == 0

    play(case())


TIME_LIMITS = [
    ({"most_seconds": 0.6}, walk_on, "it may take 1 s"),
    ({"most_silent_seconds": 0.6}, stay, "stopped at 0%: no progress for"),
]


@pytest.mark.parametrize(("limits", "acts", "reason"), TIME_LIMITS, ids=["time", "silence"])
def test_a_render_over_its_limit_is_stopped_tried_again_and_in_the_end_timed_out(
    queue_desk: QueueDesk, limits: dict[str, float], acts: Play, reason: str
) -> None:
    async def case() -> None:
        maker = StagedMaker(acts)
        async with hired(queue_desk, maker, look=limit_eliminations(**limits)):
            (slow,) = queue_desk.ask()
            (other,) = queue_desk.ask(template="payouts")
            queue_desk.execute("update render_instructions set max_retries = 1")
            await come(lambda: queue_desk.row(slow).state == "timed_out")
            assert maker.stopped == [slow, slow]
            assert queue_desk.row(other).state == "processing"
        row = queue_desk.row(slow)
        assert reason in row.reason
        assert row.reason.endswith("(tried 2 times)")
        assert (row.retry_count, row.failure_kind) == (1, "timeout")

    play(case())


def test_a_render_that_says_something_new_is_not_silent(queue_desk: QueueDesk) -> None:
    async def speak(_: Claim, report: Report) -> None:
        for step in range(60):
            report(step / 60)
            await asyncio.sleep(0.1)

    async def case() -> None:
        # It lasts longer than the limit, and a busy machine is not silent for so long.
        async with hired(queue_desk, StagedMaker(speak), look=limit_eliminations(most_silent_seconds=5.0)):
            queue_desk.ask()
            await come(are_all(queue_desk, "completed"))

    play(case())

    assert queue_desk.execute("select outcome from render_attempts") == [("completed",)]


def test_a_graphic_may_wait_for_its_turn_for_longer_than_it_may_last(queue_desk: QueueDesk) -> None:
    async def wait(_: Claim, report: Report) -> None:
        for _step in range(120):
            report(0.0)
            await asyncio.sleep(0.05)
        report(0.5)

    async def case() -> None:
        look = limit_eliminations(most_seconds=5.0, most_silent_seconds=5.0)
        async with hired(queue_desk, StagedMaker(wait), SHORT, look=look):
            queue_desk.ask()
            await come(are_all(queue_desk, "completed"))

    play(case())

    assert queue_desk.execute("select outcome from render_attempts") == [("completed",)]


def test_progress_is_written_at_most_once_a_second(queue_desk: QueueDesk) -> None:
    queue_desk.execute("create table progress_log (moment timestamptz default clock_timestamp(), progress real)")
    queue_desk.execute("""
        create function log_progress() returns trigger language plpgsql as
        $$ begin insert into progress_log (progress) values (new.progress); return null; end $$
    """)
    queue_desk.execute("""
        create trigger log_progress after update on render_instructions for each row
        when (old.progress is distinct from new.progress and new.state = 'processing' and old.state = 'processing')
        execute function log_progress()
    """)

    async def speak(_: Claim, report: Report) -> None:
        for step in range(1000):
            report(step / 1000)
            await asyncio.sleep(0.004)

    async def case() -> None:
        async with hired(queue_desk, StagedMaker(speak)):
            queue_desk.ask()
            await come(are_all(queue_desk, "completed"))

    try:
        play(case())
        gaps = queue_desk.execute("""
            select extract(epoch from moment - lag(moment) over (order by moment))::float as gap, progress
            from progress_log order by moment
        """)
    finally:
        queue_desk.execute("drop trigger log_progress on render_instructions")
        queue_desk.execute("drop function log_progress; drop table progress_log")
    assert len(gaps) >= 3
    assert [row.progress for row in gaps] == sorted(row.progress for row in gaps)
    assert sum(row.gap for row in gaps[1:]) >= 0.9 * len(gaps[1:])


def test_a_worker_of_a_day_ends_when_nothing_of_it_is_due(queue_desk: QueueDesk) -> None:
    mine, others = queue_desk.ask(5), queue_desk.ask(2)
    queue_desk.execute(
        "update render_instructions set broadcast_day = :day where id = any(:ids)", day=OTHER_DAY, ids=others
    )
    (later,) = queue_desk.ask()
    queue_desk.execute("update render_instructions set due_at = now() + interval '1 hour' where id = :id", id=later)

    async def case() -> None:
        maker = StagedMaker(lambda *_: asyncio.sleep(0.05), slots=2)
        async with hired(queue_desk, maker, day=DAY, until_empty=True) as worker:
            await come(lambda: queue_desk.execute("select 1 from render_workers where stopped_at is not null"))
        assert sorted(maker.begun) == mine
        assert worker.tally == {"completed": 5}

    play(case())

    assert {queue_desk.states()[each] for each in [*others, later]} == {"pending"}


def test_a_worker_until_empty_makes_what_comes_while_it_works_and_what_failed_at_first(queue_desk: QueueDesk) -> None:
    maker = StagedMaker(slots=2)

    async def ask_for_more(claim: Claim, _: Report) -> None:
        if len(maker.begun) < 6:
            await asyncio.to_thread(queue_desk.ask)
        if claim.held.retry_count == 0:
            raise Passing("it broke off")

    maker.play = ask_for_more
    queue_desk.ask()

    async def case() -> None:
        async with hired(queue_desk, maker, until_empty=True):
            await come(lambda: queue_desk.execute("select 1 from render_workers where stopped_at is not null"))

    play(case())

    assert {*queue_desk.states().values()} == {"completed"}
    assert len(maker.published) > 1
