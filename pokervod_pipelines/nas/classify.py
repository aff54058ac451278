"""Classify a file by its path and size alone: category, version type, junk, or a copy still under way.

The words are data: a new extension or pattern is one line in a table below, with a line in ``cases/nas``. What a name
says about its *content* (show, year, hand) belongs to the catalog.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pokervod_pipelines.nas.path_rules import PathRules
from pokervod_pipelines.text.folding import restore_file_name


class Category(StrEnum):
    """Name the categories of files."""

    VIDEO = "video"
    METADATA = "metadata"
    SYSTEM = "system"
    ARCHIVE = "archive"
    OTHER = "other"


class VersionType(StrEnum):
    """Name the versions of a programme; ``UNKNOWN`` where neither file name nor folder says it."""

    CLEAN = "clean"
    MASTERED = "mastered"
    STREAM = "stream"
    SUBCLIP = "subclip"
    FINAL_EDIT = "final_edit"
    NOBUG = "nobug"
    PGM = "pgm"
    HIRES = "hires"
    GENERIC = "generic"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class FileClass:
    """Hold what path and size say about a file."""

    category: Category
    version_type: VersionType
    is_junk: bool


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


_EXTENSIONS = {
    Category.VIDEO: "mp4 mov mxf mkv avi webm ts m4v wmv mpg mpeg mts m2ts",
    Category.METADATA: "csv tsv json xml xmp srt vtt edl fcpxml otio aaf ale txt md nfo log pdf doc docx xls xlsx pek",
    Category.SYSTEM: "lnk tmp url",
    Category.ARCHIVE: "zip rar 7z tar gz tgz bz2 xz iso dmg",
}
_BY_EXTENSION = {extension: category for category, words in _EXTENSIONS.items() for extension in words.split()}

_EDITOR_CACHES = frozenset({"pek", "xmp", "cfa", "pkf", "ims", "mcdb"})
"""What editing programs write beside a video; of no use without it."""

_UNFINISHED = _split("""
    part partial crdownload filepart download opdownload fdmdownload unconfirmed xltd aria2 dctmp dtapart antifrag
    incomplete !qb !ut !bt !sync bc! jc! ob! fb! az! lftp-pget-status ytdl
