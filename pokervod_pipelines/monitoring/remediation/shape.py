"""Describe the kinds of actions, an action, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.subjects import Subject

DETECTOR = "remediation"
"""The detector of the incident that asks a person, once a budget is spent."""


class RemedyKind(StrEnum):
    """Name a kind of action; the settings of each are those of its name."""

    RETRY = "retry"
    """A graphic that spent its retries on what may pass is given them again."""

    RESCUE = "rescue"
    """A job is requeued whose worker is silent or beyond its limit, where neither a worker nor the sensor did."""

    PRIORITIZE = "prioritize"
    """A graphic that waits for too long is raised by two steps, and workers are woken."""

    REORDER = "reorder"
    """A waiting graphic whose rank does not fit its priority and age is ranked anew."""

    INSTRUCT = "instruct"
    """A premium hand without an instruction gets it, or it is said why there is none."""

    PROBE = "probe"
    """A service that nobody calls since its breaker opened is called once."""


DETECTORS: Mapping[RemedyKind, Detector] = {
    RemedyKind.RETRY: Detector.GRAPHIC_FAILED,
    RemedyKind.RESCUE: Detector.PROCESSING_TOO_LONG,
    RemedyKind.PRIORITIZE: Detector.PENDING_TOO_LONG,
    RemedyKind.REORDER: Detector.PRIORITY_INVERTED,
    RemedyKind.INSTRUCT: Detector.ORPHAN_HAND,
    RemedyKind.PROBE: Detector.BREAKER_OPEN,
}
"""The detector of what each kind puts right, which signs the action."""

WIDER: Mapping[RemedyKind, tuple[Detector, ...]] = {
    RemedyKind.RETRY: (Detector.ERROR_RATE,),
    RemedyKind.RESCUE: (Detector.WORKER_STOPPED,),
    RemedyKind.PRIORITIZE: (Detector.THROUGHPUT_DROPPED,),
    RemedyKind.PROBE: (Detector.SERVICE_DOWN,),
}
"""Detectors that see the same from further off: an action is for an incident of theirs where its own has none."""


class ActionState(StrEnum):
    """Tell whether an action was done."""

    DONE = "done"
    REFUSED = "refused"
    """It was not done: ``reason`` says why, and a person may do it."""


class Outcome(StrEnum):
    """Tell what became of an action, measured later."""

    HELPED = "helped"
    IN_VAIN = "in vain"
    """What it should put right is as before."""

    HARMED = "harmed"
    """A person had to undo it, or it was done twice."""

    MOOT = "moot"
    """Something else ended it before: another version, a withdrawal. It counts for no rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyAction:
    """Hold a row of ``remediations``: what was done to a thing, by which detector, and for which incident.

    ``count`` is 1, or of what a spent budget refused how many things wait. ``outcome`` is None while it is not known.
    """

    id: int
    kind: RemedyKind
    subject: Subject
    state: ActionState
    detector: str
    incident_id: int | None
    reason: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    count: int
    correlation_id: str
    done_at: datetime
    outcome: Outcome | None = None
    outcome_at: datetime | None = None
    outcome_reason: str = ""

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.kind} {self.subject} {self.state}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Describe an action that was just done or refused, before it is stored."""

    kind: RemedyKind
    subject: Subject
    reason: str
    state: ActionState = ActionState.DONE
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    incident_id: int | None = None
    correlation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFigures:
    """Count the actions of a kind in a window. A rate of nothing is None.

    ``refused`` were tried and could not be done, ``over_budget`` were left to a person. ``spent`` is of ``per_hour`` in
    the last 60 minutes. ``by_queue`` is how often the queue did the like by itself, None where it does nothing like it.
    """

    kind: RemedyKind
    done: int
    helped: int
    in_vain: int
    harmed: int
    moot: int
    refused: int
    over_budget: int
    per_hour: int
    spent: int
    is_enabled: bool
    by_queue: int | None

    @property
    def measured(self) -> int:
        """Count those whose outcome is known and counts."""
        return self.helped + self.in_vain + self.harmed

    @property
    def success_rate(self) -> float | None:
        """Return which share of those measured helped."""
        return self.helped / self.measured if self.measured else None

    @property
    def harm_rate(self) -> float | None:
        """Return which share of those measured harmed."""
        return self.harmed / self.measured if self.measured else None
