"""Keep the first broadcast day with a hand or a graphic, from which on Dagster shows days.

Dagster loads its definitions without a database; so whoever changes hands records the day in a file of ``home``.
"""

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from pokervod_pipelines.files import replace_file
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.settings import Settings

BEFORE_IMPORT = date(2024, 1, 1)
"""Nothing was recorded yet, and files of any day may be in the configured folders."""


def record_first_day(engine: Engine, settings: Settings) -> None:
    """Record the first day with a hand or a graphic, today where there is none."""
    with engine.connect() as connection:
        day = connection.scalar(_FIRST_DAY) or _find_today(settings)
    if day == _read_recorded(settings):
        return
    path = _name_file(settings)
    with suppress(OSError):  # the disk is full, say; the next import or start records it
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, f"{day}\n".encode("ascii"))


_FIRST_DAY = text("""
    select least((select min(broadcast_day) from hands where withdrawn_by is null),
                 (select min(broadcast_day) from render_instructions where withdrawn_at is null))
""")


def fix_first_day(settings: Settings) -> Settings:
    """Return the settings with the first day found now, so that everything made of them agrees."""
    return settings.model_copy(
        update={"hands": settings.hands.model_copy(update={"first_day": find_first_day(settings)})}
    )


def find_first_day(settings: Settings) -> date:
    """Return the configured first day, else the recorded one, else today where no folder is configured either."""
    if settings.hands.first_day:
        return settings.hands.first_day
    today = _find_today(settings)
    has_folders = bool(settings.hands.drop_folders or settings.tournaments.export_folders)
    found = _read_recorded(settings) or (BEFORE_IMPORT if has_folders else today)
    return min(today, max(found, BEFORE_IMPORT))  # a hand of 2000 is of a table whose clock was reset


def _find_today(settings: Settings) -> date:
    return BroadcastDays(settings.zone, settings.hands.day_starts_at).find_day(datetime.now(UTC))


def _read_recorded(settings: Settings) -> date | None:
    with suppress(OSError, ValueError):
        return date.fromisoformat(_name_file(settings).read_text(encoding="ascii").strip())
    return None


def _name_file(settings: Settings) -> Path:
    return settings.home / "first_day"
