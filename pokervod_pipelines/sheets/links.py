r"""Links into the archive as people paste them: ``\\nas\archive\…``, ``Z:\ARCHIVE\…``, ``//nas/…``, ``smb://…``.

What stands before the archive's own folders (server, share, drive) is not known, so two paths are compared from
their ends. Spaces inside a name are part of it and stay.
"""

import re
import unicodedata
from urllib.parse import unquote

SCHEME = re.compile(r"^(?:smb|file|afp|nfs|https?):/+", re.IGNORECASE)
DRIVE = re.compile(r"^[a-z]:(?=[\\/]|$)", re.IGNORECASE)
ESCAPED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
MOUNT_COMPONENTS = 1
"""How many components of its own one of two paths may have in front: the share's name or the archive root's."""

Components = tuple[str, ...]


def split_link(link: str) -> Components:
    r"""Return the components below the server or drive, as written but composed (NFC).

    >>> split_link(r"\\nas\archive\WSOP\WSOP 2005"), split_link("smb://nas/archive/Player%20Emotion")
    (('archive', 'WSOP', 'WSOP 2005'), ('archive', 'Player Emotion'))
    """
    text = unicodedata.normalize("NFC", link.strip().strip('"'))
    if SCHEME.match(text) and ESCAPED.search(text):
        text = unicodedata.normalize("NFC", unquote(text))
    has_server = bool(SCHEME.match(text)) or text.startswith((r"\\", "//"))
    components = re.split(r"[\\/]+", DRIVE.sub("", SCHEME.sub("", text)).strip("\\/"))
    return tuple(component for component in components[has_server:] if component)


def fold_components(components: Components) -> Components:
    """Return the components in one case, the form in which paths of different clients are compared.

    >>> fold_components(("ARCHIVE", "GOG 최종"))
    ('archive', 'gog 최종')
    """
    return tuple(unicodedata.normalize("NFC", component).casefold() for component in components)


def count_shared_tail(link: Components, path: Components) -> int:
    """Return how many last components agree, 0 where what is left in front shows two different places.

    >>> count_shared_tail(("archive", "wsop", "2005"), ("nas", "archive", "wsop", "2005"))
    3
    >>> count_shared_tail(("archive", "wsop", "2004", "mxf"), ("nas", "archive", "wsop", "2005", "mxf"))
    0
    """
    shared = 0
    for ours, theirs in zip(reversed(link), reversed(path), strict=False):
        if ours != theirs:
            break
        shared += 1
    return shared if min(len(link), len(path)) - shared <= MOUNT_COMPONENTS else 0
