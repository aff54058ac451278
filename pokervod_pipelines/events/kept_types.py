"""Check the types of events in the settings, which are read before the types are known."""

from datetime import UTC, datetime

from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.events.log import EventFilter
from pokervod_pipelines.events.retention import find_oldest
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.file import read_settings_file
from pokervod_pipelines.settings.rooms import EventSettings


def require_known_types(settings: Settings) -> None:
    """Raise ``BadSettings``, with file and line, for a type that no event has.

    ``events.keep_days_of`` and the rules of alerts name types.
    """
    file = read_settings_file(settings.source)
    refused = []
    for name, days in settings.events.keep_days_of.items():
        try:
            find_oldest(EventSettings(keep_days_of={name: days}), datetime.now(UTC))
        except BadSettings as error:
            refused.append(f"{file.place(('events', 'keep_days_of', name))}: {error}")
    for number, rule in enumerate(settings.alerts.rules):
        try:
            EventFilter(types=rule.events)
        except BadInput as error:
            where = file.place(("alerts", "rules", number, "events"))
            refused.append(f"{where}: alerts.rules, {rule.name}: {str(error).removeprefix('--type: ')}")
    if refused:
        raise BadSettings("\n".join(refused))
