"""Publish a rollout outside the database: write its page, send its alerts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.alerts.channels import Channel, open_channels
from pokervod_pipelines.alerts.delivery import deliver_pending
from pokervod_pipelines.errors import BadSettings, Unavailable
from pokervod_pipelines.files import replace_file
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report.text import write_page
from pokervod_pipelines.settings import Settings


def write_page_file(settings: Settings, plan: RolloutPlan, record: RolloutRecord) -> Path:
    """Write the page of the rollout, whole at every moment; return its path. Raises ``Unavailable``."""
    folder = settings.rollout.pages or settings.home / "rollout"
    page = folder / f"{plan.name}.html"
    content = write_page(plan, record, datetime.now(UTC), settings.rollout.link)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(page, content.encode())
    except OSError as error:
        raise Unavailable(f"cannot write the page {page} ({error.strerror}); correct rollout.pages") from None
    return page


def deliver_alerts(engine: Engine, settings: Settings) -> Mapping[str, str]:
    """Send what is due once; return the failure of each channel that failed, which is retried later.

    A channel without an address is one of them; it does not stop the others.
    """
    channels, missing = find_channels(settings)
    return missing | deliver_pending(engine, channels, now=datetime.now(UTC), limits=settings.alerts).failures


def find_channels(settings: Settings) -> tuple[list[Channel], dict[str, str]]:
    """Return the channels that have an address, and by name what to do about the others."""
    channels: list[Channel] = []
    missing: dict[str, str] = {}
    for each in settings.alerts.channels:
        try:
            channels += open_channels([each], settings.alert_urls)
        except BadSettings as error:
            missing[each.name] = str(error)
    return channels, missing
