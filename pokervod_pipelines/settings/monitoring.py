"""Define the section ``monitoring`` of ``pokervod.yaml``: what counts as healthy, and what may repair it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pokervod_pipelines.settings.detectors import DetectorsSettings
from pokervod_pipelines.settings.fields import Name, SettingsModel
from pokervod_pipelines.settings.remediation import RemediationSettings

HookCommand = Annotated[tuple[str, ...], Field(min_length=1)]
"""A program and its arguments, which no shell reads."""


class HookSettings(SettingsModel):
    """Name the commands that may repair a failure; without one nothing is run.

    A hook is run once a failure, ``after_seconds`` after it was first seen: a sleeping disk needs 15 s.
    """

    remount: dict[Name, HookCommand] = Field(default_factory=dict, description="By archive root.")
    restart: dict[Literal["daemon", "worker", "watcher"], HookCommand] = Field(default_factory=dict)
    after_seconds: float = Field(default=30.0, ge=0, le=3600, description="A failure that passes sooner runs no hook.")
    timeout_seconds: float = Field(default=30.0, gt=0, le=45, description="A hook that takes longer is killed.")
    per_hour: int = Field(default=3, ge=1, le=60, description="Each hook is run so often an hour at most.")


class IncidentSettings(SettingsModel):
    """Decide when an incident is over and when it comes back."""

    close_after_seconds: float = Field(default=45.0, ge=0, le=3600, description="Not found for so long, it is over.")
    reopen_hours: float = Field(default=24.0, ge=0, le=720, description="What returns so soon is the same incident.")
    grace_minutes: float = Field(
        default=15.0,
        ge=0,
        le=1440,
        description="So long the effects of one that is over stay folded, and one that a person resolved stays so.",
    )


class MonitoringSettings(SettingsModel):
    """Decide what ``pokervod health`` calls degraded and unhealthy."""

    low_disk_bytes: int = Field(default=5_000_000_000, ge=0, description="A disk with less free is degraded.")
    full_disk_bytes: int = Field(default=1_000_000_000, ge=0, description="A disk with less free is unhealthy.")
    low_memory_share: float = Field(default=0.05, ge=0, lt=1, description="Less free memory than this is degraded.")
    clock_seconds: float = Field(default=2.0, gt=0, le=3600, description="How far the database's clock may differ.")
    min_success_rate: float = Field(default=0.9, ge=0, le=1, description="Of the runs of a job in 24 hours.")
    hooks: HookSettings = HookSettings()
    incidents: IncidentSettings = IncidentSettings()
    detectors: DetectorsSettings = DetectorsSettings()
    remediation: RemediationSettings = RemediationSettings()

    @model_validator(mode="after")
    def _low_is_more_than_full(self) -> Self:
        if self.low_disk_bytes < self.full_disk_bytes:
            message = f"low_disk_bytes: expected at least full_disk_bytes ({self.full_disk_bytes})"
            raise ValueError(message)
        return self
