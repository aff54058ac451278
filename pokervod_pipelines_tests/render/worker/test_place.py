"""The place of one graphic: its limits of time and its signs of life, without a worker or a clock."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.render.crew import ALIVE_SECONDS
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.states import Held
from pokervod_pipelines.render.worker.loop import find_beat_seconds
from pokervod_pipelines.render.worker.maker import RENDERED
from pokervod_pipelines.render.worker.place import Place, TimeLimits
from pokervod_pipelines.settings.render import RenderQueueSettings

HELD = Held(
    id=1,
    claim_id=UUID(int=1),
    worker="w1",
    started_at=datetime(2031, 5, 4, tzinfo=UTC),
    template="elimination",
    retry_count=0,
    max_retries=3,
    unwanted=None,
    correlation_id="",
)
CLAIM = Claim(
    held=HELD,
    layers={},
    output={},
    renderer="local",
    trigger_kind="person",
    trigger_key="1",
    version=1,
    day=date(2031, 5, 4),
)


def make_place() -> Place:
    """It may last for 100 s and say nothing for 10."""
    return Place(claim=CLAIM, limits=TimeLimits(most_seconds=100, most_silent_seconds=10))


OVERRUNS = [
    (0.0, 10, None),
    (0.0, 11, "it was stopped at 0%: no progress for 11 s; 10 s are allowed"),
    (0.5, 10, None),
    (0.5, 12, "it was stopped at 50%: no progress for 12 s; 10 s are allowed"),
    (RENDERED, 99, None),
    (1.0, 99, None),
    (0.5, 101, "it was stopped after 101 s; it may take 100 s"),
    (RENDERED, 101, "it was stopped after 101 s; it may take 100 s"),
]


@pytest.mark.parametrize(("progress", "seconds", "reason"), OVERRUNS)
def test_a_graphic_may_last_so_long_and_until_it_is_checked_be_silent_so_long(
    progress: float, seconds: float, reason: str | None
) -> None:
    place = make_place()
    place.report(progress)
    place.moved = place.began

    overrun = place.find_overrun(place.began + seconds)

    assert (None if overrun is None else str(overrun)) == reason


@given(st.lists(st.floats(0, 2)))
def test_progress_never_goes_back_and_never_beyond_the_whole(told: list[float]) -> None:
    place, seen = make_place(), [0.0]
    for each in told:
        place.report(each)
        seen.append(place.progress)

    assert seen == sorted(seen)
    assert seen[-1] <= 1


def test_what_was_told_is_no_news() -> None:
    place = make_place()
    place.report(0.4)

    assert place.has_news
    assert place.take_beat().progress == pytest.approx(0.4)
    assert not place.has_news
    assert place.take_beat().progress is None


def test_a_graphic_that_waits_for_its_turn_overruns_no_limit_and_its_time_begins_when_it_is_over() -> None:
    place = make_place()
    place.report(0.3)
    now = place.moved
    place.began = place.moved = now - 1000
    assert place.find_overrun(now) is not None

    place.report(0.0)

    assert place.progress == pytest.approx(0.3)
    assert place.find_overrun(now) is None
    assert place.find_overrun(place.began + 11) is not None


def test_waiting_is_told_with_the_next_sign_of_life_and_once() -> None:
    place = make_place()
    place.report(0.0)

    assert not place.has_news  # there is time
    place.beaten -= 34
    assert place.has_news  # of 100 s
    assert [place.take_beat().has_waited, place.take_beat().has_waited] == [True, False]
    assert not place.has_news


def test_a_place_is_stopped_for_the_first_reason_and_not_when_it_is_over() -> None:
    async def case() -> None:
        place, done = make_place(), make_place()
        place.task = asyncio.create_task(asyncio.sleep(60))
        done.task = asyncio.create_task(asyncio.sleep(0))
        await done.task
        for reason in ("wrong player", "the worker was stopped"):
            place.stop(reason)
            done.stop(reason)
        await asyncio.gather(place.task, return_exceptions=True)
        assert (place.stopped, done.stopped) == ("wrong player", None)
        assert (place.is_given_up, done.is_given_up) == (True, False)

    asyncio.run(case())


def test_what_came_to_a_result_though_it_was_stopped_is_not_given_up() -> None:
    async def case() -> None:
        place = make_place()
        place.task = asyncio.create_task(asyncio.sleep(60))
        place.stop("wrong player")
        await asyncio.gather(place.task, return_exceptions=True)
        place.has_result = True
        assert place.is_over
        assert not place.is_given_up

    asyncio.run(case())


@given(st.floats(1, 3600))
def test_a_worker_shows_life_twice_at_least_before_anything_of_it_counts_as_dead(lease: float) -> None:
    seconds = find_beat_seconds(RenderQueueSettings(lease_seconds=lease))

    assert 2 * seconds < min(lease, ALIVE_SECONDS)
