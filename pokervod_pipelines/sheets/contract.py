"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from collections.abc import Sequence

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.health import check_sheets


def health(engine: Engine | None, settings: Settings) -> Sequence[CheckResult]:
    """Return whether each sheet can be read as a sync reads it."""
    return check_sheets(settings, engine)
