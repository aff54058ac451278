"""Find the numbers and ordinals of a name that no rule read: "Table 2", "CD1", ``E06``, "2" behind a day.

What differs in one of them may be another part, so ``identity`` never takes it for a version. Numbers that describe the
file are left out: formats, resolutions, ids of tapes and downloads, money, versions of an edit.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from pokervod_pipelines.catalog.names.facts.count import COUNTS, ORDINALS
from pokervod_pipelines.catalog.names.facts.money import find_blinds
from pokervod_pipelines.catalog.names.facts.part import find_part
from pokervod_pipelines.catalog.names.families.clip_code import RULE as CLIP_CODE
from pokervod_pipelines.catalog.names.parsed import NameFinding
from pokervod_pipelines.catalog.names.prepare import PreparedName, fold_words, narrow, prepare_name
from pokervod_pipelines.catalog.names.second_event import find_second_event
from pokervod_pipelines.catalog.names.vocabulary.counted import COUNTED, FORMATS_BEFORE, FORMATS_BEHIND, TAPE_MARKS
from pokervod_pipelines.catalog.names.vocabulary.noise import EXTENSIONS
from pokervod_pipelines.catalog.names.vocabulary.versions import CLIP_VERSIONS

PLACE_FIELDS = frozenset(
    """
    show_number episode_number seq event_number event_code_or_name event_kind buy_in day flight part session stage
    clip_number hand_number date year
    """.split()  # noqa: SIM905 - the columns as one reads them
)
"""Fields that place a video; a name without any of them is a title, which is its own key."""

_TOKEN = re.compile(r"[$€£]?[^\W_]+(?:[.,'][^\W_]+)*")
_NUMBER = re.compile(r"[^\W\d_]*\d+(?:[^\W\d_]+(?!\d))?")
_SPLIT = re.compile(r"([^\W\d_]*)(\d+)")
_DIGITS = re.compile(r"\d+")
_INTERNAL = re.compile(r"(?: ?\(\d{1,2}\))?-\d{3}$")
_EXTENSION = re.compile(rf"(?:\.(?:{'|'.join(sorted(EXTENSIONS))}))+$", re.IGNORECASE)
_COPY = re.compile(r" ?\((\d{1,2})\)$")
_ENDING = re.compile(
    r"""(?: (?P<date>[ _.-](?:19|20)\d\d([ _.-]?)(?:0\d|1[0-2])\2[0-3]\d)
      | (?P<internal>-\d{3}) | (?P<id>_\d{6,}) | (?P<count>[_ ]\d{3}|_\d) )$""",
    re.VERBOSE,
)
_SEPARATOR = re.compile(r"[\W_]")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
# What only several words show to be no count: tape ids, days, "v2_1", the minutes behind an episode's code.
_NO_COUNTS = re.compile(
    r"""(?<!\w)(?:es[mo]?\d{6,} | gmpo[ ]\d+ | v\d{1,2}[ ]\d{1,2} | (?:aac|ddp?|dts|ac3)[ ]?\d[ ]\d | [hx][ ]26[3-6]
      | (?<=[a-z]\d\d[ ])(?:30|60|90|120)
      | (?:19|20)\d\d[ .](?:0\d|1[0-2])[ .][0-3]\d | [0-3]\d[ .](?:0\d|1[0-2])[ .](?:19|20)\d\d)(?!\w)""",
    re.VERBOSE,
)
_OF_FILE = re.compile(
    r"""[$€£].* | \d{6,} | \d{3,4}[ip][\d.]* | \d{3,4}x\d{3,4} | 16x9 | 4x3 | (?:19|20)\d\d
      | \d{4,5}k | \d{2,3}m | [248]k\d*
      | [57]\.1 | 2\.[01] | 23\.9\d* | 29\.97 | 59\.94 | \d\d(?:\.\d+)?[ip]
      | \d[\d.]*(?:[kmg]?bps|k?hz|fps|bits?|ch|[mg]b|mins?|hd|x?pass)
      | (?:mpe?g|mp|avc|hevc|av|aac|ac|ddp?|pcm|prores|dnxh[dr]|xdcam|u?hd|hdr|rec|vp|crf)\.?\d[\d.]*[a-z]*
      | [hx]\.?26[3-6] | v\d+(?:\.\d+)*
      | (?:ver|version|rev|cut|edit|draft|copy|prob|final|fix|qc|(?:re)?encode|export|render)\d{1,2}
      | (?:최종|찐최종|클린본|수정)\d{1,2}
      | [a-z]*[2-9](?:max|handed|way) | [2-9](?:bet|card|game|m)""",
    re.VERBOSE,
)
_TOTAL = re.compile(r"(?<=[\d|]) ?of ?\d{1,2}(?!\w)", re.ASCII)
_HANGUL_ORDINALS = frozenset(
    """
    상 중 하 상편 중편 하편 전편 후편 전반 후반 전반부 후반부 첫째 둘째 셋째 일부 이부 삼부 上 下 前編 後編
    """.split()  # noqa: SIM905 - as one reads them
)
_HAN_COUNT = re.compile("第?[一二三四五六七八九十]+[部話回巻編]?|其の[一二三四五]|[a-h][조팀부편반]")
_GLUED = re.compile(rf"({'|'.join(COUNTED)})({'|'.join(COUNTS)})")
_LETTERS = frozenset("abcdefgh")
_ORDINAL_WORDS = COUNTS.keys() | ORDINALS.keys() | _HANGUL_ORDINALS | _LETTERS
_HAND_COUNT = re.compile(rf" (\d)(?= (?:{'|'.join(CLIP_VERSIONS)})$|$)", re.ASCII)
_FOLDER = re.compile(r"([^\W\d_]+)[ .#]*(\w{1,5})(?: of \d+)?")
_KOREAN_PART = re.compile(r"(\d{1,2}) ?부")
_OF_CLIPS = frozenset({"disc", "segment", "tape"})
_FOLDERS = frozenset({"part", "disc", "tape", "reel", "table", "half", "side", "segment", "session", "camera"})


def find_unread(path: str, findings: Sequence[NameFinding], *, second: bool = False) -> str:
    """Return the unread numbers and ordinals of a path's name, each with the thing it counts; "" if there are none.

    A folder that is nothing but such a number ("CD1", "Part 2") counts as well. ``second`` asks for the second event of
    a name that has two.

    >>> from pokervod_pipelines.catalog.names import explain_name
    >>> path = "WSOP 2023 Main Event Day 2 Table 1.mp4"
    >>> find_unread(path, explain_name(path))
    'table 1'
    """
    name = prepare_name(path)
    if name is None:
        return ""
    if "&" in name.text and (place := find_second_event(name.text)):
        name = name.cut(place + len(" & ")) if second else name.cut(0, place)
    own = {finding.field: finding for finding in findings if finding.source == "name"}
    parent = name.folder.rpartition("/")[2]
    folder = _read_counting_folder(parent)
    if folder and folder.partition(" ")[0] in own:
        folder = ""
    if own.keys().isdisjoint(PLACE_FIELDS):
        found = [folder] if folder else _list_of_folder(parent, findings)
    else:
        found = [*_list_of_name(name, own), folder]
    return " ".join(dict.fromkeys(filter(None, found)))


def _list_of_name(name: PreparedName, own: Mapping[str, NameFinding]) -> list[str]:
    """Return the unread numbers; titles of clips and hands are full of numbers, so only some count there."""
    unread = list(_list_unread(name, own))
    is_hand = "hand_number" in own
    if not is_hand and ("clip_number" not in own or own["clip_number"].rule == CLIP_CODE):
        return unread
    part = find_part(name.text)
    parts = [f"part {part[0]}"] if part else []
    parts += [number for number in unread if number.partition(" ")[0] in _OF_CLIPS]
    return parts + (_HAND_COUNT.findall(name.text) if is_hand else [])


def _list_of_folder(folder: str, findings: Sequence[NameFinding]) -> list[str]:
    """Return the unread numbers of the folder that places a file without facts of its own (``HyperDeck_0028``)."""
    above = {finding.field: finding for finding in findings if finding.source == "folder"}
    if above.keys().isdisjoint(PLACE_FIELDS):
        return []
    return list(_list_unread(PreparedName("", folder, *fold_words(narrow(folder))), above))


def find_endings(file_name: str) -> dict[str, tuple[str, str]]:
    """Return the numbers at a name's end that may tell files apart, by kind, each behind the name without it.

    Kinds: the ``date`` of a recording, ``internal`` of an export, ``count`` of a title, ``id`` of a download, ``copy``
    (empty for the original).

    >>> find_endings("HyperDeck_0011-003.mp4")
    {'copy': ('HyperDeck_0011-003', ''), 'internal': ('HyperDeck_0011', '003')}
    """
    stem = _EXTENSION.sub("", file_name)
    copy = _COPY.search(stem)
    original = stem[: copy.start()] if copy else stem
    endings = {"copy": (original, copy[1] if copy else "")}
    if match := _ENDING.search(original):
        endings[str(match.lastgroup)] = (original[: match.start()], _SEPARATOR.sub("", match[0]))
    return endings


def _list_unread(name: PreparedName, own: Mapping[str, NameFinding]) -> Iterator[str]:
    if blinds := find_blinds(name.text):
        yield "/".join(_DIGITS.findall(blinds[0].replace(",", "")))
    text, read = _remove_read(name, own)
    tokens = _TOKEN.findall(text)
    told = {str(own[field].value) for field in ("event_number", "part") if field in own}
    last = max((place for place, token in enumerate(tokens) if not _describes_file(token)), default=-1)
    for place, token in enumerate(tokens):
        before, behind = (tokens[place - 1] if place else ""), (tokens[place + 1] if place < len(tokens) - 1 else "")
        is_of_file = _describes_file(token) and not (token[0].isdigit() and "." in token and before in COUNTED)
        if is_of_file or before in FORMATS_BEFORE or behind in FORMATS_BEHIND:
            continue
        is_share = behind == "of" and not COUNTS.keys().isdisjoint(tokens[place + 2 : place + 3])
        counts = place == last or before in COUNTED or behind in COUNTED or is_share
        repeats = told if place == 0 or before == "event" else ()
        for number in _list_numbers(token, counts=counts):
            spelled = _spell(number, before, behind)
            if spelled not in repeats and not _take(number, read):
                yield spelled


def _remove_read(name: PreparedName, own: Mapping[str, NameFinding]) -> tuple[str, Counter[str]]:
    """Return the words without those that rules read, and the numbers that rules read inside of others (``ws12``).

    Versions and players are read for what is left, so that their numbers count as unread.
    """
    text = name.text
    if tail := _INTERNAL.search(name.stem):
        _, text = fold_words(name.stem[: tail.start()])
    text = f" {_NO_COUNTS.sub(' ', text)} "
    inside: Counter[str] = Counter()
    unclear = {"version", "players"}
    words = {(finding.text.lower(), finding.rule) for field, finding in own.items() if field not in unclear}
    for read, _ in sorted(words, key=lambda each: (-len(each[0]), each)):
        bare = read.strip(" #")
        if f" {bare} " in text:
            text = text.replace(f" {bare} ", " | ", 1)
        else:
            inside.update(_DIGITS.findall(bare))
    return _TOTAL.sub(" ", text), inside


@lru_cache(maxsize=4096)
def _describes_file(token: str) -> bool:
    return token in TAPE_MARKS or _OF_FILE.fullmatch(token) is not None


def _list_numbers(token: str, *, counts: bool) -> list[str]:
    """Return the numbers in a word; an ordinal or a letter is one only where it ``counts`` something."""
    if _HAN_COUNT.fullmatch(token) or ((glued := _GLUED.fullmatch(token)) and len(glued[2]) > 1):
        return [token]
    if token.isalpha() or _ORDINAL.fullmatch(token):
        return [token] if counts and (token in _ORDINAL_WORDS or token[0].isdecimal()) else []
    return _NUMBER.findall(token)


def _take(number: str, read: Counter[str]) -> bool:
    """Return whether rules read all digits of the number; each place that they read counts once."""
    pieces = _DIGITS.findall(number)
    if not pieces or any(not read[piece] for piece in pieces):
        return False
    read.subtract(pieces)
    return True


def _spell(number: str, before: str, behind: str) -> str:
    """Return the number with the thing that it counts, the same however it is written: ``disc 1``, ``table 2``."""
    match = _SPLIT.fullmatch(number) or _GLUED.fullmatch(number)
    letters, digits = match.groups() if match else ("", number)
    count = _count(digits)
    if letters and letters not in COUNTED:
        return f"{letters}{count}"
    noun = next((word for word in (letters, before, behind) if word in COUNTED), "")
    return f"{COUNTED[noun]} {count}" if noun else count


def _count(digits: str) -> str:
    known = COUNTS.get(digits) or ORDINALS.get(digits)
    bare = digits[:-2] if _ORDINAL.fullmatch(digits) else digits
    return str(known or int(bare)) if known or bare.isdecimal() else bare


@lru_cache(maxsize=4096)
def _read_counting_folder(folder: str) -> str:
    _, text = fold_words(narrow(folder))
    if part := _KOREAN_PART.fullmatch(text):
        return f"part {int(part[1])}"
    match = _FOLDER.fullmatch(text)
    is_count = match and match[1] in COUNTED and (match[2].isdecimal() or match[2] in _ORDINAL_WORDS)
    spelled = _spell(match[2], match[1], "") if match and is_count else ""
    return spelled if spelled.partition(" ")[0] in _FOLDERS else ""
