"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from sqlalchemy import Engine

from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.settings import Settings


def process(engine: Engine, settings: Settings, event: LoggedEvent) -> bool:
    """Probe the videos of a library that was scanned; return whether the event asks for something."""
    if event.type != EventType.NAS_SCAN_COMPLETED:
        return False
    probe_library(engine, settings, event.payload["library"], correlation_id=event.correlation_id)
    return True
