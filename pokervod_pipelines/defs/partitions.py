"""Define the partitions: configured libraries and sheets, in the order of ``pokervod.yaml``, and broadcast days.

Files, rows and hands are never partitions; they are rows of a table.
"""

import dagster as dg

from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.first_day import find_first_day


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
