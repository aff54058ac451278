"""Probe a service that nobody calls since its breaker opened, so that what waits for it goes on."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.monitoring.remediation.spared import write_in_window
from pokervod_pipelines.monitoring.remediation.turn import Turn, Work
from pokervod_pipelines.policies.blocks import DRIVE, NEXRENDER, SHEETS
from pokervod_pipelines.policies.breaker_store import read_states
from pokervod_pipelines.policies.breakers import BreakerOptions
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sources import make_client
from pokervod_pipelines.subjects import Subject, SubjectKind

if TYPE_CHECKING:
    from pokervod_pipelines.sheets.google.client import GoogleClient

SECONDS_PER_CALL = 4.0

_IN_WINDOW = text(f"""
    select s.name from unnest(cast(:names as text[])) as s (name) where {write_in_window({"service": "s.name"})}
""")  # noqa: S608 - constants


def probe_breakers(turn: Turn) -> Work:
    """Record which services are probed; they are called once that is committed, by ``call_service``.

    An alert channel is not: only a message could probe it, and the next one does.
    """
    after = timedelta(seconds=turn.settings.monitoring.remediation.probe.after_seconds)
    due = [
        each
        for each in read_states(turn.connection, [*PROBES], turn.now)
        if each.next_probe_at is not None
        and not each.is_probing
        and each.next_probe_at + after <= turn.now
        and is_configured(each.name, turn.settings)
    ]
    planned = {"names": [each.name for each in due], "now": turn.now}
    spared = set(turn.connection.scalars(_IN_WINDOW, planned)) if due else set()
    free = [each for each in due if each.name not in spared]
    deeds = [
        turn.make_deed(
            Subject(kind=SubjectKind.SERVICE, name=each.name),
            f"nobody has called it since its breaker opened; the last failure: {each.last_error}",
            before={"state": each.state, "failures": each.failures},
            after={"state": "probed"},
            correlation_id=each.correlation_id,
        )
        for each in free[: max(0, turn.budget)]
    ]
    return Work(deeds=deeds, left=len(free) - len(deeds))


def is_configured(name: str, settings: Settings) -> bool:
    """Return whether the settings still name the service."""
    if name == NEXRENDER.name:
        return settings.render.nexrender.url is not None
    return any(each.spreadsheet is not None for each in settings.sheets)


def call_service(engine: Engine, settings: Settings, name: str) -> None:
    """Call the service once through its breaker, which closes where it answers."""
    try:
        PROBES[name](engine, settings)
    except PokervodError:
        return  # the breaker has counted it, or another process is the probe


def _call_nexrender(engine: Engine, settings: Settings) -> None:
    asyncio.run(_list_jobs(engine, settings))


async def _list_jobs(engine: Engine, settings: Settings) -> None:
    from pokervod_pipelines.render.renderers.nexrender.client import NexrenderClient  # noqa: PLC0415 - loads httpx2
    from pokervod_pipelines.render.renderers.nexrender.guard import ServerGuard  # noqa: PLC0415

    secret = settings.nexrender_secret.get_secret_value() if settings.nexrender_secret else None
    breaker = make_breaker(engine, NEXRENDER, BreakerOptions(zone=settings.zone))
    client = NexrenderClient(settings.render.nexrender.url or "", secret, answer_seconds=SECONDS_PER_CALL)
    try:
        await ServerGuard(breaker, outage_seconds=0.0).begin(client.list_jobs)
    finally:
        await client.close()


def _call_drive(engine: Engine, settings: Settings) -> None:
    with closing(_open_google(engine, settings)) as client:
        client.read_versions([_find_spreadsheet(settings)[0]])


def _call_sheets(engine: Engine, settings: Settings) -> None:
    with closing(_open_google(engine, settings)) as client:
        client.open(*_find_spreadsheet(settings)).layout()


def _open_google(engine: Engine, settings: Settings) -> "GoogleClient":
    options = {"attempts": 1, "seconds_per_call": min(settings.google.seconds_per_call, SECONDS_PER_CALL)}
    return make_client(engine, settings.model_copy(update={"google": settings.google.model_copy(update=options)}))


def _find_spreadsheet(settings: Settings) -> tuple[str, str]:
    """Return the id and the name of the first sheet at Google."""
    return next((each.spreadsheet, each.name) for each in settings.sheets if each.spreadsheet is not None)


PROBES: Mapping[str, Callable[[Engine, Settings], None]] = {
    NEXRENDER.name: _call_nexrender,
    DRIVE.name: _call_drive,
    SHEETS.name: _call_sheets,
}
"""How each service is called once, by the name of its breaker."""
