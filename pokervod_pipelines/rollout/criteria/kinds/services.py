"""Check services: ``service_owner``, ``http_health``, and ``no_mock_address``: the service itself answers."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import AddressCriterion, ServiceCriterion
from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.criteria.result import ErrorClass, fails, passes
from pokervod_pipelines.rollout.http_calls import HttpResponse
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines.rollout.services import is_same_address

MOCK_HEADERS = ("x-pokervod-mock", "x-mock-", "sl-violations", "x-prism")
"""Prefixes of headers that only mocks send: ours, generic ones, and Prism's."""

MOCK_TEXTS = (b"stoplight.io/prism",)
"""Texts that only a mock answers for an undocumented path."""

UNDOCUMENTED_PATH = "/pokervod-is-this-a-mock"

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""The name of a header, or its prefix."""


class ServiceOwner(ServiceCriterion):
    """Expect the plan or the settings to name the service's owner."""

    kind: Literal["service_owner"] = "service_owner"

    def check(self, context: RolloutContext) -> ResultRecord:
        """Return the owner's name."""
        owner = context.services[self.service].owner
        if owner is None:
            return fails(ErrorClass.DOCUMENT, f"{self.service} has no owner; set rollout.services.{self.service}.owner")
        return passes(f"{owner} owns {self.service}", figures={"owner": owner})


class HttpHealth(AddressCriterion):
    """Expect ``calls`` calls, one after the other, to answer ``status``, 95 % of them within ``p95_ms``."""

    kind: Literal["http_health"] = "http_health"
    path: UrlPath = "/health"
    status: int = Field(default=200, ge=100, le=599)
    calls: int = Field(default=5, ge=1, le=1000)
    p95_ms: float | None = Field(default=None, gt=0, le=60_000)

    def check(self, context: RolloutContext) -> ResultRecord:
        """Return the result of the calls; the first wrong status ends the check."""
        seconds: list[float] = []
        with context.open_caller(self.service, self.at) as caller:
            for number in range(1, self.calls + 1):
                answer = caller.call("GET", self.path)
                if (status := answer.status) != self.status:
                    message = f"GET {self.path} of {caller.title} answers {status}, expected {self.status}"
                    error_class = ErrorClass.SERVICE_DOWN if status >= 500 else ErrorClass.CONTRACT
                    return fails(error_class, message, figures={"calls": number, "status": status})
                seconds.append(answer.seconds)
        p95 = find_p95(seconds) * 1000
        figures = {"calls": self.calls, "status": self.status, "p95_ms": round(p95, 1)}
        if self.p95_ms is not None and p95 > self.p95_ms:
            speed = f"95 % of {self.calls} calls within {p95:.0f} ms, allowed are {self.p95_ms:g} ms"
            return fails(ErrorClass.SERVICE_DOWN, f"{caller.title} is too slow: {speed}", figures=figures)
        message = f"{caller.title} answers {self.status} to {self.calls} calls, 95 % within {p95:.0f} ms"
        return passes(message, figures=figures)


def find_p95(values: Sequence[float]) -> float:
    """Return the smallest value that 95 % of the values do not exceed.

    >>> find_p95([3.0, 1.0, 2.0]), find_p95([*range(1, 101)])
    (3.0, 95)
    """
    return sorted(values)[math.ceil(len(values) * 0.95) - 1]


class NoMockAddress(AddressCriterion):
    """Expect another address than the mock's, and responses without the headers and texts of a mock.

    ``headers`` adds to the headers that identify a mock.
    """

    kind: Literal["no_mock_address"] = "no_mock_address"
    path: UrlPath = "/health"
    headers: list[HeaderName] = Field(default_factory=list, max_length=20)

    def check(self, context: RolloutContext) -> ResultRecord:
        """Return what the addresses and two calls show."""
        mock = context.services[self.service].mock
        if mock and self.at != "mock" and is_same_address(context.find_address(self.service, self.at), mock):
            message = f"{self.service} still has the address of its mock; set rollout.services.{self.service}.{self.at}"
            return fails(ErrorClass.CONTRACT, message)
        with context.open_caller(self.service, self.at) as caller:
            answers = {path: caller.call("GET", path) for path in (self.path, UNDOCUMENTED_PATH)}
        for path, answer in answers.items():
            if found := self._find_mock_signs(answer):
                message = f"GET {path} of {caller.title} is answered by a mock: the response has {', '.join(found)}"
                return fails(ErrorClass.CONTRACT, message, figures={"status": answer.status})
        figures = {"status": (status := answers[self.path].status)}
        if status >= 500:
            message = f"GET {self.path} of {caller.title} answers {status}, so it is unknown whether a mock answers"
            return fails(ErrorClass.SERVICE_DOWN, message, figures=figures)
        return passes(f"{caller.title} is not a mock: {len(answers)} answers", figures=figures)

    def _find_mock_signs(self, answer: HttpResponse) -> list[str]:
        prefixes = (*MOCK_HEADERS, *(name.lower() for name in self.headers))
        headers = sorted(name for name in answer.headers if name.lower().startswith(prefixes))
        return headers + [text.decode() for text in MOCK_TEXTS if text in answer.body]
