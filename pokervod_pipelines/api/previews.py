"""Let a person see what a change would do before it is done; one that deletes has to name how many it deletes."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from pokervod_pipelines.api.actions import MAX_REASON, ActionRequest
from pokervod_pipelines.api.routing import LARGEST

MOST_SHOWN = 500
"""Entries of a preview; its count is of all."""

Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=1_000)]
"""Text that the database can store."""

Path = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=4_096)]
"""A path below an archive root, or the end of one; "" is all of it."""


class PreviewedChange(BaseModel, extra="forbid"):
    """Say why, for the audit log; with ``dry_run`` only ask what would change."""

    reason: str = Field(default="", max_length=MAX_REASON, description="For the audit log; not of a `dry_run`.")
    dry_run: bool = Field(default=False, description="Change nothing; answer with what would be changed.")

    @model_validator(mode="after")
    def _has_a_reason(self) -> Self:
        if not self.dry_run and not self.reason.strip():
            raise ValueError("a reason is required for the audit log")
        return self


class ExpectedChange(PreviewedChange):
    """Say how many are expected to leave: it is refused when it would be others than the preview had."""

    expected: int | None = Field(
        default=None, ge=0, le=LARGEST, description="`count` of the `dry_run`; required for the change itself."
    )

    @model_validator(mode="after")
    def _has_a_number(self) -> Self:
        if not self.dry_run and self.expected is None:
            raise ValueError("expected is required: ask with dry_run first, and give its count")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCount:
    """Tell how many were changed, or would be with ``dry_run``."""

    dry_run: bool
    count: int
    correlation_id: str


def count_change(request: ActionRequest, count: int, *, dry_run: bool = False) -> ChangedCount:
    """Return the answer of a change of so many."""
    return ChangedCount(dry_run=dry_run, count=count, correlation_id=request.correlation_id)
