"""Check the types of events in the settings, which are read before the types are known."""

from datetime import UTC, datetime

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.events.retention import find_oldest
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.file import read_settings_file
from pokervod_pipelines.settings.rooms import EventSettings


def require_known_types(settings: Settings) -> None:
    """Raise ``BadSettings``, with file and line, for what ``events.keep_days_of`` names and no event has."""
    file = read_settings_file(settings.source)
    refused = []
    for name, days in settings.events.keep_days_of.items():
        try:
            find_oldest(EventSettings(keep_days_of={name: days}), datetime.now(UTC))
        except BadSettings as error:
            refused.append(f"{file.place(('events', 'keep_days_of', name))}: {error}")
    if refused:
        raise BadSettings("\n".join(refused))
