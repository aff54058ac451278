"""Recognise the outputs folder by a marker file, so that the empty folder below an unmounted share is never filled."""

from collections.abc import Iterable
from pathlib import Path

from pokervod_pipelines import markers
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.render.failures import BadWorker

MARKER = ".pokervod-outputs.json"

FIRST_USE = Actor(who="render worker", reason="first use")


def has_marker(root: Path) -> bool:
    """Return whether the folder has the marker. Raises ``OSError`` where that cannot be read."""
    try:
        (root / MARKER).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def check_marker(root: Path) -> None:
    """Raise ``BadWorker`` where the folder is missing or has no marker, and ``OSError`` where it cannot be read."""
    require_answer(root)
    if not root.is_dir():
        raise BadWorker(f"{root}: the outputs folder is missing; mount the share or create the folder")
    if not has_marker(root):
        raise BadWorker(
            f"{root}: the marker {MARKER} is missing, so this may be the folder below an unmounted share; mount the "
            "share, or accept the folder with: pokervod render accept-folder --reason …"
        )


def write_marker(root: Path, actor: Actor) -> None:
    """Write the marker, with who accepted the folder and why; keep one that is there. Raises ``OSError``."""
    if not has_marker(root):
        markers.write_marker(root / MARKER, actor)


def mark_known_folder(root: Path, known: Iterable[str]) -> bool:
    """Write the marker if the folder is evidently right, and return whether it has one.

    That is where no graphic is known yet, or one of the known ones is in it; ``known`` has paths below the root.
    """
    require_answer(root)
    if not root.is_dir():
        return False
    paths = list(known)
    if not has_marker(root) and (not paths or any((root / path).exists() for path in paths)):
        write_marker(root, FIRST_USE)
    return has_marker(root)
