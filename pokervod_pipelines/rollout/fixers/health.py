"""Wait after a fix until the service answers its health check."""

import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.fixers.base import Fixer
from pokervod_pipelines.rollout.fixers.context import CannotFix, FixContext
from pokervod_pipelines.rollout.http_calls import CallFailed, open_client, send_request
from pokervod_pipelines.rollout.services import AddressKind

CALL_SECONDS = 10.0
"""Limit of one health check; then it is repeated."""

POLL_SECONDS = 0.5


class HealthFixer(Fixer):
    """Fix the ``service``, then expect it to answer ``health_path`` within ``wait_seconds``."""

    service: str
    at: AddressKind = "address"
    health_path: UrlPath = "/health"
    wait_seconds: float = Field(default=120.0, gt=0, le=3600)

    def health_address(self, context: FixContext) -> str:
        """Return the address of the health check. Raises ``CannotFix`` for a service without an address."""
        service = context.services.get(self.service)
        address = service.find_address(self.at) if service else None
        if address is None:
            raise CannotFix(
                f"the address of {self.service} is unknown, so its health cannot be checked; "
                f"set rollout.services.{self.service}.{self.at} in the settings or the plan"
            )
        return address + self.health_path

    def await_health(self, context: FixContext) -> str:
        """Return how long it took until the service answered 2xx. Raises ``CannotFix`` with its last answer."""
        url, start, last = self.health_address(context), time.monotonic(), "it was not called"
        while (left := self.wait_seconds - (time.monotonic() - start)) > 0:
            try:
                status = _send("GET", url, min(left, CALL_SECONDS))
            except CallFailed as error:
                last = str(error)
            else:
                if 200 <= status < 300:
                    return f"healthy after {time.monotonic() - start:.1f} s"
                last = f"it answers {describe_status(status)}"
            time.sleep(min(POLL_SECONDS, max(0.0, self.wait_seconds - (time.monotonic() - start))))
        raise CannotFix(f"{show_host(url)} is not healthy after {self.wait_seconds:g} s: {last}")


def call_once(method: str, url: str, seconds: float, **arguments: Any) -> int:
    """Return the status of one call; its body is not read. Raises ``CannotFix`` without an answer in time."""
    try:
        return _send(method, url, seconds, **arguments)
    except CallFailed as error:
        raise CannotFix(f"{show_host(url)}: {error}") from None


def _send(method: str, url: str, seconds: float, **arguments: Any) -> int:
    with open_client(url) as client:
        return send_request(client, method, url, seconds=seconds, reads_body=False, **arguments).status


def describe_status(status: int) -> str:
    """Return the status with its phrase, such as ``403 Forbidden``."""
    phrases = {each.value: each.phrase for each in HTTPStatus}
    return f"{status} {phrases.get(status, 'unknown status')}"


def show_host(url: str) -> str:
    """Return scheme, host and port only: the rest of a hook's address may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
