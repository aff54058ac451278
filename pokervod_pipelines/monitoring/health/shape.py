"""Describe how the system and what it depends on are, as ``pokervod health`` shows it, and judge it from checks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pokervod_pipelines.checks import CheckResult, Severity


class ServiceState(StrEnum):
    """Tell how a service is that the system depends on."""

    HEALTHY = "healthy"
    """It answers, in time, and nothing is wrong with it."""

    UNUSED = "unused"
    """There is nothing to look at: the settings name none, or nothing was done yet. That is not healthy."""

    UNKNOWN = "unknown"
    """It was not looked at, since what tells about it does not answer; that one says so."""

    DEGRADED = "degraded"
    """It does not answer, or a part of it does not; the rest of the system works."""

    UNHEALTHY = "unhealthy"
    """It does not answer, and nothing works without it."""


BAD = frozenset({ServiceState.DEGRADED, ServiceState.UNHEALTHY})

MOST_PASSED = 3
"""Of so many checks that passed only the first is told; `--json` has all."""

RANK = [*ServiceState]
"""The states, the worst last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """Tell how a service is; ``latency_ms`` is how long it took to answer, None where it did not.

    ``repair`` says what was tried to repair it, "" where nothing was.
    """

    name: str
    state: ServiceState
    summary: str
    latency_ms: float | None = None
    checks: tuple[CheckResult, ...] = ()
    repair: str = ""

    @property
    def is_repairable(self) -> bool:
        """Return whether a hook may help with what failed."""
        return any(each.is_repairable for each in self.checks if not each.passed)

    @property
    def next_steps(self) -> list[str]:
        """Return what a person does, each step once."""
        return [*dict.fromkeys(each.next_step for each in self.checks if not each.passed and each.next_step)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """Count the runs of a job that ended in a time, without those that a person stopped; ``seconds`` of a success.

    ``failed_last`` of them failed after its last success. A figure of no run is None.
    """

    ended: int = 0
    succeeded: int = 0
    seconds: float | None = None
    failed_last: int = 0

    @property
    def success_rate(self) -> float | None:
        """Return the share that succeeded."""
        return self.succeeded / self.ended if self.ended else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowHealth:
    """Compare the runs of a job in the last 24 hours with those of the week before them."""

    name: str
    today: RunFigures
    week: RunFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemHealth:
    """Tell how the whole is, at a time, and how each service is, the worst first."""

    state: ServiceState
    at: datetime
    seconds: float
    services: tuple[ServiceHealth, ...]
    workflows: tuple[WorkflowHealth, ...] = ()

    def find(self, name: str) -> ServiceHealth | None:
        """Return the service of that name."""
        return next((each for each in self.services if each.name == name), None)

    @property
    def memory(self) -> Mapping[str, float | int | str]:
        """Return the figures of the machine's memory."""
        found = self.find("memory")
        return found.checks[0].figures if found and found.checks else {}


def judge_service(name: str, checks: Sequence[CheckResult], *, is_vital: bool, latency_ms: float) -> ServiceHealth:
    """Return how the service is by its checks; one that counts as 0 what it looked at makes it unused, not healthy.

    An error in what is vital makes it unhealthy; any other failure makes it degraded.
    """
    failed = [each for each in checks if not each.passed]
    if failed:
        is_error = any(each.severity is Severity.ERROR for each in failed)
        state = ServiceState.UNHEALTHY if is_vital and is_error else ServiceState.DEGRADED
    elif all(each.looked_at == 0 for each in checks):
        state = ServiceState.UNUSED
    else:
        state = ServiceState.HEALTHY
    own = [float(each.figures["latency_ms"]) for each in checks if "latency_ms" in each.figures]
    return ServiceHealth(
        name=name,
        state=state,
        summary=_summarize(name, failed or checks),
        latency_ms=own[0] if own else latency_ms,
        checks=tuple(checks),
    )


def _summarize(name: str, checks: Sequence[CheckResult]) -> str:
    """Return what the checks found: all that failed, those with the same fault together, or the first that passed."""
    listed = checks if len(checks) < MOST_PASSED or not checks[0].passed else checks[:1]
    names: dict[str, list[str]] = {}
    for each in listed:
        names.setdefault(each.summary, []).append(each.name)
    told = "; ".join(_name_parts(name, of, found) for found, of in names.items())
    left = len(checks) - len(listed)
    return (f"{told}, and {left} more" if left else told) or "nothing to look at"


def _name_parts(service: str, parts: Sequence[str], found: str) -> str:
    """Return what was found with the names of the parts, where they are not that of the service.

    >>> _name_parts("root nas", ["root nas", "library WSOP"], "/nas: is empty")
    '/nas: is empty (also library WSOP)'
    """
    others = ", ".join(each for each in parts if each != service)
    if service in parts:
        return f"{found} (also {others})" if others else found
    return f"{others}: {found}"


def judge_system(services: Iterable[ServiceHealth]) -> ServiceState:
    """Return how the whole is: as its worst service; what is unused or could not be looked at does not decide."""
    states = {each.state for each in services}
    return max(states & BAD, key=RANK.index, default=ServiceState.HEALTHY)


def sort_services(services: Iterable[ServiceHealth]) -> tuple[ServiceHealth, ...]:
    """Return the services with the worst first, otherwise as they were."""
    return tuple(sorted(services, key=lambda each: -RANK.index(each.state)))
