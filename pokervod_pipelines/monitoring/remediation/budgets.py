"""Find how much of each kind may be done."""

from datetime import timedelta

from pokervod_pipelines.monitoring.remediation.shape import RemedyKind
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.remediation import RemedySettings

HOUR = timedelta(hours=1)
"""What a budget is for."""


def find_rules(settings: Settings, kind: RemedyKind) -> RemedySettings:
    """Return the settings of the kind."""
    rules: RemedySettings = getattr(settings.monitoring.remediation, kind)
    return rules
