"""``http_health``: a service answers with the right status, and fast enough."""

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from pokervod_pipelines.rollout.criteria.calls import Answer, open_caller
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence, Figures
from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.criteria.of_service import OfAddress
from pokervod_pipelines.rollout.criteria.world import World


class HttpHealth(OfAddress):
    """All of ``calls`` calls, one after the other, answer ``status``; 95 % of them within ``p95_ms``."""

    kind: Literal["http_health"] = "http_health"
    path: UrlPath = "/health"
    status: int = Field(default=200, ge=100, le=599)
    calls: int = Field(default=5, ge=1, le=1000)
    p95_ms: float | None = Field(default=None, gt=0, le=60_000)

    def check(self, world: World) -> Evidence:
        """Return what the calls found; the first one that goes wrong ends the look."""
        answers: list[Answer] = []
        with open_caller(world, self.service, self.at) as caller:
            for _ in range(self.calls):
                answers.append(caller.call("GET", self.path))
                if answers[-1].status != self.status:
                    return self._tell_status(caller.title, answers)
            return self._tell_speed(caller.title, answers)

    def _tell_status(self, title: str, answers: Sequence[Answer]) -> Evidence:
        status = answers[-1].status
        said = f"GET {self.path} of {title} answers {status}, not {self.status}"
        error_class = ErrorClass.SERVICE_DOWN if status >= 500 else ErrorClass.CONTRACT
        return Evidence.fails(error_class, said, figures={"calls": len(answers), "status": status})

    def _tell_speed(self, title: str, answers: Sequence[Answer]) -> Evidence:
        p95 = find_p95([answer.seconds for answer in answers]) * 1000
        figures: Figures = {"calls": len(answers), "status": self.status, "p95_ms": round(p95, 1)}
        if self.p95_ms is not None and p95 > self.p95_ms:
            said = f"{title} is too slow: 95 % of {len(answers)} calls within {p95:.0f} ms, allowed are {self.p95_ms:g}"
            return Evidence.fails(ErrorClass.SERVICE_DOWN, said, figures=figures)
        return Evidence.passes(f"{title} answers {self.status}, 95 % within {p95:.0f} ms", figures=figures)


def find_p95(values: Sequence[float]) -> float:
    """Return the least value that 95 % of the values do not exceed.

    >>> find_p95([3.0, 1.0, 2.0]), find_p95([*range(1, 101)])
    (3.0, 95)
    """
    return sorted(values)[math.ceil(len(values) * 0.95) - 1]
