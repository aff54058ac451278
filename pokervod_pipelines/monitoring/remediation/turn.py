"""Hold what one kind of action works with while it has its turn, and find the incident that each action is for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import Actor, new_correlation_id
from pokervod_pipelines.monitoring.remediation.shape import DETECTORS, ActionState, Deed, RemedyKind
from pokervod_pipelines.monitoring.remediation.store import OpenIncident
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind

MAX_REASON = 400

QUEUE = Subject(kind=SubjectKind.QUEUE, name="render queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Hold the transaction, the moment, how many actions the budget still allows, and the open incidents."""

    connection: Connection
    settings: Settings
    now: datetime
    kind: RemedyKind
    budget: int
    incidents: Sequence[OpenIncident]

    def find_incident(self, *subjects: Subject) -> OpenIncident | None:
        """Return the open incident about the first of these subjects that has one."""
        by_subject = {each.subject: each for each in reversed(self.incidents)}
        return next((by_subject[each] for each in subjects if each in by_subject), None)

    def make_deed(
        self,
        subject: Subject,
        reason: str,
        *others: Subject,
        state: ActionState = ActionState.DONE,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        correlation_id: str = "",
    ) -> Deed:
        """Return the deed, for the incident about the subject or else about one of the others."""
        incident = self.find_incident(subject, *others)
        return Deed(
            kind=self.kind,
            subject=subject,
            state=state,
            reason=" ".join(reason.split())[:MAX_REASON],
            before=before or {},
            after=after or {},
            incident_id=incident.id if incident else None,
            correlation_id=correlation_id or (incident.correlation_id if incident else ""),
        )

    def sign(self, reason: str) -> Actor:
        """Return who acts: the detector of what is put right."""
        return Actor(
            who=DETECTORS[self.kind], reason=f"remediation: {reason}"[:MAX_REASON], correlation_id=new_correlation_id()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Hold what a kind did in its turn, and how many things are left that its budget did not allow."""

    deeds: Sequence[Deed] = ()
    left: int = 0


Remedy = Callable[[Turn], Work]
"""Does what one kind of action does, in the transaction of its turn."""


def select(turn: Turn, columns: str, source: str, order: str, **values: Any) -> tuple[list[Any], int]:
    """Lock as many rows ``r`` as the budget allows, and return them and how many more there are.

    A row that another transaction works on is left to it. PostgreSQL looks at the condition again once it has the lock.
    """
    parameters = values | {"now": turn.now}
    count = turn.connection.scalar(text(f"select count(*) from {source}"), parameters)  # noqa: S608 - constants
    if not count or turn.budget <= 0:
        return [], int(count or 0)
    found = turn.connection.execute(
        text(f"select {columns} from {source} order by {order} limit :limit for update of r skip locked"),  # noqa: S608 - constants
        parameters | {"limit": turn.budget},
    ).all()
    return [*found], max(0, int(count) - turn.budget)
