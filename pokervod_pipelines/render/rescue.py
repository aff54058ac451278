"""What no living worker holds is put back: leases that ran out, and renders that take longer than they may.

Whoever likes may call it as often as they like: workers do, and so does the sensor ``stale_instructions``.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Engine

from pokervod_pipelines.render import queue_store as store
from pokervod_pipelines.render.backoff import find_wait
from pokervod_pipelines.render.queue import move_on
from pokervod_pipelines.render.queue_store import Expired
from pokervod_pipelines.render.states import Settlement, settle_lost
from pokervod_pipelines.settings_rooms import RenderQueue


def rescue_lost(
    engine: Engine, limits: RenderQueue, template_limits: Mapping[str, float] | None = None
) -> list[Settlement]:
    """What is held for too long, or by nobody, waits again with a retry spent, or is timed out when none is left."""
    with engine.begin() as connection:
        expired = store.lock_expired(connection, timedelta(minutes=limits.most_minutes), template_limits or {})
        settlements = [
            settle_lost(each.held, _say_why(each), find_wait(limits.retry_seconds, each.held.retry_count))
            for each in expired
        ]
        move_on(connection, settlements)
    return settlements


def _say_why(each: Expired) -> str:
    if each.is_silent:
        return f"{each.held.worker} was not heard of for {each.seconds:.0f} s"
    return f"{each.held.worker} worked on it for {each.seconds:.0f} s; it may take {each.most_seconds:.0f} s"
