"""The contract of the blocks: what each does before its first use, on an event of another, and says of its health.

``events.types.BLOCKS`` is the list. A room that has something to do for one of the three has a module ``contract`` with
a function of that name; for the others the defaults here count, which do nothing and say nothing. A room needs no
other entry anywhere.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult, Health, HealthState, judge_health
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.events.types import BLOCKS
from pokervod_pipelines.settings import Settings

PACKAGE = "pokervod_pipelines"


def initialize_blocks(engine: Engine, settings: Settings) -> None:
    """Let each room prepare what it needs; the first step of every sync. Each may be repeated at any time."""
    for _, initialize in _list_functions("initialize"):
        initialize(engine, settings)


def process_event(engine: Engine, settings: Settings, event: LoggedEvent) -> list[str]:
    """Let each room do what the event of another asks of it; return the rooms that had something to do.

    The direct call for programs without Dagster; with it ``routes`` decide, by the sensor ``event_router``, what runs.
    Whatever a room does twice changes nothing, so an event may come again. Raises the errors of the room.
    """
    return [room for room, process in _list_functions("process") if process(engine, settings, event)]


def check_blocks(engine: Engine | None, settings: Settings) -> dict[str, Health]:
    """Return the health of each block by its letter; all look at the same time, for a share may not answer."""
    with ThreadPoolExecutor(len(BLOCKS)) as pool:
        return dict(zip(BLOCKS, pool.map(lambda block: check_block(block, engine, settings), BLOCKS), strict=True))


def check_block(block: str, engine: Engine | None, settings: Settings) -> Health:
    """Return the health of the block with this letter.

    ``engine`` is None where the database does not answer; then only what needs none is looked at.
    """
    if not any(map(_is_there, BLOCKS[block])):
        return Health(state=HealthState.ABSENT, summary=f"this version has no {' and '.join(BLOCKS[block])}")
    checks: list[CheckResult] = []
    for _, health in _list_functions("health", BLOCKS[block]):
        checks += health(engine, settings)
    return judge_health(checks)


def list_rooms() -> list[str]:
    """Return the rooms of all blocks that this version has."""
    return [room for rooms in BLOCKS.values() for room in rooms if _is_there(room)]


def _list_functions(name: str, rooms: tuple[str, ...] | None = None) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the function of that name of each room that has one."""
    for room in list_rooms() if rooms is None else rooms:
        if function := _find_function(room, name):
            yield room, function


@cache
def _find_function(room: str, name: str) -> Callable[..., Any] | None:
    module = f"{PACKAGE}.{room}.contract"
    return getattr(import_module(module), name, None) if _is_there(room) and find_spec(module) else None


def _is_there(room: str) -> bool:
    return find_spec(f"{PACKAGE}.{room}") is not None
