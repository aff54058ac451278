"""Say who acts and why: every action of a person or of a sheet carries an ``Actor``, which the audit trail keeps."""

import uuid
from dataclasses import dataclass, field

from pokervod_pipelines.errors import BadInput


def new_correlation_id() -> str:
    """Return a fresh id that ties a request to every run, event, log line and row that it causes."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Identify who acts, the reason, and the request that the action belongs to.

    Raises ``BadInput`` without a name or a reason: both are audited.
    """

    who: str
    reason: str
    correlation_id: str = field(default_factory=new_correlation_id)

    def __post_init__(self) -> None:
        """Refuse an action that nobody could be asked about later."""
        if not self.who.strip():
            raise BadInput("the name of the person is required for the audit log; give it with --by")
        if not self.reason.strip():
            raise BadInput("--reason is required for the audit log")
