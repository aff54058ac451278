"""Define the section ``alerts`` of ``pokervod.yaml``: channels, and the rules which message goes where and when."""

from datetime import datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pokervod_pipelines.settings.cron import WEEKDAYS
from pokervod_pipelines.settings.detectors import DetectorsSettings
from pokervod_pipelines.settings.fields import ClockTime, HttpAddress, Name, SettingsModel, require_unique
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines.suggestions import suggest_name

Severity = Literal["info", "warning", "error", "critical"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

OTHER_DETECTORS = ("person", "remediation", "rollout")
"""Who opens incidents beside the detectors of the settings."""


def _read_list(value: object) -> object:
    """Return one word as a list of it."""
    return [value] if isinstance(value, str) else value


Globs = Annotated[tuple[str, ...], BeforeValidator(_read_list)]


class AlertChannel(SettingsModel):
    """Name a place where people read alerts. Its address is a secret: only ``POKERVOD_ALERT_<NAME>`` sets it."""

    name: Name
    min_severity: Severity = Field(default="warning", description="Less severe alerts are not sent here.")
    endpoint: HttpAddress | None = Field(
        default=None, description="Of Slack channels: a server instead of hooks.slack.com, such as a gateway."
    )


class RuleHours(SettingsModel):
    """Limit a rule to hours of the day in ``time_zone``; from 22:00 to 06:00 is a night, of the day it begins on."""

    since: ClockTime = Field(default=time(0), alias="from")
    until: ClockTime = time(0)
    days: tuple[Weekday, ...] = ()

    def contain(self, moment: datetime) -> bool:
        """Return whether the local moment is in these hours.

        >>> night = RuleHours.model_validate({"from": "22:00", "until": "06:00", "days": ["fri"]})
        >>> night.contain(datetime(2026, 12, 5, 5, 59)), night.contain(datetime(2026, 12, 4, 5, 59))
        (True, False)
        """
        clock, is_over_midnight = moment.time(), self.since >= self.until
        is_after, is_before = clock >= self.since, clock < self.until
        is_within = is_after or is_before if is_over_midnight else is_after and is_before
        began = moment - timedelta(days=1) if is_over_midnight and not is_after else moment
        return is_within and (not self.days or WEEKDAYS[began.isoweekday() % len(WEEKDAYS)] in self.days)


class AlertRule(SettingsModel):
    """Send incidents, or events of the log, to channels: what is left out of a rule is not asked for.

    A rule with ``events`` is about events only; ``where`` are globs for fields of their payload.
    """

    name: Name
    severities: tuple[Severity, ...] = ()
    detectors: tuple[str, ...] = ()
    subjects: tuple[SubjectKind, ...] = Field(default=(), description="What incidents are about.")
    events: Annotated[tuple[str, ...], BeforeValidator(_read_list)] = ()
    where: dict[str, Globs] = Field(default_factory=dict)
    hours: RuleHours | None = Field(default=None, description="At other hours an incident waits, an event is left out.")
    to: Annotated[tuple[Name, ...], BeforeValidator(_read_list), Field(min_length=1)]
    digest: bool = Field(default=False, description="In the next digest instead of a message of its own.")
    escalate_to: Annotated[tuple[Name, ...], BeforeValidator(_read_list)] = ()
    escalate_after_minutes: float | None = Field(default=None, gt=0, le=10_080)

    @model_validator(mode="after")
    def _is_about_incidents_or_events(self) -> Self:
        about = [name for name in ("severities", "detectors", "subjects", "escalate_to") if getattr(self, name)]
        if self.events and about:
            message = f"rule {self.name!r} is about events; {about[0]} is for incidents: make another rule"
            raise ValueError(message)
        if self.where and not self.events:
            message = f"rule {self.name!r}: where is for events; name their types in events"
            raise ValueError(message)
        if bool(self.escalate_to) != (self.escalate_after_minutes is not None):
            message = f"rule {self.name!r}: escalate_to and escalate_after_minutes are given together"
            raise ValueError(message)
        known = [*DetectorsSettings.model_fields, *OTHER_DETECTORS]
        for each in self.detectors:
            if each not in known:
                message = f"rule {self.name!r}: unknown detector {each!r}; {suggest_name(each, known)}"
                raise ValueError(message)
        return self


class AlertSettings(SettingsModel):
    """Decide where alerts are sent, and how often and how long a delivery is attempted."""

    channels: tuple[AlertChannel, ...] = ()
    rules: tuple[AlertRule, ...] = ()
    digest_minutes: float = Field(default=60.0, gt=0, le=10_080, description="A channel has a digest so often at most.")
    timeout_seconds: float = Field(default=20.0, gt=0, le=300, description="Time limit of one attempt.")
    retry_seconds: float = Field(default=30.0, gt=0, le=3600, description="First wait after a failure; it doubles.")
    max_retry_seconds: float = Field(default=900.0, gt=0, le=86_400, description="No wait is longer than this.")
    give_up_days: float = Field(default=3.0, gt=0, le=60, description="A delivery this old is not retried.")

    @model_validator(mode="after")
    def _channels_have_separate_variables(self) -> Self:
        names = [channel.name.upper().replace("-", "_") for channel in self.channels]
        if len(set(names)) < len(names):
            twice = max(names, key=names.count)
            message = f"channels: two channels would take their address from POKERVOD_ALERT_{twice}; rename one"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _rules_name_channels(self) -> Self:
        require_unique("rules", [each.name for each in self.rules])
        known = [each.name for each in self.channels]
        for rule in self.rules:
            for name in (*rule.to, *rule.escalate_to):
                if name not in known:
                    message = f"rules: {rule.name!r} sends to {name!r}, an unknown channel; {suggest_name(name, known)}"
                    raise ValueError(message)
        return self
