"""HTTP as fixers need it: one call whose whole duration is bounded, and waiting until a service answers.

Redirections are not followed: a token goes where the plan says and nowhere else.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx2

from pokervod_pipelines.rollout.fixers.base import CannotFix

LONGEST_CALL_SECONDS = 10.0
"""Of one question whether a service is well; then it is asked again."""

PAUSE_SECONDS = 0.5


def post(url: str, *, token: str | None, body: Mapping[str, Any] | None, seconds: float) -> int:
    """Return the status that the address answers a POST with. Raises ``CannotFix`` when it gives none in time."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return _call("POST", url, seconds, headers=headers, json=body if body is not None else {})


def wait_until_healthy(url: str, seconds: float) -> str:
    """Return a sentence once the address answers well. Raises ``CannotFix`` with its last answer when it does not."""
    start = time.monotonic()
    last = "it was not asked"
    while (left := seconds - (time.monotonic() - start)) > 0:
        try:
            status = _call("GET", url, min(left, LONGEST_CALL_SECONDS))
        except CannotFix as error:
            last = str(error)
        else:
            if is_success(status):
                return f"healthy after {time.monotonic() - start:.1f} s"
            last = f"it answers {status} {describe_status(status)}"
        time.sleep(min(PAUSE_SECONDS, max(0.0, seconds - (time.monotonic() - start))))
    raise CannotFix(f"{show_host(url)} is not healthy after {seconds:g} s: {last}")


def is_success(status: int) -> bool:
    """Return whether the status is one of the 200s."""
    return 200 <= status < 300


def describe_status(status: int) -> str:
    """Return the status's phrase, such as ``Forbidden``."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def show_host(url: str) -> str:
    """Return scheme, host and port alone: the rest of a hook's address may be its secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _call(method: str, url: str, seconds: float, **arguments: Any) -> int:
    try:
        with ThreadPoolExecutor(1) as pool:  # the caller's thread may have a loop of its own
            return pool.submit(lambda: asyncio.run(_call_within(method, url, seconds, arguments))).result()
    except TimeoutError:
        raise CannotFix(f"{show_host(url)} did not answer within {seconds:.1f} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise CannotFix(f"{show_host(url)} does not answer ({type(error).__name__})") from None


async def _call_within(method: str, url: str, seconds: float, arguments: Mapping[str, Any]) -> int:
    """The limit is on the whole, so that an answer which trickles in for ever ends too; its content is not read."""
    secure = url.startswith("https:")  # without it no certificates need be read
    client = httpx2.AsyncClient(timeout=seconds, trust_env=False, verify=secure)
    async with asyncio.timeout(seconds), client:
        call: Callable[..., Any] = client.stream
        async with call(method, url, **arguments) as answer:
            return int(answer.status_code)
