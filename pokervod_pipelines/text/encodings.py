"""Decode the text of a file whose encoding nobody recorded, or refuse it and name the encoding that it seems to have.

UTF-8 and UTF-16 show themselves, and Korean Windows (CP949) is taken where the text reads as Korean. Any other encoding
fits almost all bytes, so it is read only where a setting gives it: wrong text makes wrong tags.
"""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pokervod_pipelines.errors import BadInput

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""UTF-32 before UTF-16, whose mark begins like it."""

UTF16_PROBE_BYTES = 4096
MIN_ASCII_SHARE = 0.1
"""Of UTF-16 text in any language: delimiters, blanks, digits and line ends."""

MIN_ASCII_SHARE_OF_UTF8 = 0.5
"""Of UTF-16 text that is UTF-8, too: other text with a null byte is UTF-8 that was damaged."""

WIDE = re.compile(r"utf[-_]?(16|32)", re.IGNORECASE)
SEVEN_BIT = re.compile(r"iso[-_]?2022|hz|utf[-_]?7", re.IGNORECASE)
"""Names of encodings that write other letters in ASCII, so that ASCII may be in one of them."""

KOREAN = "cp949"
COMMON_KOREAN = frozenset(
    "ㅋㅎㅜㅠ가각간갈감강같개거건걸검것게겠겨격견결겸경계고곡골곳공과곽관광교구국군권귀규균그극근글금급기긴길"
    "김까께꽝끝끼나난날남났내냐냥너널넘넛네넷녀년노놀농놓누눈뉴느는늘능니닉님다단달담답당대더던데덱도독돌동됐"
    "되된될두뒤드든들등디딜따때떠또라락란람랍랑래랜량러럭런럼럽렇레렌려력련렸령례로록론롤료루류르른를름리릭린"
    "릴림립릿링마막만많말망맞매맥맹머먹먼메며면명모목몰못무문물뭐미믹민밀및바박반받발방배백뱃뱅버번벌범법베벤"
    "벳변별병보복본볼봄봉봐부북분불브블비빅빈빗빛빠뽀쁨사산살삼상새색샘생샷서석선설섭성세셋셔션셨소속손솔솜송"
    "숏수숙순술스슨슬습승시식신실심싶싸써쓰씨아악안않알암았앞애앤야약양어억언얼엄업없었에엔엘여역연열염엽였영"
    "예오옥온올와완왔왕왜외요용우욱운울움워원월위유육윤율으은을음응의이익인일임입있자작잘잠잡장재잭저적전절점"
    "접정제져졌조족존좀종좋죠주죽준줄중즈즌증지직진질집짜짝째쪽차착찬찰참창찾채책처천철첫청체쳐초총촬최추축출"
    "충취츠치친침칩카캐커컷케코콜쿠쿨쿼퀸크클키킥킹타탁탄탈탑태택터턴텀테텐토톰통투튠트특틀티팅파판팟패팩팸퍼"
    "펀펌페편평포폭폴표풀품풍프플픔피필핏하학한할함합항해핸했행향허험헤헬혀혁현협형혜호혼홀홍화확환활황회획후"
    "훅훈휠휴희히힘"
)
"""The syllables of 95 % of Korean text, of names and of poker words, by the frequency of words on the web."""

COMMON, OTHER_SYLLABLE, OTHER_LETTER = 1, -1, -2
"""How much a letter speaks for Korean, by its frequency there and in Chinese that is read as CP949; one is 3 bits."""

MIN_KOREAN = 3
"""Of 1,500 files with two random words in GBK or EUC-JP two reach it, with three none; with five in Korean 98 %."""

MIN_USUAL_LINE = -4
"""Of the usual characters; a line may hold a name with its Chinese characters, not a sentence of them."""

FIRST_KSX1001 = 0xA1
"""Both bytes of the characters that people use are above it; a Western letter and the next one are not."""

MAX_LINES_GUESSED = 200
MIN_LIKENESS = 0.6
WESTERN = "À-ÏÑÓÔÖØ-Üß-ïñ-öø-ü‘’“”–—…•°º«»¡¿€£©®"
CENTRAL_EUROPEAN = "Ą-ćČ-đĘ-ěĹ-ňŐőŘ-śŞ-ťŮ-űŹ-žÁÉÍÓÖÚÜÝáéíóöúüýßÄäôÔ‘’“”„–—…"
IDEOGRAPHS = "一-龥、。，！？（）：；「」・"


class Candidate(NamedTuple):
    """Name an encoding, and what a run beyond ASCII with its neighbours looks like where it is the right one."""

    name: str
    codec: str
    run: str


CANDIDATES = (
    Candidate("Korean Windows (CP949)", KOREAN, f"[A-Za-z]?[{''.join(sorted(COMMON_KOREAN))}]+[A-Za-z]?"),
    Candidate("Windows-1251", "cp1251", "[А-ЯЁ]?[а-яё]+|[«»“”„–—…№]"),
    Candidate("KOI8-R", "koi8_r", "[А-ЯЁ]?[а-яё]+"),
    Candidate("Windows-1253", "cp1253", "[Ά-ώ]+|[«»“”–—…]"),
    Candidate("Shift-JIS", "cp932", f"[A-Za-z]?[ぁ-ヿ々{IDEOGRAPHS}]{{2,}}[A-Za-z]?"),
    Candidate("Windows-1252", "cp1252", f"[A-Za-z]?[{WESTERN}]{{1,3}}[A-Za-z]?"),
    Candidate("Windows-1254", "cp1254", f"[A-Za-z]?[{WESTERN}ĞğİıŞş]{{1,3}}[A-Za-z]?"),
    Candidate("Mac Roman", "mac_roman", f"[A-Za-z]?[{WESTERN}]{{1,3}}[A-Za-z]?"),
    Candidate("Windows-1250", "cp1250", f"[A-Za-z]?[{CENTRAL_EUROPEAN}]{{1,3}}[A-Za-z]?"),
    Candidate("GBK", "gb18030", f"[A-Za-z]?[{IDEOGRAPHS}]{{2,}}[A-Za-z]?"),
    Candidate("EUC-JP", "euc_jp", f"[A-Za-z]?[ぁ-ヿ々{IDEOGRAPHS}]{{2,}}[A-Za-z]?"),
    Candidate("Big5", "big5", f"[A-Za-z]?[{IDEOGRAPHS}]{{2,}}[A-Za-z]?"),
    Candidate("Shift-JIS", "cp932", "[｡-ﾟ]{3,}"),
)
"""Of those that fit equally well the first is named."""

ISO_2022 = re.compile(rb"\x1b\$[()]?[@-D]")
ASCII_IN_UTF16 = re.compile(rb"[\t\n\r -~]{24}")
UTF8_HANGUL = re.compile(rb"[\xea-\xed][\x80-\xbf]{2}")
UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", re.DOTALL)
NEVER_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
ASCII_END = 0x7F
RUN_AND_NEIGHBOURS = re.compile(r"[A-Za-z]?[^\x00-\x7f]+[A-Za-z]?")
WORD_BEYOND_ASCII = re.compile(r"\w{0,12}[^\x00-\x7f][\w’]{0,12}")


def decode(content: bytes, *, file: Path, encoding: str = "", setting: str = "") -> str:
    """Return the text; ``encoding`` is read from ``setting`` and counts where the file does not show its own.

    Raises:
        BadInput: the encoding is not certain, or the text is damaged; names the likely encoding and the line.

    """
    certain = _find_encoding(content, encoding)
    if not certain:
        raise BadInput(f"{file}: {_explain(content, setting)}")
    if certain.startswith("utf-16") and (mixed := ASCII_IN_UTF16.search(content)):
        raise BadInput(f"{file}: is UTF-16 in part, but not at byte {mixed.start():,}. Export it again as CSV UTF-8.")
    try:
        text = content.decode(certain)
    except UnicodeDecodeError as error:
        if ends_inside_character(content, certain):
            raise BadInput(f"{file}: ends inside a character, so it was cut off. Export it again.") from None
        place = f"line {_count_line(content, error.start)}, byte {error.start:,}"
        fix = f"Correct `{setting}`, or save" if certain == encoding else "Save"
        raise BadInput(f"{file}: {place} is not {certain}. {fix} the file as CSV UTF-8.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInput(f"{file}: line {line} contains a null byte, so the file is damaged. Export it again.")
    return text.removeprefix("\ufeff")


def ends_inside_character(content: bytes, encoding: str = "utf-8") -> bool:
    """Return whether all is in the encoding but for the first bytes of a character at the end."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        decoder.decode(content)
    except UnicodeDecodeError:
        return False
    return bool(decoder.getstate()[0])


