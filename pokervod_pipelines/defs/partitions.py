"""Define the partitions: configured libraries and sheets, in the order of ``pokervod.yaml``, broadcast days and weeks.

Files, rows and hands are never partitions; they are rows of a table.
"""

import warnings

import dagster as dg

from pokervod_pipelines.monitoring.weeks.shape import Week
from pokervod_pipelines.monitoring.weeks.validation import find_current_week
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.first_day import BEFORE_IMPORT, find_first_day

WEEK_KEY = "%G-W%V-%u"
"""The week date of ISO 8601: "2026-W48-1" is the Monday of week 48. Python parses no week without a day."""


def library_partitions(settings: Settings) -> dg.StaticPartitionsDefinition:
    """Return a partition for each configured library."""
    return dg.StaticPartitionsDefinition([library.name for library in settings.libraries])


def sheet_partitions(settings: Settings) -> dg.StaticPartitionsDefinition:
    """Return a partition for each configured sheet."""
    return dg.StaticPartitionsDefinition([sheet.name for sheet in settings.sheets])


def broadcast_days(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Return a partition for each broadcast day, the current one included; the settings say when a day begins."""
    begins = settings.hands.day_starts_at
    return dg.DailyPartitionsDefinition(
        start_date=find_first_day(settings).isoformat(),
        timezone=settings.time_zone,
        hour_offset=begins.hour,
        minute_offset=begins.minute,
        end_offset=1,
    )


def broadcast_weeks(settings: Settings) -> dg.TimeWindowPartitionsDefinition:
    """Return a partition for each ISO week of broadcast days, the current one included.

    An installation whose first day is of this week has files from before all the same.
    """
    begins = settings.hands.day_starts_at
    first, current = Week.of(find_first_day(settings)), find_current_week(settings)
    return dg.TimeWindowPartitionsDefinition(
        start=name_week(first if first < current else Week.of(BEFORE_IMPORT)),
        fmt=WEEK_KEY,
        timezone=settings.time_zone,
        cron_schedule=f"{begins.minute} {begins.hour} * * 1",
        end_offset=1,
    )


def name_week(week: Week) -> str:
    """Return the key of the week's partition."""
    return f"{week.name}-1"


def read_week(key: str) -> Week:
    """Return the week of a partition."""
    return Week.parse(key)


def specify_weekly_check(
    asset: str, name: str, description: str, weeks: dg.TimeWindowPartitionsDefinition
) -> dg.AssetCheckSpec:
    """Return the spec of a check that has a result for each week.

    That a check has partitions is a preview in Dagster, which warns of it; this is the one place that relies on it.
    """
    with warnings.catch_warnings(action="ignore", category=dg.PreviewWarning):
        return dg.AssetCheckSpec(name, asset=asset, description=description, partitions_def=weeks)
