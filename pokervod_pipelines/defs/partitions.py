"""The partitions, each with where its keys come from and in which order.

Libraries and sheets are configured, so their keys are those of ``pokervod.yaml`` in its order; files, rows and hands
are never partitions, they are rows of a table.
"""

import dagster as dg

from pokervod_pipelines.settings import Settings


def library_partitions(settings: Settings) -> dg.StaticPartitionsDefinition:
    """One partition for each configured library."""
    return dg.StaticPartitionsDefinition([library.name for library in settings.libraries])


def sheet_partitions(settings: Settings) -> dg.StaticPartitionsDefinition:
    """One partition for each configured sheet."""
    return dg.StaticPartitionsDefinition([sheet.name for sheet in settings.sheets])
