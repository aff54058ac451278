"""Check services: ``service_owner``, ``http_health``, and ``no_mock_address``: the service itself answers."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import AddressCriterion, ServiceCriterion
from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.criteria.result import ErrorClass, expect
from pokervod_pipelines.rollout.http_calls import HttpResponse
from pokervod_pipelines.rollout.services import is_same_address
from pokervod_pipelines.settings.fields import matching

MOCK_HEADERS = ("x-pokervod-mock", "x-mock-", "sl-violations", "x-prism")
"""Prefixes of headers that only mocks send: ours, generic ones, and Prism's."""

MOCK_TEXTS = (b"stoplight.io/prism",)
"""Texts that only a mock answers for an undocumented path."""

UNDOCUMENTED_PATH = "/pokervod-is-this-a-mock"

HeaderName = Annotated[str, matching(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", "the name of a header")]
"""The name of a header, or its prefix."""


class ServiceOwner(ServiceCriterion):
    """Expect the plan or the settings to name the service's owner."""

    kind: Literal["service_owner"] = "service_owner"

    def check(self, context: RolloutContext) -> str:
        """Return the owner's name."""
        owner, name = context.services[self.service].owner, self.service
        expect(owner, ErrorClass.DOCUMENT, f"{name} has no owner; set rollout.services.{name}.owner")
        context.figures["owner"] = str(owner)
        return f"{owner} owns {name}"


class HttpHealth(AddressCriterion):
    """Expect ``calls`` calls, one after the other, to answer ``status``, 95 % of them within ``p95_ms``."""

    kind: Literal["http_health"] = "http_health"
    path: UrlPath = "/health"
    status: int = Field(default=200, ge=100, le=599)
    calls: int = Field(default=5, ge=1, le=1000)
    p95_ms: float | None = Field(default=None, gt=0, le=60_000)

    def check(self, context: RolloutContext) -> str:
        """Return how fast the calls were; the first wrong status ends the check."""
        seconds: list[float] = []
        with context.open_caller(self.service, self.at) as caller:
            while len(seconds) < self.calls:
                answer = caller.call("GET", self.path)
                seconds.append(answer.seconds)
                context.figures.update({"calls": len(seconds), "status": answer.status})
                error_class = ErrorClass.SERVICE_DOWN if answer.status >= 500 else ErrorClass.CONTRACT
                problem = f"GET {self.path} of {caller.title} answers {answer.status}, expected {self.status}"
                expect(answer.status == self.status, error_class, problem)
        p95 = find_p95(seconds) * 1000
        context.figures["p95_ms"] = round(p95, 1)
        limit = math.inf if self.p95_ms is None else self.p95_ms
        problem = f"95 % of {self.calls} calls within {p95:.0f} ms, allowed are {limit:g} ms"
        expect(p95 <= limit, ErrorClass.SERVICE_DOWN, f"{caller.title} is too slow: {problem}")
        return f"{caller.title} answers {self.status} to {self.calls} calls, 95 % within {p95:.0f} ms"


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

    def check(self, context: RolloutContext) -> str:
        """Return what the addresses and two calls show."""
        name, mock = self.service, context.services[self.service].mock
        is_mock = mock and self.at != "mock" and is_same_address(context.find_address(name, self.at), mock)
        problem = f"{name} still has the address of its mock; set rollout.services.{name}.{self.at}"
        expect(not is_mock, ErrorClass.CONTRACT, problem)
        with context.open_caller(name, self.at) as caller:
            answers = {path: caller.call("GET", path) for path in (self.path, UNDOCUMENTED_PATH)}
        context.figures["status"] = status = answers[self.path].status
        for path, answer in answers.items():
            found = self._find_mock_signs(answer)
            problem = f"GET {path} of {caller.title} is answered by a mock: the response has {', '.join(found)}"
            expect(not found, ErrorClass.CONTRACT, problem)
        problem = f"GET {self.path} of {caller.title} answers {status}, so it is unknown whether a mock answers"
        expect(status < 500, ErrorClass.SERVICE_DOWN, problem)
        return f"{caller.title} is not a mock: {len(answers)} answers"

    def _find_mock_signs(self, answer: HttpResponse) -> list[str]:
        prefixes = (*MOCK_HEADERS, *(name.lower() for name in self.headers))
        headers = sorted(name for name in answer.headers if name.lower().startswith(prefixes))
        return headers + [text.decode() for text in MOCK_TEXTS if text in answer.body]
