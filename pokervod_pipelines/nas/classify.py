"""What a file is, by its path and size alone: category, version type, junk, or a copy still under way.

The words are data: a new extension or tell is one line in a table below, with a line in ``cases/nas``. What a name says
about its *content* (show, year, hand) belongs to the catalog.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Category(StrEnum):
    """What kind of thing a file is."""

    VIDEO = "video"
    METADATA = "metadata"
    SYSTEM = "system"
    ARCHIVE = "archive"
    OTHER = "other"


class VersionType(StrEnum):
    """Which version of a programme a video is; ``UNTOLD`` where neither name nor folder says it."""

    CLEAN = "clean"
    MASTERED = "mastered"
    STREAM = "stream"
    SUBCLIP = "subclip"
    FINAL_EDIT = "final_edit"
    NOBUG = "nobug"
    PGM = "pgm"
    HIRES = "hires"
    GENERIC = "generic"
    UNTOLD = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a path and a size tell."""

    category: Category
    version_type: VersionType
    is_junk: bool


_EXTENSIONS = {
    Category.VIDEO: "mp4 mov mxf mkv avi webm ts m4v wmv mpg mpeg mts m2ts",
    Category.METADATA: "csv tsv json xml xmp srt vtt edl fcpxml otio aaf ale txt md nfo log pdf doc docx xls xlsx pek",
    Category.SYSTEM: "lnk tmp url",
    Category.ARCHIVE: "zip rar 7z tar gz tgz bz2 xz iso dmg",
}
_BY_EXTENSION = {extension: category for category, words in _EXTENSIONS.items() for extension in words.split()}

_SYSTEM_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
_SYSTEM_FOLDERS = frozenset(
    {"$recycle.bin", "system volume information", "#recycle", "@recycle", "@eadir", "lost+found", "temporary items"}
)
_EDITOR_CACHES = frozenset({"pek", "xmp", "cfa", "pkf", "ims", "mcdb"})
"""What editing programs write beside a video; of no use without it."""

_UNFINISHED = frozenset({"part", "partial", "crdownload", "filepart", "download", "opdownload", "!qb", "!ut"})
_UNFINISHED_ENDS = tuple(f".{extension}" for extension in [*_UNFINISHED, "tmp"])

# The order decides when a name has several tells: `final_edit_클린본` is clean, `FinalLook_HiRes` is hires.
_NAME_TELLS = (
    (VersionType.CLEAN, r"(?:^|[_-] ?)clean(?![a-z])|[ (]clean\)?$|클린본"),
    (VersionType.NOBUG, r"no[ _-]?bug|[_-]nb$"),
    (VersionType.PGM, r"(?:^|[_\- ])pgm(?![a-z])"),
    (VersionType.HIRES, r"(?<![a-z])hi[ _-]?res(?![a-z])"),
    (VersionType.SUBCLIP, r"(?<![a-z])sub[ _-]?clips?(?![a-z])"),
    (VersionType.MASTERED, r"[_\- ]master(?:ed)?(?=$|[_\-.])"),
    (VersionType.GENERIC, r"(?<![a-z])generics?(?![a-z])"),
    (VersionType.FINAL_EDIT, r"final[ _-]?edit|(?<![a-z])final[ _-]?look(?![a-z])|[_ -]찐?최종"),
    (VersionType.STREAM, r"(?:^|[_\-( ])stream\)?$"),
)
# A folder's word holds for all in it, so it must stand alone or at an edge: "Poker Masters 2023" is a tournament.
_FOLDER_TELLS = (
    (VersionType.CLEAN, r"^clean$|[_\- ]clean$|^클린본$"),
    (VersionType.NOBUG, r"^no[ _-]?bug$|[_\- ]no[ _-]?bug$"),
    (VersionType.PGM, r"^pgm$|[_\- ]pgm$"),
    (VersionType.HIRES, r"^hi[ _-]?res$|[_\- ]hi[ _-]?res$"),
    (VersionType.SUBCLIP, r"(?:^|[_\- ])sub[ _-]?clips?$"),
    (VersionType.MASTERED, r"^master(?:s|ed)?$"),
    (VersionType.GENERIC, r"^generics?$"),
    (VersionType.FINAL_EDIT, r"(?:^|[_\- ])final[ _-]?edits?$"),
    (VersionType.STREAM, r"(?:^|[_\- ])streams?$"),
)
_NAME_RULES = tuple((version, re.compile(pattern, re.IGNORECASE)) for version, pattern in _NAME_TELLS)
_WORDS_OF_TELLS = re.compile("lean|클린|bug|nb$|pgm|res|clip|master|generic|final|최종|stream")
"""A name in lower case without any of these has no tell: nine searches saved for most of 200,000 names."""
_FOLDER_RULES = tuple((version, re.compile(pattern, re.IGNORECASE)) for version, pattern in _FOLDER_TELLS)


def classify(path: str, size: int) -> Kind:
    """The kind of the file at ``path`` (posix, below the archive root) of ``size`` bytes.

    Junk is what no one would miss: system files, everything in a hidden folder, editor caches, and empty files that are
    no video. An empty video is kept: it may be about to grow.
    """
    folder, _, name = unicodedata.normalize("NFC", path).rpartition("/")
    stem, extension = _split_name(name)
    is_system, folder_version = _read_folder(folder)
    if is_system or _is_system_name(name):
        return Kind(Category.SYSTEM, VersionType.UNTOLD, is_junk=True)
    category = _BY_EXTENSION.get(extension, Category.OTHER)
    if category is Category.VIDEO:
        may_tell = _WORDS_OF_TELLS.search(stem.lower())
        version = (_first_tell(_NAME_RULES, stem) if may_tell else VersionType.UNTOLD) or folder_version
        return Kind(category, version, is_junk=False)
    is_junk = category is Category.SYSTEM or extension in _EDITOR_CACHES or size == 0
    return Kind(category, VersionType.UNTOLD, is_junk=is_junk)


def is_unfinished(path: str) -> bool:
    """The name says that a download or copy is still being written, as ``x.mp4.part``.

    >>> is_unfinished("A/show.mp4.part"), is_unfinished("A/show.mp4.tmp"), is_unfinished("A/part.mp4")
    (True, True, False)
    """
    if not path.lower().endswith(_UNFINISHED_ENDS):
        return False
    name = path.rpartition("/")[2]
    stem, extension = _split_name(name)
    if extension == "tmp":
        return _BY_EXTENSION.get(_split_name(stem)[1]) is Category.VIDEO
    return extension in _UNFINISHED and not name.startswith(".")


def _split_name(name: str) -> tuple[str, str]:
    """Stem and lower-case extension; a doubled extension (``x.mov.mov``) counts once."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name, ""
    extension = extension.lower()
    return stem.removesuffix(f".{extension}"), extension


def _is_system_name(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _SYSTEM_NAMES


@lru_cache(maxsize=4096)
def _read_folder(folder: str) -> tuple[bool, VersionType]:
    """Whether everything in the folder is the system's, and the version that the nearest telling part names."""
    parts = folder.split("/")
    if any(part.startswith(".") or part.lower() in _SYSTEM_FOLDERS for part in parts):
        return True, VersionType.UNTOLD
    for part in reversed(parts):
        version = _first_tell(_FOLDER_RULES, part)
        if version is not VersionType.UNTOLD:
            return False, version
    return False, VersionType.UNTOLD


def _first_tell(rules: tuple[tuple[VersionType, re.Pattern[str]], ...], words: str) -> VersionType:
    return next((version for version, pattern in rules if pattern.search(words)), VersionType.UNTOLD)
