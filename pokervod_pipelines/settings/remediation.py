"""Define the section ``monitoring.remediation`` of ``pokervod.yaml``: what is put right without a person, how often."""

from pydantic import Field

from pokervod_pipelines.settings.fields import SettingsModel


class RemedySettings(SettingsModel):
    """Turn a kind of action off, or limit it: what is beyond ``per_hour`` is for a person."""

    enabled: bool = True
    per_hour: int = Field(default=30, ge=0, le=10_000, description="Of any 60 minutes; then it asks a person.")


class RetrySettings(RemedySettings):
    """Decide when a graphic that spent its own retries is retried, and how often."""

    per_hour: int = Field(default=120, ge=0, le=10_000, description="Of any 60 minutes; then it asks a person.")
    rounds: int = Field(default=4, ge=1, le=10, description="Of a graphic in a day; one of an unknown failure has one.")
    after_minutes: float = Field(default=5.0, ge=0, le=1440, description="Before the first round; it triples.")


class RescueSettings(RemedySettings):
    """Decide when a lost job is requeued that neither a worker nor the sensor requeued."""

    per_hour: int = Field(default=60, ge=0, le=10_000, description="Of any 60 minutes; then it asks a person.")
    after_seconds: float = Field(default=60.0, ge=0, le=86_400, description="After its lease or its limit.")


class PrioritizeSettings(RemedySettings):
    """Decide when a waiting graphic is raised, and how soon it has to be claimed to have been helped."""

    after_minutes: float = Field(default=30.0, ge=1, le=10_080, description="It has waited so long.")
    within_minutes: float = Field(default=15.0, ge=1, le=1440, description="Claimed so soon, it was helped.")


class InstructSettings(RemedySettings):
    """Decide when a premium hand without an instruction gets one."""

    per_hour: int = Field(default=60, ge=0, le=10_000, description="Of any 60 minutes; then it asks a person.")
    after_minutes: float = Field(default=15.0, ge=0, le=10_080, description="It has been stored for so long.")


class ProbeSettings(RemedySettings):
    """Decide when a service is probed whose breaker is open, and that nobody calls."""

    per_hour: int = Field(default=12, ge=0, le=10_000, description="Of any 60 minutes; then it asks a person.")
    after_seconds: float = Field(default=60.0, ge=0, le=86_400, description="After a call could have probed it.")


class RemediationSettings(SettingsModel):
    """Decide what is put right without a person; ``enabled`` turns all of it off."""

    enabled: bool = True
    retry: RetrySettings = RetrySettings()
    rescue: RescueSettings = RescueSettings()
    prioritize: PrioritizeSettings = PrioritizeSettings()
    reorder: RemedySettings = RemedySettings()
    instruct: InstructSettings = InstructSettings()
    probe: ProbeSettings = ProbeSettings()
