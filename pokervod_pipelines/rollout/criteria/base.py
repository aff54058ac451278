"""Define a criterion, and check one: in limited time, and always with a result.

A new kind is a new class in ``kinds``; all that it may touch is a ``RolloutContext``.
"""

import hashlib
import json
import math
import time
from abc import ABC, abstractmethod

from pydantic import Field

from pokervod_pipelines.processes.threads import run_in_thread
from pokervod_pipelines.rollout.context import Figure, RolloutContext
from pokervod_pipelines.rollout.criteria.fields import MAX_DETAILS, Name, PlanModel, ServiceName, shorten
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines.rollout.services import AddressKind
from pokervod_pipelines.text.folding import make_storable

GRACE_SECONDS = 2.0
"""How much longer than its time a check may take before it is abandoned."""


class Criterion(PlanModel, ABC):
    """Define one thing that a week has to show. ``seconds`` limits one check; the settings have the default."""

    kind: str
    name: Name
    description: str = Field(default="", max_length=500)
    seconds: float | None = Field(default=None, gt=0, le=3600)

    @property
    def digest(self) -> str:
        """Return a digest of what is judged: another one means that an earlier result says nothing about it."""
        judged = self.model_dump(mode="json", exclude={"description", "seconds"}, exclude_defaults=True, by_alias=True)
        whole = json.dumps({**judged, "kind": self.kind}, sort_keys=True, default=str)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    @abstractmethod
    def check(self, context: RolloutContext) -> str:
        """Return what was found; put figures and lines of details into the context. Raises ``CriterionFailed``."""


class ServiceCriterion(Criterion, ABC):
    """Check one service of the plan. ``service: all`` in a plan makes one criterion for each service."""

    service: ServiceName


class AddressCriterion(ServiceCriterion, ABC):
    """Check what a service answers at one of its addresses."""

    at: AddressKind = "address"


def check_criterion(criterion: Criterion, context: RolloutContext) -> ResultRecord:
    """Return the result of the criterion within its time and a little more; never raises for what is found.

    A check that hangs and cannot be stopped is abandoned in a thread that ends with the process.
    """
    begun, started = time.monotonic(), context.start(criterion.seconds)
    checked = run_in_thread(lambda: _check(criterion, started), f"criterion {criterion.name}")
    try:
        found = checked.result(started.seconds + GRACE_SECONDS)
    except TimeoutError:
        problem = f"the check did not finish within {started.seconds:g} s; increase its 'seconds'"
        found = CriterionFailed(ErrorClass.UNREACHABLE, problem)
    failed = found if isinstance(found, CriterionFailed) else None
    lines = [*started.details, *(failed.details if failed else ())]
    if len(lines) > MAX_DETAILS:
        lines[MAX_DETAILS - 1 :] = [f"… and {len(lines) - MAX_DETAILS + 1} more"]
    return ResultRecord(
        criterion=criterion.name,
        passed=failed is None,
        summary=shorten(started.hide_secrets(str(found))),
        details=tuple(shorten(started.hide_secrets(line)) for line in lines),
        figures={name: _make_storable(each, started) for name, each in started.figures.items()},
        error_class=failed.error_class if failed else None,
        seconds=round(time.monotonic() - begun, 3),
    )


def _check(criterion: Criterion, context: RolloutContext) -> str | CriterionFailed:
    try:
        return criterion.check(context)
    except CriterionFailed as failed:
        return failed
    except Exception as error:  # noqa: BLE001 - whatever happens, the rollout continues with a result
        first = next(iter(str(error).strip().splitlines()), "")
        return CriterionFailed(ErrorClass.UNKNOWN, f"{type(error).__name__}: {first}".rstrip(": "))


def _make_storable(figure: Figure, context: RolloutContext) -> Figure:
    is_number = not isinstance(figure, str) and math.isfinite(figure)  # JSON knows neither nan nor inf
    return figure if is_number else make_storable(context.hide_secrets(str(figure)))
