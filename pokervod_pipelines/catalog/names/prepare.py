"""Turn a path into the words that rules read: skip junk, cut endings and download marks, make separators equal.

Nothing in this file knows what a word means.
"""

import re
import unicodedata
from functools import lru_cache

from pokervod_pipelines.catalog.names.vocabulary.noise import EXTENSIONS, OTHER_EXTENSIONS, SYSTEM_NAMES
from pokervod_pipelines.text.folding import restore_file_name

_PLAIN_SEPARATORS = '_-()[]{}<>!?"|:;~'
_SEPARATORS = str.maketrans(
    dict.fromkeys(_PLAIN_SEPARATORS + "‐‑–—−\u200b\ufeff“”【】", " ")
    | dict.fromkeys("’‘`´", "'")
    | dict.fromkeys("⧸∕⁄", "/")
)
# The same for names in ASCII, where translating bytes is six times as fast.
_ASCII_SEPARATORS = bytes.maketrans((_PLAIN_SEPARATORS + "`").encode(), b" " * len(_PLAIN_SEPARATORS) + b"'")

# What browsers, downloaders and people append: "(1)", " copy 2", "[dQw4w9WgXcQ]", ".f399", "(1080p)".
_NOISE_TAIL = re.compile(
    r"""(?: [ _-]*\(\d{1,2}\)
          | [ _-]*\((?:\d{3,4}[pi]|[248]k)\)
          | [ _-]+cop(?:y|ie)(?:[ _-]+\d{1,2})?
          | [ _-]*복사본(?:[ _-]*\(?\d{1,2}\)?)?
          | [ _-]*\[(?!(?:final|main|day|part|event)[ _-])[a-z0-9_-]{11}\]
          | \.f\d{2,3}
          | (?:(?<=\.mp4)|(?<=\.mov)|(?<=\.mxf)|(?<=\.wav))[ ]\d{5}
        )[ _-]*$""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LONGEST_TAIL = 24

# Full-width letters and digits, which a Korean keyboard writes, and numerals that are one character: "Ⅱ", "②", "²".
_WIDE = re.compile("[\uff01-\uff5e\u3000]|([\u00b2\u00b3\u00b9\u2074-\u2079\u2160-\u217b\u2460-\u249b\u2776-\u2793])")
# "Poker.After.Dark.S05E10", but "1.5K" and "€1.1".
_DOT = re.compile(r"(?<=\w)(?<![$€£]\d)(?<![$€£]\d\d)\.(?=[\w$€£#])(?!\d[km](?!\w))", re.IGNORECASE)
# One such dot ("PAD.S12E05") may be beside a decimal ("23.976"): only one with a letter beside it is a blank then.
_DOT_OF_WORD = re.compile(rf"{_DOT.pattern}(?:(?<=[^\W\d]\.)|(?=[^\W\d]))", re.IGNORECASE)


class PreparedName:
    """Hold one path, ready for the rules.

    ``stem`` is the file name without endings and junk; ``shown`` the same with every run of separators as one space;
    ``text`` is ``shown`` in lower case, letter by letter at the same place.
    """

    __slots__ = ("_words", "folder", "shown", "stem", "text")

    def __init__(self, folder: str, stem: str, shown: str, text: str) -> None:
        self.folder = folder
        self.stem = stem
        self.shown = shown
        self.text = text
        self._words: frozenset[str] | None = None

    @property
    def words(self) -> frozenset[str]:
        """List the words of ``text``."""
        if self._words is None:
            self._words = frozenset(self.text.split(" "))
        return self._words

    def cut(self, start: int, end: int | None = None) -> "PreparedName":
        """Return the same name reduced to one stretch of its words."""
        return PreparedName(self.folder, self.shown[start:end], self.shown[start:end], self.text[start:end])


@lru_cache(maxsize=16)  # a name is read for its facts, then for the numbers they leave
def prepare_name(path: str) -> PreparedName | None:
    """Return the path ready for the rules; None for a file without content (system files, links, hidden folders)."""
    if not path.isascii():
        path = unicodedata.normalize("NFC", path)
    folder, _, file_name = path.rpartition("/")
    if shows_no_video(file_name) or _is_hidden(folder):
        return None
    stem = strip_noise(file_name)
    shown, text = fold_words(stem)
    return PreparedName(folder, stem, shown, text)


def fold_words(words: str) -> tuple[str, str]:
    """Return the words with every run of separators as one space: as written, and in lower case of the same length."""
    if "." in words and " " not in words:
        words = (_DOT if len(_DOT_OF_WORD.findall(words)) > 1 else _DOT_OF_WORD).sub(" ", words)
    plain = words.isascii()
    shown = words.encode().translate(_ASCII_SEPARATORS).decode() if plain else words.translate(_SEPARATORS)
    if "," in shown:
        shown = shown.replace(", ", " ")
    shown = " ".join(shown.split())
    text = shown.lower()
    if len(text) != len(shown):
        # A few letters grow when lowered (İ); the two texts must stay aligned.
        text = "".join(lowered if len(lowered := letter.lower()) == 1 else letter for letter in shown)
    return shown, text


def shows_no_video(file_name: str) -> bool:
    """Return whether the file shows no video: a hidden file, one of the system, a document, a temporary file."""
    if file_name.startswith("."):
        return True
    lowered = file_name.lower()
    return lowered in SYSTEM_NAMES or lowered.rpartition(".")[2] in OTHER_EXTENSIONS


def strip_noise(file_name: str) -> str:
    """Return the name without its endings and without what downloads and copies appended, however often.

    >>> strip_noise("WSOP_2004_1 (1).mov.mov")
    'WSOP_2004_1'
    """
    name = file_name.strip()
    if name.endswith(".") or not name.isascii():
        name = narrow(_restore(name))
    while True:
        head, dot, ending = name.rpartition(".")
        if dot and head and ending.lower() in EXTENSIONS:
            name = head.rstrip()
        elif _may_end_in_noise(name) and (tail := _NOISE_TAIL.search(name, max(0, len(name) - _LONGEST_TAIL))):
            name = name[: tail.start()]
        else:
            return name


def narrow(words: str) -> str:
    """Return the words with full-width characters as a keyboard for English writes them; ``②`` is a word of its own."""
    return _WIDE.sub(_narrow_one, words)


def _narrow_one(found: re.Match[str]) -> str:
    return f" {unicodedata.numeric(found[0]):.0f} " if found[1] else unicodedata.normalize("NFKC", found[0])


def _restore(name: str) -> str:
    """Return the name as its author typed it; a title without an extension keeps the dots at its end."""
    restored = restore_file_name(name)
    return restored if restored.rpartition(".")[2].lower() in EXTENSIONS else name


def _may_end_in_noise(name: str) -> bool:
    last = name[-1:]
    if last in ")]":
        return name != ""
    if last.isdigit():
        return "." in name or "opy" in name or "OPY" in name or "본" in name
    return last in "yYeE본"


def _is_hidden(folder: str) -> bool:
    if not (folder.startswith(".") or "/." in folder):
        return False
    return any(part.startswith(".") and part.strip(".") for part in folder.split("/"))
