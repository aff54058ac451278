"""Where a path of a plan leads, whatever links lie in its folder."""

from pathlib import Path

from pokervod_pipelines.rollout.fixers.base import CannotFix


def locate(folder: Path, path: str) -> Path:
    """Return where the path is, links followed. Raises ``CannotFix`` when a link leads out of the folder."""
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise CannotFix(f"{path} leads out of the plan's folder by a link; put the file itself there")
    return found
