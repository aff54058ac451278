"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from sqlalchemy import Engine

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.settings import Settings


def process(engine: Engine, settings: Settings, event: LoggedEvent) -> bool:
    """Build the catalog after a scan; return whether the event asks for something."""
    if event.type != EventType.NAS_SCAN_COMPLETED:
        return False
    build_catalog(engine, correlation_id=event.correlation_id)
    return True
