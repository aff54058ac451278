"""What goes with a step of a programme outside of it: the page is written, alerts are sent, an escalation is seen."""

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.alerts.channels import Channel, open_channels
from pokervod_pipelines.alerts.delivery import deliver_pending
from pokervod_pipelines.alerts.raising import acknowledge as acknowledge_alert
from pokervod_pipelines.errors import BadSettings, Unavailable
from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.house import describe_plan, find_plan, name_escalation
from pokervod_pipelines.rollout.interventions import Person
from pokervod_pipelines.rollout.programme import Programme, hold_alone
from pokervod_pipelines.rollout.record import ProgrammeRecord
from pokervod_pipelines.rollout.report.html import write_page
from pokervod_pipelines.settings import Settings


def write_page_file(settings: Settings, plan: str, record: ProgrammeRecord) -> Path:
    """The page of the programme is a file, whole at every moment; returns where.

    Raises ``Unavailable`` where it cannot be written.
    """
    folder = settings.rollout.pages or settings.home / "rollout"
    # Of each process its own: a command and a run of Dagster may write at once.
    page, draft = folder / f"{plan}.html", folder / f".{plan}.{os.getpid()}.part"
    planned = describe_plan(find_plan(settings, plan))
    content = write_page(planned, record, datetime.now(UTC), settings.rollout.link)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(content, encoding="utf-8")
        draft.replace(page)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise Unavailable(f"the page {page} cannot be written ({error.strerror}); see rollout.pages") from None
    return page


def deliver_alerts(engine: Engine, settings: Settings) -> Mapping[str, str]:
    """What is due was sent once; returns the fault of each channel that did not take it, which is tried again later.

    A channel without an address is such a fault, and keeps no other from its message.
    """
    channels, missing = find_channels(settings)
    return missing | deliver_pending(engine, channels, now=datetime.now(UTC), limits=settings.alerts).faults


def find_channels(settings: Settings) -> tuple[list[Channel], dict[str, str]]:
    """Return the channels that have an address, and by name what to do about those that have none."""
    channels: list[Channel] = []
    missing: dict[str, str] = {}
    for each in settings.alerts.channels:
        try:
            channels += open_channels([each], settings.alert_urls)
        except BadSettings as error:
            missing[each.name] = str(error)
    return channels, missing


def resume_programme(programme: Programme, person: Person, *, week: int | None = None) -> int:
    """The programme may go on, and nobody is waited for any more; returns the week it goes on from.

    Raises ``Conflict`` while a runner is at it: its verdict would count for the new round.
    """
    with hold_alone(programme):
        return interventions.resume(programme, person, week=week)


def acknowledge_escalation(programme: Programme, person: Person) -> int:
    """Somebody cares for the escalation; returns the week that blocks."""
    week = interventions.acknowledge(programme, person)
    with programme.engine.begin() as connection:
        acknowledge_alert(connection, name_escalation(programme.plan, week), by=person.by, reason=person.reason)
    return week
