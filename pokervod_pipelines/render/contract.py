"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.render.health import check_rendering
from pokervod_pipelines.render.instructions import make_instructions
from pokervod_pipelines.settings import Settings


def process(engine: Engine, settings: Settings, event: LoggedEvent) -> bool:
    """Make the instructions of the day of a new or changed hand; return whether the event asks for something."""
    if event.type not in {EventType.HAND_CREATED, EventType.HAND_CHANGED}:
        return False
    day = date.fromisoformat(event.payload["broadcast_day"])
    make_instructions(engine, settings, day=day, correlation_id=event.correlation_id)
    return True


def health(engine: Engine | None, settings: Settings) -> Iterator[CheckResult]:
    """Yield whether rules, templates, the outputs folder and the farm can be used."""
    yield from check_rendering(engine, settings)
