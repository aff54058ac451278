"""Check what a farm that does not answer costs: nothing is begun there, what runs is followed, one call finds out."""

import asyncio

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.policies.blocks import NEXRENDER
from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, RenderFailure
from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient, ServerError
from pokervod_pipelines.render.renderers.nexrender.guard import ServerGuard
from pokervod_pipelines_tests.policies.breaker_harness import BreakerHarness
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import run
from pokervod_pipelines_tests.render.nexrender.test_client import answering, http

AWAY, TAKEN, LISTED = http(503), http(200, '{"uid": "1"}'), http(200, "[]")


@pytest.fixture
def harness(engine: Engine) -> BreakerHarness:
    return BreakerHarness(engine, service=NEXRENDER)


async def begin(guard: ServerGuard, client: NexrenderClient) -> str:
    return await guard.begin(lambda: client.post_job({}))


async def fail(guard: ServerGuard, client: NexrenderClient, failure: type[RenderFailure]) -> str:
    with pytest.raises(failure) as raised:
        await begin(guard, client)
    return str(raised.value)


def test_a_farm_that_stays_away_begins_nothing_until_one_call_is_answered(harness: BreakerHarness) -> None:
    async def case() -> None:
        async with answering(*[AWAY] * 5, LISTED, AWAY, TAKEN) as (server, client):
            guard = ServerGuard(harness.make(), outage_seconds=0.0)
            for _ in range(5):
                assert "start it, or repair the connection" in await fail(guard, client, NoCapacity)
            refusal = await fail(guard, client, NoCapacity)
            assert refusal.startswith("nexrender does not answer: 5 failures in a row, the last at 12:00:00: nexrender")
            assert "next try at 12:01:00, or at once after `pokervod breakers reset nexrender" in refusal
            assert len(server.asked) == 5

            assert await guard.follow(client.list_jobs) == [], "a running job is followed"
            assert harness.read().state == "closed", "any answer closes it"

    run(case())


def test_the_call_that_finds_out_is_not_retried(harness: BreakerHarness) -> None:
    async def case() -> None:
        async with answering(AWAY, AWAY, TAKEN) as (server, client):
            harness.open(harness.make())
            harness.wait(60)
            guard = ServerGuard(harness.make(), outage_seconds=20.0)
            assert "answered 503; start it" in await fail(guard, client, NoCapacity)
            assert len(server.asked) == 1
            assert "6 failures in a row" in await fail(guard, client, NoCapacity)
            harness.wait(60)
            await fail(guard, client, NoCapacity)
            harness.wait(60)
            assert await begin(guard, client) == "1"
            assert (len(server.asked), harness.read().state) == (3, "closed")

    run(case())


@pytest.mark.parametrize(
    ("answer", "failure", "failures"),
    [
        (http(400, "no such template"), BadInstruction, 0),
        (http(403), NoCapacity, 0),
        (http(404), NoCapacity, 0),
        (http(500), ServerError, 3),
        (AWAY, NoCapacity, 3),
    ],
)
def test_only_a_missing_answer_is_a_failure(
    harness: BreakerHarness, answer: bytes, failure: type[RenderFailure], failures: int
) -> None:
    async def case() -> None:
        async with answering(answer) as (_, client):
            guard = ServerGuard(harness.make(), outage_seconds=0.0)
            for _ in range(3):
                await fail(guard, client, failure)

    run(case())
    assert harness.read().failures == failures


def test_a_call_that_is_cancelled_leaves_it_to_the_next(harness: BreakerHarness) -> None:
    harness.open(harness.make())
    harness.wait(60)

    async def hang() -> None:
        await asyncio.Event().wait()

    async def case() -> None:
        calling = asyncio.create_task(ServerGuard(harness.make(), outage_seconds=20.0).begin(hang))
        while not harness.read().is_probing:
            await asyncio.sleep(0.01)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling

    run(case())
    assert harness.make().enter().is_probe


def test_a_job_that_needs_the_list_first_has_no_answer_without_it(harness: BreakerHarness) -> None:
    """It was counted as answered once, so that a farm that was down was asked for ever."""

    async def case() -> None:
        async with answering(AWAY) as (_, client):
            guard = ServerGuard(harness.make(), outage_seconds=0.0)
            with pytest.raises(NoCapacity):
                await guard.begin(lambda: guard.follow(client.list_jobs))

    run(case())
    assert harness.read().failures == 1, "one outage"
    assert str(harness.read().last_error).endswith("answered 503")


def test_one_that_finds_out_by_the_list_leaves_it_open_for_another_minute(harness: BreakerHarness) -> None:
    harness.open(harness.make())
    harness.wait(60)

    async def case() -> None:
        async with answering(AWAY) as (server, client):
            guard = ServerGuard(harness.make(), outage_seconds=0.0)
            with pytest.raises(NoCapacity):
                await guard.begin(lambda: guard.follow(client.list_jobs))
            assert "next try at 12:02:00" in await fail(guard, client, NoCapacity)
            assert len(server.asked) == 1

    run(case())
