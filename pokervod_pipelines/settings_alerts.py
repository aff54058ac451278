"""What the administrator decides about alerts: the section ``alerts`` of ``pokervod.yaml``."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pokervod_pipelines.settings_rooms import HttpAddress, Name, SettingsModel


class AlertChannel(SettingsModel):
    """A place where people read. Its address is a secret and comes from ``POKERVOD_ALERT_<NAME>``, never from here."""

    name: Name
    least: Literal["info", "warning", "critical"] = Field(
        default="warning", description="Alerts less severe than this are not told here."
    )
    endpoint: HttpAddress | None = Field(
        default=None, description="Of Slack channels: a server that stands for hooks.slack.com, such as a gateway."
    )


class Alerts(SettingsModel):
    """Where alerts are told, and for how long and how often that is tried."""

    channels: tuple[AlertChannel, ...] = ()
    seconds_per_try: float = Field(default=20.0, gt=0, le=300, description="A channel that takes longer has failed.")
    retry_seconds: float = Field(default=30.0, gt=0, le=3600, description="First wait after a failed try; it doubles.")
    longest_retry_seconds: float = Field(default=900.0, gt=0, le=86_400, description="No wait is longer than this.")
    give_up_days: float = Field(default=3.0, gt=0, le=60, description="A delivery this old is not tried again.")

    @model_validator(mode="after")
    def _channels_have_variables_of_their_own(self) -> Self:
        names = [channel.name.upper().replace("-", "_") for channel in self.channels]
        if len(set(names)) < len(names):
            twice = max(names, key=names.count)
            message = f"channels: two channels would take their address from POKERVOD_ALERT_{twice}; rename one"
            raise ValueError(message)
        return self
