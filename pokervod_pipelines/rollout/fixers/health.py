"""Wait after a fix until the service answers its health check."""

import time
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.fixers.base import Fixer
from pokervod_pipelines.rollout.fixers.context import CannotFix, FixContext
from pokervod_pipelines.rollout.http_calls import CallFailed, open_client, send_request
from pokervod_pipelines.rollout.services import AddressKind
from pokervod_pipelines.settings.fields import HttpAddress

CALL_SECONDS = 10.0
"""Limit of one health check; then it is repeated."""

POLL_SECONDS = 0.5


class HealthFixer(Fixer):
    """Fix something, then expect a healthy service: ``health_path`` of ``service``, or the address ``health``."""

    service: str | None = Field(default=None, min_length=1, max_length=80)
    at: AddressKind = "address"
    health_path: UrlPath = "/health"
    health: HttpAddress | None = None
    wait_seconds: float = Field(default=120.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _has_one_health_address(self) -> Self:
        if (self.service is None) == (self.health is None):
            message = "health: give either the service, whose address the plan has, or the address itself"
            raise ValueError(message)
        return self

    def health_address(self, context: FixContext) -> str:
        """Return the address of the health check. Raises ``CannotFix`` for a service without an address."""
        if self.health is not None:
            return self.health
        service = context.services.get(str(self.service))
        address = service.find_address(self.at) if service else None
        if address is None:
            raise CannotFix(
                f"the address of {self.service} is unknown, so its health cannot be checked; "
                f"set rollout.services.{self.service}.{self.at} in the settings or the plan"
            )
        return address + self.health_path

    def await_health(self, context: FixContext) -> str:
        """Return "healthy after …" once the service is. Raises ``CannotFix`` if it is not within ``wait_seconds``."""
        return wait_until_healthy(self.health_address(context), self.wait_seconds)


def wait_until_healthy(url: str, seconds: float) -> str:
    """Return how long it took until the address answered 2xx. Raises ``CannotFix`` with its last answer."""
    start = time.monotonic()
    last = "it was not called"
    while (left := seconds - (time.monotonic() - start)) > 0:
        try:
            status = _send("GET", url, min(left, CALL_SECONDS))
        except CallFailed as error:
            last = str(error)
        else:
            if is_success(status):
                return f"healthy after {time.monotonic() - start:.1f} s"
            last = f"it answers {describe_status(status)}"
        time.sleep(min(POLL_SECONDS, max(0.0, seconds - (time.monotonic() - start))))
    raise CannotFix(f"{show_host(url)} is not healthy after {seconds:g} s: {last}")


def call_once(method: str, url: str, seconds: float, **arguments: Any) -> int:
    """Return the status of one call; its body is not read. Raises ``CannotFix`` without an answer in time."""
    try:
        return _send(method, url, seconds, **arguments)
    except CallFailed as error:
        raise CannotFix(f"{show_host(url)}: {error}") from None


def _send(method: str, url: str, seconds: float, **arguments: Any) -> int:
    with open_client(url) as client:
        return send_request(client, method, url, seconds=seconds, reads_body=False, **arguments).status


def is_success(status: int) -> bool:
    """Return whether the status is 2xx."""
    return 200 <= status < 300


def describe_status(status: int) -> str:
    """Return the status with its phrase, such as ``403 Forbidden``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} unknown status"


def show_host(url: str) -> str:
    """Return scheme, host and port only: the rest of a hook's address may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
