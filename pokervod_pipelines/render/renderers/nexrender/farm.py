"""The farm's folder and other places, as this machine sees them and as the render nodes do.

Nodes are often on Windows while we are not, so what they see is text here, never a ``Path``.
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


class Farm:
    """One folder with two names: ``here`` on this machine, ``there`` on the render nodes."""

    def __init__(self, here: Path, there: str) -> None:
        self.here = here
        self.there = there

    def check(self) -> None:
        """The folder can be written to. Raises ``NoCapacity``: a render would be lost without it."""
        machine = platform.node()
        if not _is_folder(self.here):
            raise NoCapacity(
                f"{self.here}: the farm's folder is not on {machine}; mount it there, or mend render.nexrender.folder"
            )
        if not os.access(self.here, os.R_OK | os.W_OK | os.X_OK):
            raise NoCapacity(
                f"{self.here}: {machine} may not write to the farm's folder; give the user of its worker the right"
            )

    def blame(self, error: Exception, target: Path) -> RenderFailure | None:
        """Return the failure that an error of a render is, where the farm's folder or a file for the farm is its cause.

        The target's folder is this machine's own, and so is what has no name.
        """
        try:
            self.check()
        except RenderFailure as failure:
            return failure
        if not isinstance(error, OSError) or error.errno not in MACHINE_ERRORS or error.filename is None:
            return None
        if Path(str(error.filename)).is_relative_to(target.parent):
            return None
        return NoCapacity(f"{error.filename}: {error.strerror}; mend that on {platform.node()}")

    def see_there(self, name: str) -> str:
        r"""Return the path of what lies in the folder, as the render nodes see it.

        >>> Farm(Path("/mnt/farm"), "N:").see_there("a.mov"), Farm(Path("/mnt/farm"), "/farm/").see_there("a.mov")
        ('N:\\a.mov', '/farm/a.mov')
        """
        separator = "\\" if "\\" in self.there or re.match(r"[A-Za-z]:", self.there) else "/"
        return self.there.rstrip("/\\") + separator + name

    def translate(self, place: str) -> str:
        """Return the path or address as the render nodes see it: what lies in the folder has its name there."""
        if is_local(place) and Path(place).is_relative_to(self.here):
            parts = Path(place).relative_to(self.here).parts
            return self.see_there("\\".join(parts) if "\\" in self.see_there("") else "/".join(parts))
        return place


def find_farm(settings: NexrenderSettings) -> Farm:
    """Return the folder that the settings name. Raises ``NoCapacity`` when they name none."""
    if settings.folder is None:
        raise NoCapacity(
            "render.nexrender.folder is not set: the folder that the farm writes to, as this machine sees it"
        )
    return Farm(settings.folder, settings.farm_folder or str(settings.folder))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a share that has gone stale
        return False


def is_local(place: str) -> bool:
    """Whether this machine can see for itself what lies there: an absolute path of its own.

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
