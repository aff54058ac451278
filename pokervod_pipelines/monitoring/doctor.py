"""Check every part of the installation: settings, the blocks by their health, Dagster, rights, disk.

The checks only read, except that the embedded database is started to be queried.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pokervod_pipelines.checks import CheckResult, report_part
from pokervod_pipelines.db.health import read_database
from pokervod_pipelines.errors import BadSettings, PokervodError
from pokervod_pipelines.events.retention import find_oldest
from pokervod_pipelines.monitoring.health.machine import check_disk
from pokervod_pipelines.policies.health import check_breakers
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.blocks import check_blocks
from pokervod_pipelines.workflows.file_access import find_accessible
from pokervod_pipelines.workflows.setup import find_dagster_home

FREE_SPACE = "free some space: the database needs it"


def check_installation(folder: Path | None = None) -> list[CheckResult]:
    """Return a result for every part, also for those that pass."""
    try:
        settings = load_settings(folder=folder)
    except PokervodError as error:
        return [report_part("settings", str(error), "correct the settings named, then run doctor again")]
    with read_database(settings) as engine:
        health = check_blocks(engine, settings)
        breakers = check_breakers(engine, settings)
    return [
        _check_settings(settings),
        *(check for each in health.values() for check in each.checks),
        *breakers,
        _check_dagster_home(settings),
        *_check_rights(settings, folder or Path.cwd()),
        check_disk("disk", settings.home, settings.monitoring, fix=FREE_SPACE),
    ]


def _check_settings(settings: Settings) -> CheckResult:
    found = f"{settings.source or 'environment'}; {len(settings.libraries)} libraries, {len(settings.sheets)} sheets"
    try:
        find_oldest(settings.events, datetime.now(UTC))
    except BadSettings as error:
        return report_part("settings", str(error), "correct the type of events in the settings")
    if not settings.libraries and not settings.sheets:
        return report_part(
            "settings",
            "nothing is configured",
            "write pokervod.yaml (docs/settings.md), or run `pokervod setup` for the sample archive",
        )
    return report_part("settings", found)


def _check_dagster_home(settings: Settings) -> CheckResult:
    home = find_dagster_home(settings)
    is_there = (home / "dagster.yaml").is_file()
    return report_part("Dagster's home", str(home), "" if is_there else "run `pokervod setup`")


def _check_rights(settings: Settings, folder: Path) -> Iterator[CheckResult]:
    for path in find_accessible(settings, folder):
        status = path.stat()
        found = f"{path} has mode {status.st_mode & 0o777:o}: other users can read what is there"
        yield report_part("rights", found, f"run as its owner, user {status.st_uid}, or as root: chmod go= {path}")
