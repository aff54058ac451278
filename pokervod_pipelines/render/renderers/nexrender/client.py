"""The server's HTTP interface: every answer is a value, or a failure that tells who is at fault.

Nothing is tried again here; ``outlast`` is for those who know that they may.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, TypeVar

import httpx2

from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, TransientFailure
from pokervod_pipelines.render.renderers.nexrender.complaints import shorten
from pokervod_pipelines.render.renderers.nexrender.states import ERROR, TAKEN_BACK, Status, read_statuses

T = TypeVar("T")

SECRET_HEADER = "nexrender-secret"  # noqa: S105 - the header's name
CONNECTIONS = 16
KEEP_SECONDS = 4.0
"""Node closes an idle connection after five; ours must be first, or a request meets the closing."""

LONGEST_WAIT = 4.0
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class NoAnswer(TransientFailure):
    """The server gave no answer of nexrender's; it may be starting, or its network may be down."""


class BrokeDown(NoAnswer):
    """The server's own code broke down over the call."""


class Client:
    """One server; serves all jobs of a process side by side."""

    def __init__(self, url: str, secret: str | None, *, answer_seconds: float) -> None:
        self.url = url
        self._lists = "/jobs/status"
        self._http = httpx2.AsyncClient(
            base_url=f"{url}/api/v1",
            headers={SECRET_HEADER: secret} if secret else {},
            timeout=answer_seconds,
            limits=httpx2.Limits(max_connections=CONNECTIONS, keepalive_expiry=KEEP_SECONDS),
            trust_env=False,  # a farm is no place to reach by a proxy
        )

    async def list_jobs(self) -> list[Status]:
        """Return all jobs of the server, other people's too. Raises ``NoAnswer`` or ``NoCapacity``."""
        try:
            answer = await self._ask("GET", self._lists)
        except BrokeDown:
            answer = await self._list_long()
        try:
            return read_statuses(answer)
        except TypeError:
            raise NoAnswer(f"nexrender at {self.url}: answered something else than a list of jobs") from None

    async def _list_long(self) -> object:
        """With its Redis store the short listing always breaks down and the long one works."""
        try:
            answer = await self._ask("GET", "/jobs")
        except BrokeDown as failure:
            raise NoAnswer(str(failure)) from None  # no single job is to blame
        self._lists = "/jobs"
        return answer

    async def post_job(self, order: Mapping[str, Any]) -> str:
        """The job is queued; return the uid that the server gave it. Raises ``BadInstruction`` for one it refuses.

        Raises ``NoAnswer`` also when the job was queued and only the answer was lost.
        """
        answer = await self._ask("POST", "/jobs", order)
        if not isinstance(answer, dict) or not answer.get("uid"):
            raise NoAnswer(f"nexrender at {self.url}: took a job without naming it")
        return str(answer["uid"])

    async def delete_job(self, uid: str) -> None:
        """The server has no job of that uid; one that it never had is no error."""
        await self._ask("DELETE", f"/jobs/{uid}")

    async def take_back_job(self, uid: str) -> None:
        """The server calls the job failed, so that no node begins it, and still knows it if it did."""
        with suppress(BadInstruction):  # a change to a job that it does not know is no sound job to it
            await self._ask("PUT", f"/jobs/{uid}", {"state": ERROR, "error": TAKEN_BACK})

    async def close(self) -> None:
        """No connection is left."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> object:
        try:
            response = await self._http.request(method, path, json=body)
        except httpx2.TimeoutException:
            raise NoAnswer(f"nexrender at {self.url}: no answer in time") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise NoAnswer(f"nexrender at {self.url}: {error or type(error).__name__}") from None
        self._judge(response)
        if not response.content:  # how the server says that there is no such thing
            return None
        try:
            return response.json()
        except ValueError:
            raise NoAnswer(f"nexrender at {self.url}: answered something that is no JSON") from None

    def _judge(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise NoCapacity(
                f"nexrender at {self.url} refuses our secret; set POKERVOD_NEXRENDER_SECRET to the server's and "
                "start the workers again"
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in BUSY:
            failure = BrokeDown if status == HTTPStatus.INTERNAL_SERVER_ERROR else NoAnswer
            raise failure(f"nexrender at {self.url}: answered {status} {shorten(response.text)}".rstrip())
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
            raise BadInstruction(f"nexrender refuses the job: {shorten(response.text)}; look at the template")
        path = response.request.url.path
        raise NoCapacity(f"{self.url} is no nexrender server: {path} answered {status}; mend render.nexrender.url")


async def outlast(call: Callable[[], Awaitable[T]], seconds: float) -> T:
    """Return what the call returns, made again while the server gives no answer, for so many seconds.

    Raises ``NoCapacity`` then: the server will be back, and no job is the worse for its absence. One that breaks down
    over this very call raises the last ``BrokeDown``, for the call may be to blame. All else is raised at once.
    """
    deadline = time.monotonic() + seconds
    for wait in _list_waits():
        try:
            return await call()
        except NoAnswer as failure:
            if time.monotonic() + wait > deadline:
                if isinstance(failure, BrokeDown):
                    raise
                raise NoCapacity(f"{failure}, for {seconds:g} s; start the server, or mend the way to it") from None
        await asyncio.sleep(wait)
    raise AssertionError("there is always a further wait")


def _list_waits() -> Iterator[float]:
    """Doubling, and apart from those of other jobs: a server that comes back is not met by all at once."""
    wait = 0.25
    while True:
        yield wait * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait = min(wait * 2, LONGEST_WAIT)