def _find_encoding(content: bytes, given: str) -> str:
    """Return the encoding that the content shows, then the given one, then CP949 if it reads as Korean, or blank."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    if encoding := _find_utf16(content, given):
        return encoding
    if content.isascii():
        return given if SEVEN_BIT.match(given) else "" if ISO_2022.search(content) else "utf-8"
    if _is_utf8(content) or (ends_inside_character(content) and _is_mostly_utf8(content)):
        return "utf-8"
    if given and not WIDE.match(given):
        return given
    return KOREAN if _reads_as_korean(content) else ""


def _find_utf16(content: bytes, given: str) -> str:
    """Return the UTF-16 that the content shows, then a given UTF-16 or UTF-32 that fits it, or blank."""
    probe = content[:UTF16_PROBE_BYTES]
    if b"\0" not in probe:
        return ""
    share = 0 if WIDE.match(given) else MIN_ASCII_SHARE
    if _is_utf8(probe) or ends_inside_character(probe):
        share = MIN_ASCII_SHARE_OF_UTF8
    for encoding in _list_wide(given):
        text = codecs.getincrementaldecoder(encoding)("replace").decode(probe)
        ascii_count = sum(c in "\t\r\n" or " " <= c <= "~" for c in text)
        is_aligned = sum(map(text.count, "\n,")) * 2 >= sum(map(probe.count, (b"\n", b",")))
        if is_aligned and ascii_count >= share * len(text) and not NEVER_IN_TEXT.search(text):
            return encoding
    return ""


def _list_wide(given: str) -> list[str]:
    """Return the encodings to try, a given one first; UTF-32 without its mark is read only where one is given."""
    if not WIDE.match(given):
        return ["utf-16-le", "utf-16-be"]
    name = given.lower().replace("_", "-")
    return sorted(("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"), key=lambda each: not each.startswith(name))


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reads_as_korean(content: bytes) -> bool:
    try:
        text = content.decode(KOREAN)
    except UnicodeDecodeError:
        return False
    counts = {c: count for c, count in Counter(text).items() if _weigh(c)}
    if sum(_weigh(c) * count for c, count in counts.items()) < MIN_KOREAN:
        return False
    if any(UTF8_HANGUL.search(line) and _is_utf8(line) for line in content.splitlines()):
        return False
    doubtful = {c for c in counts if c not in COMMON_KOREAN}
    return all(doubtful.isdisjoint(line) or _is_korean_line(line) for line in text.splitlines())


def _weigh(character: str) -> int:
    """Return how much it speaks for Korean, 0 for what is ASCII or no letter."""
    if character <= "\x7f" or not character.isalpha():
        return 0
    if character in COMMON_KOREAN:
        return COMMON
    return OTHER_SYLLABLE if "가" <= character <= "힣" else OTHER_LETTER


def _is_korean_line(line: str) -> bool:
    """Return False for a line of other words in a Korean file: two files in two encodings were put together."""
    is_usual = all(min(c.encode(KOREAN, "replace")) >= FIRST_KSX1001 for c in line if _weigh(c))
    return sum(map(_weigh, line)) >= (MIN_USUAL_LINE if is_usual else 0)


def _explain(content: bytes, setting: str) -> str:
    """Return what is wrong with content of no certain encoding, and what to do."""
    if ISO_2022.search(content):
        return "Expected UTF-8, got what looks like ISO-2022. Save it as CSV UTF-8."
    if b"\0" in content:
        line = _count_line(content, content.index(b"\0"))
        return f"line {line} contains a null byte, so the file is damaged. Export it again."
    lines = {number: line for number, line in enumerate(content.split(b"\n"), 1) if not _is_utf8(line)}
    first = next(iter(lines))
    if _is_mostly_utf8(content):
        return f"line {first} is not UTF-8, other lines are. Export the whole file as CSV UTF-8."
    guessed = [line for line, _ in zip(lines.values(), range(MAX_LINES_GUESSED), strict=False)]
    best = max(CANDIDATES, key=lambda candidate: _measure(candidate, guessed))
    if _measure(best, guessed) < MIN_LIKENESS:
        return f"Expected UTF-8, got an unknown encoding in line {first}. Save it as CSV UTF-8."
    word = WORD_BEYOND_ASCII.search(lines[first].decode(best.codec, "replace"))
    looks = f"Expected UTF-8, got what looks like {best.name} (line {first}: {word and word[0]!r})"
    other = [number for number, line in lines.items() if not _fits(line, best)]
    if other:
        return f"{looks}, but line {other[0]} does not. Save the whole file as CSV UTF-8."
    return f"{looks}. Save it as CSV UTF-8" + (f", or set `{setting}: {best.codec}`." if setting else ".")


def _measure(candidate: Candidate, lines: Sequence[bytes]) -> float:
    """Return the share of the runs beyond ASCII that look right in this encoding."""
    runs = RUN_AND_NEIGHBOURS.findall(b"\n".join(lines).decode(candidate.codec, "replace"))
    return sum(bool(re.fullmatch(candidate.run, run)) for run in runs) / max(len(runs), 1)


def _fits(line: bytes, candidate: Candidate) -> bool:
    text = line.decode(candidate.codec, "replace")
    return "\ufffd" not in text and (candidate.codec != KOREAN or _is_korean_line(text))


def _is_mostly_utf8(content: bytes) -> bool:
    """Return whether most of what is not ASCII is UTF-8: the file mixes two encodings."""
    inside = sum(len(found[0]) for found in UTF8_CHARACTER.finditer(content))
    return inside * 2 > sum(byte > ASCII_END for byte in content)


def _count_line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
