"""Where an editing program finds a video: a path as that program's machine sees it, as a URL."""

import re
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

WINDOWS_START = re.compile(r"[A-Za-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/]")


def make_media_url(path: str) -> str:
    r"""Return the URL of a path; a relative path stays relative (to the list that names it).

    Windows paths are known by their drive letter or two leading separators. Names keep their Unicode form.

    >>> make_media_url("/archive/A#1 €.mp4"), make_media_url(r"Z:\A\b.mov"), make_media_url(r"\\nas\archive\b.mov")
    ('file:///archive/A%231%20%E2%82%AC.mp4', 'file:///Z:/A/b.mov', 'file://nas/archive/b.mov')

    """
    if is_windows_path(path):
        return PureWindowsPath(path).as_uri()
    if path.startswith("/"):
        return PurePosixPath(path).as_uri()
    return quote(path, safe="/", errors="surrogateescape")


def name_media(path: str) -> str:
    """Return the last part of the path."""
    return (PureWindowsPath(path) if is_windows_path(path) else PurePosixPath(path)).name


def is_windows_path(path: str) -> bool:
    """Return whether the path starts with a drive letter or with a server and its share."""
    return WINDOWS_START.match(path) is not None