""")
_UNFINISHED_AFTER_VIDEO = _split("tmp temp td st inprogress downloading uploading upload unfinished mega")
"""Extensions that say so only behind that of a video: ``x.mp4.tmp`` is a copy under way, ``notes.tmp`` is not."""

_UNFINISHED_BEFORE_VIDEO = _split("temp tmp incomplete partial downloading unfinished inprogress")
"""Words that say so before the extension of a video: yt-dlp merges into ``x.temp.mp4``."""

_UNFINISHED_ENDS = _UNFINISHED | _UNFINISHED_AFTER_VIDEO
_UNFINISHED_PARTS = re.compile(r"part-frag\d+|sb-[0-9a-f]+-\w+|part-[0-9a-z]+")
"""Fragments of yt-dlp, and what macOS writes before it replaces a file."""

_CONTROL_FILES = frozenset({"aria2", "st", "lftp-pget-status"})
"""Written by a downloader beside the file that it fills, under the same name, until the file is whole."""

# The order decides when a name matches several patterns: `final_edit_클린본` is clean, `FinalLook_HiRes` is hires.
_NAME_PATTERNS = (
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
_FOLDER_PATTERNS = (
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
_NAME_RULES = tuple((version, re.compile(pattern, re.IGNORECASE)) for version, pattern in _NAME_PATTERNS)
_VERSION_HINTS = re.compile("lean|클린|bug|nb$|pgm|res|clip|master|generic|final|최종|stream")
"""A lower-case name without any of these matches no pattern: nine searches saved for most of 200,000 names."""
_FOLDER_RULES = tuple((version, re.compile(pattern, re.IGNORECASE)) for version, pattern in _FOLDER_PATTERNS)


_DEFAULT_RULES = PathRules()


def classify(path: str, size: int, rules: PathRules = _DEFAULT_RULES) -> FileClass:
    """Return the class of the file at ``path`` (posix, below the archive root) of ``size`` bytes.

    Junk is what no one would miss: system files, everything in a system or hidden folder, editor caches, and empty
    files that are not videos. An empty video is kept: it may be about to grow.
    """
    path = path if path.isascii() else unicodedata.normalize("NFC", path)
    folder, _, name = path.rpartition("/")
    if rules.is_system_folder(folder) or rules.is_system_file(path):
        return FileClass(Category.SYSTEM, VersionType.UNKNOWN, is_junk=True)
    stem, extension = _split_name(restore_file_name(name))
    category = _BY_EXTENSION.get(extension, Category.OTHER)
    if category is Category.VIDEO:
        has_hint = _VERSION_HINTS.search(stem.lower())
        version = (_find_version(_NAME_RULES, stem) if has_hint else VersionType.UNKNOWN) or _read_version(folder)
        return FileClass(category, version, is_junk=False)
    is_junk = category is Category.SYSTEM or extension in _EDITOR_CACHES or size == 0
    return FileClass(category, VersionType.UNKNOWN, is_junk=is_junk)


def make_digest(rules: PathRules) -> str:
    """Return a mark that changes with everything that ``classify`` follows: its tables and the settings."""
    tables = (_EXTENSIONS, sorted(_EDITOR_CACHES), _NAME_PATTERNS, _FOLDER_PATTERNS, rules)
    return hashlib.sha256(repr(tables).encode()).hexdigest()[:16] + _VERSION


_VERSION = "-1"
"""Raise it when ``classify`` or ``path_rules`` answers otherwise than before: then known files are classified anew."""


def is_unfinished(path: str) -> bool:
    """Return whether the name says that a download or copy is still being written.

    >>> [is_unfinished(f"A/{name}") for name in ("show.mp4.part", "show.temp.mp4", "notes.tmp", "part.mp4")]
    [True, True, False, False]
    """
    extension = path[path.rfind(".") + 1 :].lower()
    if extension in _VIDEO_EXTENSIONS:
        folder, _, name = path.rpartition("/")
        return _is_unfinished_folder(folder) or (_is_marked(name) and not name.startswith("."))
    if extension not in _UNFINISHED_ENDS and not _UNFINISHED_PARTS.fullmatch(extension):
        return False
    if path.rpartition("/")[2].startswith("."):
        return False
    if extension in _UNFINISHED_AFTER_VIDEO:
        return _is_video(path[: -len(extension) - 1])
    return True


def find_target(path: str) -> str | None:
    """Return the file that the unfinished or control file at ``path`` stands for, if its name says so.

    >>> find_target("A/show.mp4.aria2"), find_target("A/show.mp4")
    ('A/show.mp4', None)
    """
    head, _, extension = path.rpartition(".")
    extension = extension.lower()
    return head if _is_video(head) and (extension in _UNFINISHED or extension in _CONTROL_FILES) else None


def is_control_file(path: str) -> bool:
    """Return whether a downloader keeps this file beside the video that it fills, however large that video is."""
    return path.rpartition(".")[2].lower() in _CONTROL_FILES


_VIDEO_EXTENSIONS = frozenset(_EXTENSIONS[Category.VIDEO].split())


def _is_video(path: str) -> bool:
    return path.rpartition(".")[2].lower() in _VIDEO_EXTENSIONS


def _is_marked(name: str) -> bool:
    end = name.rfind(".")
    return name[name.rfind(".", 0, end) + 1 : end].lower() in _UNFINISHED_BEFORE_VIDEO


@lru_cache(maxsize=4096)
def _is_unfinished_folder(folder: str) -> bool:
    """Return whether a browser downloads into the folder (``x.mp4.download``) or an unpacker has not finished it."""
    name = folder.rpartition("/")[2]
    return name.startswith("_UNPACK_") or (find_target(name) is not None)


def _split_name(name: str) -> tuple[str, str]:
    """Return stem and lower-case extension; a doubled extension (``x.mov.mov``) counts once."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name, ""
    extension = extension.lower()
    return stem.removesuffix(f".{extension}"), extension


@lru_cache(maxsize=4096)
def _read_version(folder: str) -> VersionType:
    """Return the version that the nearest folder names, if one does."""
    versions = (_find_version(_FOLDER_RULES, restore_file_name(part)) for part in reversed(folder.split("/")))
    return next((version for version in versions if version), VersionType.UNKNOWN)


def _find_version(rules: tuple[tuple[VersionType, re.Pattern[str]], ...], words: str) -> VersionType:
    return next((version for version, pattern in rules if pattern.search(words)), VersionType.UNKNOWN)
