"""Check ``http_health``: a service answers with the expected status, and fast enough."""

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from pokervod_pipelines.rollout.criteria.base import AddressCriterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass
from pokervod_pipelines.rollout.http_calls import HttpResponse


class HttpHealth(AddressCriterion):
    """Expect ``calls`` calls, one after the other, to answer ``status``, 95 % of them within ``p95_ms``."""

    kind: Literal["http_health"] = "http_health"
    path: UrlPath = "/health"
    status: int = Field(default=200, ge=100, le=599)
    calls: int = Field(default=5, ge=1, le=1000)
    p95_ms: float | None = Field(default=None, gt=0, le=60_000)

    def check(self, context: CheckContext) -> CriterionResult:
        """Return the result of the calls; the first wrong status ends the check."""
        answers: list[HttpResponse] = []
        with context.open_caller(self.service, self.at) as caller:
            for _ in range(self.calls):
                answers.append(caller.call("GET", self.path))
                if answers[-1].status != self.status:
                    return self._describe_status(caller.title, answers)
            return self._describe_speed(caller.title, answers)

    def _describe_status(self, title: str, answers: Sequence[HttpResponse]) -> CriterionResult:
        status = answers[-1].status
        message = f"GET {self.path} of {title} answers {status}, expected {self.status}"
        error_class = ErrorClass.SERVICE_DOWN if status >= 500 else ErrorClass.CONTRACT
        return CriterionResult.fails(error_class, message, figures={"calls": len(answers), "status": status})

    def _describe_speed(self, title: str, answers: Sequence[HttpResponse]) -> CriterionResult:
        p95 = find_p95([answer.seconds for answer in answers]) * 1000
        figures: dict[str, float | int | str] = {"calls": len(answers), "status": self.status, "p95_ms": round(p95, 1)}
        if self.p95_ms is not None and p95 > self.p95_ms:
            message = (
                f"{title} is too slow: 95 % of {len(answers)} calls within {p95:.0f} ms, allowed are {self.p95_ms:g} ms"
            )
            return CriterionResult.fails(ErrorClass.SERVICE_DOWN, message, figures=figures)
        return CriterionResult.passes(
            f"{title} answers {self.status} to {len(answers)} calls, 95 % within {p95:.0f} ms", figures=figures
        )


def find_p95(values: Sequence[float]) -> float:
    """Return the smallest value that 95 % of the values do not exceed.

    >>> find_p95([3.0, 1.0, 2.0]), find_p95([*range(1, 101)])
    (3.0, 95)
    """
    return sorted(values)[math.ceil(len(values) * 0.95) - 1]
