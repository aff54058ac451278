"""Say what this room does for the system as a part of its block; see ``workflows.blocks``."""

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.processes.folder_check import check_folders
from pokervod_pipelines.settings import Settings


def health(engine: Engine | None, settings: Settings) -> list[CheckResult]:
    """Return whether each drop folder answers; an empty one is no fault."""
    folders = [("drop folder", folder) for folder in settings.hands.drop_folders]
    return check_folders(folders, may_be_empty=True)
