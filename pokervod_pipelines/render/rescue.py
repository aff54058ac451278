"""What no living worker holds is put back: leases that ran out, and renders that take longer than they may.

Whoever likes may call it as often as they like: workers do, and so does the sensor ``stale_instructions``.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render import queue_store as store
from pokervod_pipelines.render.backoff import find_wait
from pokervod_pipelines.render.queue import move_on
from pokervod_pipelines.render.queue_store import Expired, read_template_limits
from pokervod_pipelines.render.rules import find_house_folders
from pokervod_pipelines.render.states import Settlement, settle_lost
from pokervod_pipelines.render.templates import load_templates, read_templates
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.render import RenderQueueSettings


def rescue_lost(
    engine: Engine, limits: RenderQueueSettings, template_limits: Mapping[str, float] | None = None
) -> list[Settlement]:
    """What is held for too long, or by nobody, waits again with a retry spent, or is timed out when none is left."""
    with engine.begin() as connection:
        expired = store.lock_expired(connection, timedelta(minutes=limits.timeout_minutes), template_limits or {})
        settlements = [
            settle_lost(each.held, _say_why(each), find_wait(limits.retry_seconds, each.held.retry_count))
            for each in expired
        ]
        move_on(connection, settlements, limits)
    return settlements


def read_house_limits(settings: Settings) -> dict[str, float]:
    """The seconds that a render of each template of the house may last, of all those that can be read.

    What is wrong with a file is told by others; it must not keep the dead from being found.
    """
    try:
        return read_template_limits(read_templates(find_house_folders(settings)).sound)
    except BadInput:
        return read_template_limits(load_templates())


def _say_why(each: Expired) -> str:
    if each.is_silent:
        return f"{each.held.worker} was not heard of for {each.seconds:.0f} s"
    return f"{each.held.worker} worked on it for {each.seconds:.0f} s; it may take {each.most_seconds:.0f} s"
