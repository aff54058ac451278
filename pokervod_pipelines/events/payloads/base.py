"""Define what all payloads have in common.

A payload that changes its shape gets another ``schema_version``; the log has the version of each event beside it.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """Hold what an event says; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_version: ClassVar[int] = 1


class SignedPayload(Payload):
    """Add who did it and why."""

    by: str
    reason: str
