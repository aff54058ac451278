"""Tell that rows and clips are those of an earlier reading, since their sheet cannot be read now."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from pokervod_pipelines.cli.output import show_time
from pokervod_pipelines.sheets.store import list_sheet_states


def describe_reading(read_at: datetime) -> str:
    """Return of when the rows of a sheet are that cannot be read now."""
    return f"rows of {show_time(read_at)}, kept until it can be read"


def note_stale_sheets(connection: Connection, sheets: Collection[str]) -> str:
    """Return a line about those of the sheets that cannot be read now, "" where each can be read."""
    states = [each for name, each in list_sheet_states(connection).items() if name in sheets]
    stale = [f"{each.sheet}: {describe_reading(each.stale_since)}" for each in states if each.stale_since]
    return f"{'; '.join(stale)} (`pokervod sheets list` says why)" if stale else ""
