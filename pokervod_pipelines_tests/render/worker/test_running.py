"""Check the time limits and heartbeats of one running job, without a worker and at given times."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.worker.loop import find_heartbeat_seconds
from pokervod_pipelines.render.worker.running import RENDERED, RunningJob, TimeLimits
from pokervod_pipelines.render.workers import ALIVE_SECONDS
from pokervod_pipelines.settings.render import RenderQueueSettings

JOB = ClaimedJob(
    id=1,
    claim_id=UUID(int=1),
    worker="w1",
    started_at=datetime(2031, 5, 4, tzinfo=UTC),
    template="elimination",
    retry_count=0,
    max_retries=3,
    cancel_reason=None,
    correlation_id="",
    layers={},
    output={},
    renderer="local",
    trigger_kind="person",
    trigger_key="1",
    version=1,
    day=date(2031, 5, 4),
)


def make_running() -> RunningJob:
    """Return a job that may run for 100 s and report no progress for 10."""
    return RunningJob(job=JOB, limits=TimeLimits(max_seconds=100, max_silent_seconds=10))


OVERRUNS = [
    (0.0, 10, None),
    (0.0, 11, "stopped at 0%: no progress for 11 s; the limit is 10 s"),
    (0.5, 10, None),
    (0.5, 12, "stopped at 50%: no progress for 12 s; the limit is 10 s"),
    (RENDERED, 99, None),
    (1.0, 99, None),
    (0.5, 101, "stopped after 101 s; the limit is 100 s"),
    (RENDERED, 101, "stopped after 101 s; the limit is 100 s"),
]


@pytest.mark.parametrize(("progress", "seconds", "reason"), OVERRUNS)
def test_a_render_over_its_time_limit_or_without_progress_overruns(
    progress: float, seconds: float, reason: str | None
) -> None:
    running = make_running()
    running.report(progress)
    running.started = running.progressed = 1_000.0  # whole, so that no rounding makes 10 s more than 10 s

    overrun = running.find_overrun(1_000.0 + seconds)

    assert (None if overrun is None else str(overrun)) == reason


@given(st.lists(st.floats(0, 2)))
def test_progress_never_goes_back_and_never_over_one(reports: list[float]) -> None:
    running, seen = make_running(), [0.0]
    for each in reports:
        running.report(each)
        seen.append(running.progress)

    assert seen == sorted(seen)
    assert seen[-1] <= 1


def test_progress_is_reported_once() -> None:
    running = make_running()
    running.report(0.4)

    assert running.has_news
    assert running.take_heartbeat().progress == pytest.approx(0.4)
    assert not running.has_news
    assert running.take_heartbeat().progress is None


def test_the_time_of_a_job_that_was_queued_at_its_renderer_starts_anew() -> None:
    running = make_running()
    running.report(0.3)
    now = running.progressed
    running.started = running.progressed = now - 1_000
    assert running.find_overrun(now) is not None

    running.report(0.0)

    assert running.progress == pytest.approx(0.3)
    assert running.find_overrun(now) is None
    assert running.find_overrun(running.started + 11) is not None


def test_being_queued_is_reported_with_the_next_heartbeat_and_once() -> None:
    running = make_running()
    running.report(0.0)

    assert not running.has_news  # there is time
    running.last_heartbeat -= 34
    assert running.has_news  # of 100 s
    assert [running.take_heartbeat().was_queued, running.take_heartbeat().was_queued] == [True, False]
    assert not running.has_news


def test_a_job_is_stopped_for_the_first_reason_and_not_when_it_is_over() -> None:
    async def case() -> None:
        running, done = make_running(), make_running()
        running.task = asyncio.create_task(asyncio.sleep(60))
        done.task = asyncio.create_task(asyncio.sleep(0))
        await done.task
        for reason in ("wrong player", "the worker was stopped"):
            running.stop(reason)
            done.stop(reason)
        await asyncio.gather(running.task, return_exceptions=True)
        assert (running.stop_reason, done.stop_reason) == ("wrong player", None)
        assert (running.is_abandoned, done.is_abandoned) == (True, False)

    asyncio.run(case())


def test_what_came_to_a_result_though_it_was_stopped_is_not_given_up() -> None:
    async def case() -> None:
        running = make_running()
        running.task = asyncio.create_task(asyncio.sleep(60))
        running.stop("wrong player")
        await asyncio.gather(running.task, return_exceptions=True)
        running.has_result = True
        assert running.is_over
        assert not running.is_abandoned

    asyncio.run(case())


@given(st.floats(1, 3600))
def test_a_worker_sends_two_heartbeats_at_least_before_it_counts_as_dead(lease: float) -> None:
    seconds = find_heartbeat_seconds(RenderQueueSettings(lease_seconds=lease))

    assert 2 * seconds < min(lease, ALIVE_SECONDS)
