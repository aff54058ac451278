"""The farm's folder and other places, as this machine sees them and as the render nodes do.

Nodes are often on Windows while we are not, so what they see is text here, never a ``Path``.
"""

import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

from pokervod_pipelines.render.failures import BadWorker
from pokervod_pipelines.settings_rooms import Nexrender

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class Farm:
    """One folder with two names: ``here`` on this machine, ``there`` on the render nodes."""

    def __init__(self, here: Path, there: str) -> None:
        self.here = here
        self.there = there

    def check(self) -> None:
        """The folder can be written to. Raises ``BadWorker``: a render would be lost without it."""
        if not self.here.is_dir():
            raise BadWorker(f"{self.here}: the farm's folder is not here; mount it, or mend render.nexrender.folder")
        if not os.access(self.here, os.R_OK | os.W_OK | os.X_OK):
            raise BadWorker(f"{self.here}: we may not write to the farm's folder; give this user the right")

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


def find_farm(settings: Nexrender) -> Farm:
    """Return the folder that the settings name. Raises ``BadWorker`` when they name none."""
    if settings.folder is None:
        raise BadWorker(
            "render.nexrender.folder is not set: the folder that the farm writes to, as this machine sees it"
        )
    return Farm(settings.folder, settings.farm_folder or str(settings.folder))


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
