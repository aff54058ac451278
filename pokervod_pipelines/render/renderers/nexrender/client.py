"""Call the server's HTTP interface: every answer is a value, or a failure that tells who is at fault.

Nothing is retried here; ``retry_through_outage`` is for callers that may retry, ``guard`` for those behind a breaker.
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
from pokervod_pipelines.render.renderers.nexrender.node_errors import shorten
from pokervod_pipelines.render.renderers.nexrender.states import CANCELLED_BY_US, ERROR, JobStatus, read_statuses

T = TypeVar("T")

SECRET_HEADER = "nexrender-secret"  # noqa: S105 - the header's name
CONNECTIONS = 16
KEEP_SECONDS = 4.0
"""Node closes an idle connection after five seconds; ours must close first, or a request fails."""

MAX_WAIT_SECONDS = 4.0
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class NoAnswer(TransientFailure):
    """Raised when the server gave no valid answer; it may be starting, or its network may be down."""


class ServerError(NoAnswer):
    """Raised when the server's own code failed on the call."""


class NexrenderClient:
    """Talk to one server, for all jobs of a process at once."""

    def __init__(self, url: str, secret: str | None, *, answer_seconds: float) -> None:
        self.url = url
        self._lists = "/jobs/status"
        self._http = httpx2.AsyncClient(
            base_url=f"{url}/api/v1",
            headers={SECRET_HEADER: secret} if secret else {},
            timeout=answer_seconds,
            limits=httpx2.Limits(max_connections=CONNECTIONS, keepalive_expiry=KEEP_SECONDS),
            trust_env=False,  # a farm is not reached through a proxy
            verify=url.startswith("https:"),  # reading the certificates takes 20 ms
        )

    async def list_jobs(self) -> list[JobStatus]:
        """Return all jobs of the server, other people's too. Raises ``NoAnswer`` or ``NoCapacity``."""
        try:
            answer = await self._ask("GET", self._lists)
        except ServerError:
            answer = await self._list_long()
        try:
            return read_statuses(answer)
        except TypeError:
            raise NoAnswer(f"nexrender at {self.url}: expected a list of jobs; check render.nexrender.url") from None

    async def _list_long(self) -> object:
        """Return the long listing: with its Redis store the server always fails on the short one."""
        try:
            answer = await self._ask("GET", "/jobs")
        except ServerError as failure:
            raise NoAnswer(str(failure)) from None  # no single job is to blame
        self._lists = "/jobs"
        return answer

    async def post_job(self, body: Mapping[str, Any]) -> str:
        """Queue the job and return the uid that the server gave it. Raises ``BadInstruction`` when it refuses the job.

        Raises ``NoAnswer`` also when the job was queued and only the answer was lost.
        """
        answer = await self._ask("POST", "/jobs", body)
        if not isinstance(answer, dict) or not answer.get("uid"):
            raise NoAnswer(f"nexrender at {self.url}: accepted a job without returning its uid")
        return str(answer["uid"])

    async def delete_job(self, uid: str) -> None:
        """Delete the job of that uid; an unknown uid is not an error."""
        await self._ask("DELETE", f"/jobs/{uid}")

    async def cancel_job(self, uid: str) -> None:
        """Mark the job as failed, so that no node starts it; a node that has it may still report its end."""
        with suppress(BadInstruction):  # the server refuses a change to a job that it does not know
            await self._ask("PUT", f"/jobs/{uid}", {"state": ERROR, "error": CANCELLED_BY_US})

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> object:
        try:
            response = await self._http.request(method, path, json=body)
        except httpx2.TimeoutException:
            raise NoAnswer(f"nexrender at {self.url}: no answer within the time limit") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise NoAnswer(f"nexrender at {self.url}: the call failed ({reason}); check the server") from None
        self._raise_for_status(response)
        if not response.content:  # how the server says "unknown"
            return None
        try:
            return response.json()
        except ValueError:
            raise NoAnswer(f"nexrender at {self.url}: expected JSON; check render.nexrender.url") from None

    def _raise_for_status(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise NoCapacity(
                f"nexrender at {self.url} refuses our secret; set POKERVOD_NEXRENDER_SECRET to the server's and "
                "restart the workers"
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in BUSY:
            failure = ServerError if status == HTTPStatus.INTERNAL_SERVER_ERROR else NoAnswer
            raise failure(f"nexrender at {self.url}: answered {status} {shorten(response.text)}".rstrip())
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
            raise BadInstruction(f"nexrender refuses the job: {shorten(response.text)}; check the template")
        path = response.request.url.path
        raise NoCapacity(f"{self.url} is not a nexrender server: {path} answered {status}; fix render.nexrender.url")


async def retry_through_outage(call: Callable[[], Awaitable[T]], seconds: float) -> T:
    """Return what the call returns; retry it for ``seconds`` while the server gives no answer.

    Raises ``NoCapacity`` after that: the server will be back, and no job is to blame. A server that fails on this very
    call raises the last ``ServerError``, because the call may be to blame. All else is raised at once.
    """
    deadline = time.monotonic() + seconds
    for wait in _list_waits():
        try:
            return await call()
        except NoAnswer as failure:
            if time.monotonic() + wait > deadline:
                if isinstance(failure, ServerError):
                    raise
                lasted = f", for {seconds:g} s" if seconds else ""
                raise NoCapacity(f"{failure}{lasted}; start it, or repair the connection") from None
        await asyncio.sleep(wait)
    raise AssertionError("the waits never end")


def _list_waits() -> Iterator[float]:
    """Yield doubling waits with jitter, so that a server that comes back is not called by all jobs at once."""
    wait = 0.25
    while True:
        yield wait * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait = min(wait * 2, MAX_WAIT_SECONDS)
