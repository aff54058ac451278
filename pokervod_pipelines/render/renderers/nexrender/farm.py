"""Translate paths between this machine and the render nodes.

Nodes are often on Windows while we are not, so their paths are text here, never a ``Path``.
"""

import os
import platform
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

from pokervod_pipelines.render.failures import MACHINE_ERRORS, NoCapacity, RenderFailure
from pokervod_pipelines.settings.render import NexrenderSettings

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class FarmFolder:
    """Describe one folder with two names: ``here`` on this machine, ``there`` on the render nodes."""

    def __init__(self, here: Path, there: str) -> None:
        self.here = here
        self.there = there

    def check(self) -> None:
        """Raise ``NoCapacity`` unless the folder can be written to: a render would be lost without it."""
        machine = platform.node()
        if not _is_folder(self.here):
            raise NoCapacity(
                f"{self.here}: the farm's folder is missing on {machine}; mount it, or fix render.nexrender.folder"
            )
        if not os.access(self.here, os.R_OK | os.W_OK | os.X_OK):
            raise NoCapacity(
                f"{self.here}: {machine} cannot write to the farm's folder; give the worker's user write access"
            )

    def explain_error(self, error: Exception, target: Path) -> RenderFailure | None:
        """Return the failure behind an error of a render if the farm's folder or a file for the farm caused it.

        The target's folder belongs to this machine, and so does an error without a file name.
        """
        try:
            self.check()
        except RenderFailure as failure:
            return failure
        if not isinstance(error, OSError) or error.errno not in MACHINE_ERRORS or error.filename is None:
            return None
        if Path(str(error.filename)).is_relative_to(target.parent):
            return None
        return NoCapacity(f"{error.filename}: {error.strerror}; fix it on {platform.node()}")

    def name_on_nodes(self, name: str) -> str:
        r"""Return the path of a file in the folder, as the render nodes see it.

        >>> [FarmFolder(Path("/mnt/farm"), there).name_on_nodes("a.mov") for there in ("N:", "/farm/")]
        ['N:\\a.mov', '/farm/a.mov']
        """
        separator = "\\" if "\\" in self.there or re.match(r"[A-Za-z]:", self.there) else "/"
        return self.there.rstrip("/\\") + separator + name

    def translate(self, place: str) -> str:
        """Return the path or address as the render nodes see it."""
        if is_local(place) and Path(place).is_relative_to(self.here):
            parts = Path(place).relative_to(self.here).parts
            return self.name_on_nodes("\\".join(parts) if "\\" in self.name_on_nodes("") else "/".join(parts))
        return place


def find_farm(settings: NexrenderSettings) -> FarmFolder:
    """Return the folder that the settings name. Raises ``NoCapacity`` when they name none."""
    if settings.folder is None:
        raise NoCapacity(
            "render.nexrender.folder is not set; set it to the folder that the farm writes to, as this machine sees it"
        )
    return FarmFolder(settings.folder, settings.farm_folder or str(settings.folder))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a share that has gone stale
        return False


def is_local(place: str) -> bool:
    """Return whether this machine can read the place: an absolute path of its own.

    >>> is_local("/mnt/a.aep"), is_local("N:/a.aep"), is_local("https://host/a.aep"), is_local("a.aep")
    (True, False, False, False)
    """
    return not SCHEME.match(place) and Path(place).is_absolute()


def write_address(place: str) -> str:
    r"""Return the address that nexrender takes for a path or an address; a relative path raises ``ValueError``.

    >>> write_address("/mnt/a b.aep"), write_address(r"N:\a.aep"), write_address("https://host/a.aep")
    ('file:///mnt/a%20b.aep', 'file:///N:/a.aep', 'https://host/a.aep')
    """
    if SCHEME.match(place):
        return place
    return (PureWindowsPath(place) if WINDOWS.match(place) else PurePosixPath(place)).as_uri()


def name_file(address: str) -> str:
    """Return the last part of an address, safe as a file's name anywhere.

    >>> name_file("file:///N:/Lower%20third.aep")
    'Lower_third.aep'
    """
    return re.sub(r"[^\w.-]", "_", unquote(PurePosixPath(urlsplit(address).path).name))
