"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.nas.health import check_archive
from pokervod_pipelines.settings import Settings


def health(engine: Engine | None, settings: Settings) -> list[CheckResult]:
    """Return whether the libraries answer and are those that were scanned."""
    return check_archive(engine, settings)
