"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from sqlalchemy import Engine

from pokervod_pipelines.clips.build import build_clips
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.settings import Settings


def process(engine: Engine, settings: Settings, event: LoggedEvent) -> bool:
    """Make the clips of a sheet of which rows changed; return whether the event asks for something."""
    if event.type != EventType.SHEETS_SYNC_COMPLETED:
        return False
    build_clips(engine, event.payload["sheet"], correlation_id=event.correlation_id)
    return True
