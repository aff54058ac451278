"""Decide which folders and files belong to a system: recycle bins, snapshots, hidden ones, and those of the settings.

A file in such a place is not content: a programme that was moved there was deleted. The folders of NAS systems are not
even entered, since a snapshot repeats the whole archive; hidden folders are, and their files count as junk.
"""

import fnmatch
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from pokervod_pipelines.settings.rooms import ScanSettings
from pokervod_pipelines.text.folding import restore_file_name

MARKER = ".pokervod-archive.json"
"""The file by which an archive root is known again; a scan passes it over wherever it is."""

_SYSTEM_FOLDER = re.compile(
    r"""
    [#@$~.]{1,2}(?:[^\W_]+[-_ ])?(?:snapshots?|recycle(?:d|r|[ .]?bin)?|trash(?:es|bin)?)(?:replica|[-_.\d]\S*)?
    | \$[a-z][\w.~-]*                                           # Windows: $Extend, $WINDOWS.~BT
    | found\.\d{3} | recycle[dr] | recycle[ ]bin | system\ volume\ information | dfsrprivate
    | @gmt-[\d.-]+                                              # Samba: a shadow copy by its time
    | \.zfs | \.snap | \.snapdir | \.ckpt | lost\+found
    | @(?:eadir|tmp|share(?:bin|snap\w*)|app(?:store|home|data|conf|temp|share)|syno\w*|database|docker|qpkg|transcode
        |download|s2s|cloudsync|img_bkp_cache|spool|pkg|autoupdate|clamav|maillog|sftp|userpreference|iscsi\w*|lun\w*)
    | (?:network\ trash|temporary\ items|thevolumesettings|thefindbycontent)(?:\ ?folder)? | backups\.backupdb
    | trashbox | _nas_recycle\w* | \.?stversions
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Folder names that Synology, QNAP, NetApp, TrueNAS, Windows, macOS, Samba and Buffalo give to what is not content."""

_BIN = re.compile("recycle|trash", re.IGNORECASE)
_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})


@dataclass(frozen=True, slots=True)
class PathRules:
    """Hold the globs of ``scan.ignore`` and ``scan.keep``; ``top``, the library's own folder, is never a system folder.

    A glob without a slash is compared with a name at any depth, one with a slash with the path from the archive root.
    ``keep`` is stronger than ``ignore``, and ``ignore`` than the built-in names.
    """

    ignore: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    top: str = ""

    @classmethod
    def of_library(cls, scan: ScanSettings, top: str) -> Self:
        """Return the rules for the library whose folder is ``top``."""
        return cls(ignore=scan.ignore, keep=scan.keep, top=top)

    def is_skipped(self, folder: str) -> bool:
        """Return whether the walk does not enter the folder; its parents are known to be entered.

        >>> rules = PathRules(ignore=("old takes",), keep=("@tmp",))
        >>> [rules.is_skipped(folder) for folder in ("A/#recycle", "A/Old Takes", "@tmp", ".hidden", "#1 hits")]
        [True, True, False, False, False]
        """
        if self._is_library(folder) or _matches(self.keep, folder):
            return False
        return _SYSTEM_FOLDER.fullmatch(_read_name(folder)) is not None or _matches(self.ignore, folder)

    def is_system_folder(self, folder: str) -> bool:
        """Return whether the folder or one above it belongs to a system, is hidden or is ignored."""
        return _is_system_folder(self, folder)

    def is_system_file(self, path: str) -> bool:
        """Return whether the file's own name is one of a system, is hidden or is ignored."""
        name = path.rpartition("/")[2]
        if name.startswith((".", "~$")) or name.lower() in _SYSTEM_FILES:
            return not _matches(self.keep, path)
        return bool(self.ignore) and _matches(self.ignore, path) and not _matches(self.keep, path)

    def _is_library(self, folder: str) -> bool:
        return f"{self.top}/".startswith(f"{folder}/")


def is_bin(folder: str) -> bool:
    """Return whether the folder is a recycle bin, so that what is in it was deleted.

    >>> [is_bin(folder) for folder in ("A/@Recycle", ".Trash-1000", "#snapshot", "Trash Talk")]
    [True, True, False, False]
    """
    name = _read_name(folder)
    return _BIN.search(name) is not None and _SYSTEM_FOLDER.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _is_system_folder(rules: PathRules, folder: str) -> bool:
    if not folder or rules._is_library(folder):
        return False
    if rules.is_system_folder(folder.rpartition("/")[0]) or rules.is_skipped(folder):
        return True
    return _read_name(folder).startswith(".") and not _matches(rules.keep, folder)


def _read_name(folder: str) -> str:
    return restore_file_name(folder.rpartition("/")[2])


def _matches(globs: tuple[str, ...], path: str) -> bool:
    if not globs:
        return False
    of_names, of_paths = _compile(globs)
    path = unicodedata.normalize("NFC", path)
    return of_names.fullmatch(path.rpartition("/")[2]) is not None or of_paths.fullmatch(path) is not None


@lru_cache(maxsize=64)
def _compile(globs: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return one pattern for names and one for paths; an empty alternative would match everything."""
    plain = [unicodedata.normalize("NFC", glob).strip("/") for glob in globs]
    of_names = [fnmatch.translate(glob) for glob in plain if "/" not in glob] or ["(?!)"]
    of_paths = [fnmatch.translate(glob) for glob in plain if "/" in glob] or ["(?!)"]
    return re.compile("|".join(of_names), re.IGNORECASE), re.compile("|".join(of_paths), re.IGNORECASE)
