"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.db.health import check_database
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.settings import Settings


def initialize(engine: Engine, settings: Settings) -> None:
    """Apply the steps that the schema misses."""
    upgrade_database(engine)


def health(engine: Engine | None, settings: Settings) -> list[CheckResult]:
    """Return whether the database answers and has the schema of this code."""
    return check_database(settings)
