"""Test answers that no nexrender gives: proxies, wrong addresses, servers that hang or break off."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, RenderFailure
from pokervod_pipelines.render.renderers.nexrender.client import (
    NexrenderClient,
    NoAnswer,
    ServerError,
    retry_through_outage,
)
from pokervod_pipelines.render.renderers.nexrender.guard import ServerGuard
from pokervod_pipelines.render.renderers.nexrender.job_list import JobList
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import run


class Answers:
    """Give these answers in turn, the last one for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(request.split(b" HTTP")[0].decode())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            await reader.read()  # until the other side has had enough
        writer.write(answer)
        writer.close()


def http(status: int, body: str = "") -> bytes:
    return f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[Answers, NexrenderClient]]:
    made = Answers(*answers)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = NexrenderClient(made.url, "hush", answer_seconds=0.5)
    try:
        yield made, client
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (http(200, "<html>"), NoAnswer),
        (http(200, "{}"), NoAnswer),
        (http(200), NoAnswer),
        (http(502, "bad gateway"), NoAnswer),
        (http(429), NoAnswer),
        (b"HTTP/1.1 200 x\r\nContent-Length: 99\r\n\r\n[", NoAnswer),
        (b"nonsense\r\n\r\n", NoAnswer),
        (b"", NoAnswer),
        (http(301), NoCapacity),
        (http(404), NoCapacity),
        (http(401), NoCapacity),
        (http(403, "secret: hush"), NoCapacity),
        (http(400, "Error: no\n  at x"), BadInstruction),
        (http(413), BadInstruction),
    ],
)
def test_an_answer_that_is_no_list_of_jobs_has_a_type(answer: bytes, failure: type[RenderFailure]) -> None:
    async def case() -> None:
        async with answering(answer) as (_, client):
            with pytest.raises(failure) as raised:
                await client.list_jobs()
            assert type(raised.value) is failure
            assert "hush" not in str(raised.value)
            assert "\n" not in str(raised.value)

    run(case())


def test_a_short_listing_that_breaks_down_is_not_asked_for_again() -> None:
    async def case() -> None:
        async with answering(http(500), http(200, "[]")) as (server, client):
            assert await client.list_jobs() == []
            assert await client.list_jobs() == []
            assert server.asked == ["GET /api/v1/jobs/status", "GET /api/v1/jobs", "GET /api/v1/jobs"]

    run(case())


def test_a_server_that_breaks_down_over_both_listings_keeps_the_short_one() -> None:
    async def case() -> None:
        async with answering(http(500), http(500), http(200, "[]")) as (server, client):
            with pytest.raises(NoAnswer) as raised:
                await client.list_jobs()
            assert type(raised.value) is NoAnswer  # no job is to blame
            await client.list_jobs()
            assert server.asked[2:] == ["GET /api/v1/jobs/status"]

    run(case())


def test_an_outage_is_outlasted_and_another_failure_is_not() -> None:
    async def case() -> None:
        async with answering(http(503), http(503), http(200, "[]")) as (server, client):
            assert await retry_through_outage(client.list_jobs, 20) == []
            assert len(server.asked) == 3
        async with answering(http(403)) as (server, client):
            with pytest.raises(NoCapacity):
                await retry_through_outage(client.list_jobs, 20)
            assert len(server.asked) == 1

    run(case())


@pytest.mark.parametrize(
    ("answer", "failure"), [(http(503), NoCapacity), (b"nonsense\r\n\r\n", NoCapacity), (http(500), ServerError)]
)
def test_a_server_that_stays_away_has_no_capacity_and_one_that_breaks_down_over_a_job_fails_it(
    answer: bytes, failure: type[RenderFailure]
) -> None:
    async def case() -> None:
        async with answering(answer) as (_, client):
            with pytest.raises(failure, match="nexrender at http") as raised:
                await retry_through_outage(lambda: client.post_job({}), 0.1)
            assert type(raised.value) is failure

    run(case())


def test_a_job_that_does_not_change_is_still_by_our_clock_whatever_the_servers_says() -> None:
    def list_job(state: str, updated: str) -> bytes:
        return http(200, json.dumps([{"uid": "a", "state": state, "updatedAt": updated}]))

    answers = [
        list_job("rendering", "2001-01-01T00:00:00Z"),
        list_job("rendering", "2001-01-01T00:00:00Z"),
        list_job("rendering", "2001-01-01T00:00:01Z"),
        list_job("finished", "2001-01-01T00:00:02Z"),
        list_job("queued", "2001-01-01T00:00:02Z"),
    ]

    async def case() -> None:
        async with answering(*answers) as (_, client):
            board = JobList(client, ServerGuard(None, outage_seconds=1), poll_seconds=0.05)
            first, second, third, *over = [(await board.read()).unchanged_seconds for _ in answers]
            assert first == third == 0
            assert second > 0
            assert over == [math.inf, math.inf]
            await board.close()

    run(case())


def test_all_who_look_share_a_listing_and_later_ones_get_a_later_one() -> None:
    async def case() -> None:
        async with answering(http(200, "[]")) as (server, client):
            board = JobList(client, ServerGuard(None, outage_seconds=1), poll_seconds=0.01)
            first = await asyncio.gather(*[board.read() for _ in range(50)])
            second = await board.read()
            assert len({id(listing) for listing in first}) == 1
            assert second is not first[0]
            assert len(server.asked) == 2
            await board.close()

    run(case())


def test_a_failure_reaches_all_who_look_and_the_next_look_asks_again() -> None:
    async def case() -> None:
        async with answering(http(403), http(200, "[]")) as (_, client):
            board = JobList(client, ServerGuard(None, outage_seconds=1), poll_seconds=0.01)
            failed = await asyncio.gather(board.read(), board.read(), return_exceptions=True)
            assert [type(failure) for failure in failed] == [NoCapacity, NoCapacity]
            assert (await board.read()).find("x") == []
            await board.close()

    run(case())


def test_a_board_that_is_closed_lets_nobody_wait() -> None:
    async def case() -> None:
        async with answering(b"") as (server, client):
            board = JobList(client, ServerGuard(None, outage_seconds=20), poll_seconds=0.01)
            looking = asyncio.create_task(board.read())
            while not server.asked:
                await asyncio.sleep(0)
            await board.close()
            await asyncio.wait([looking])
            assert looking.cancelled()

    run(case())
