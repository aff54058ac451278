"""Test that text is read where its encoding is certain, and that any other encoding is named and refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.encodings import decode

HEADER = "File No.,File Name,In,Out,Tag (Player),Description\r\n"
KOREAN_HEADER = "번호,파일명,시작,종료,태그 (선수),설명\r\n"


def write(player: str, text: str, *, header: str = HEADER) -> str:
    return f"{header}1,long.mp4,0:02,0:06,{player},{text}\r\n"


def read(content: bytes, **settings: str) -> str:
    return decode(content, file=Path("hands.csv"), **settings)


BOTH = write("김철수", "배드빗 장면") + write("Åsa Älv", "O’Dea’s", header="")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "text",
    [
        BOTH,
        "파일명,시작\n가나다라마바사아자차카타파하가나다라마바사아자차,일\n",
        write("张伟", "德州扑克全下"),
        "a\n",
        "😀,\n",
    ],
)
def test_unicode_is_read_with_and_without_its_mark(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == text


def test_utf16_of_the_other_byte_order_is_read_by_its_mark() -> None:
    assert read(("\ufeff" + BOTH).encode("utf-16-be")) == BOTH


@pytest.mark.parametrize(
    "text",
    [
        write("김철수", "배드빗", header=KOREAN_HEADER),
        write("", "AA vs KK", header=KOREAN_HEADER),
        write("홍길동", "AA vs KK"),
        write("필 아이비", "다니엘 네그라누의 블러프, 쿼드로 승리"),
        write("톰 드완", "턴에서 셋을 완성하고 리버에서 올인"),
        write("김민준", "★ 최고의 장면 ★ “올인” 그리고… 폴드 ― 끝ㅋㅋㅋ"),
        write("김민준", "뷁 똠방각하 쉣 펲시 대박 장면입니다"),
        write("金", "結勝전 하이라이트 명장면 모음입니다"),
        write("홍길동(洪吉童)", "올인") + write("김철수", "배드빗 장면", header=""),
        write("황정민", "탑셋 대 백도어 플러시, 칩리더 탈락"),
    ],
)
def test_korean_windows_is_read_where_it_reads_as_korean(text: str) -> None:
    assert read(text.encode("cp949")) == text


@pytest.mark.parametrize(
    ("codec", "player", "text", "name"),
    [
        ("cp1252", "Åsa Älv", "O’Dea’s", "Windows-1252 (line 2: 'Åsa')"),
        ("cp1252", "Ivey", "Daniel’s", "Windows-1252 (line 2: 'Daniel’s')"),
        ("cp1252", "ÅSA ÄLV", "ÀÉÈ ÂTRE", "Windows-1252 (line 2: 'ÅSA')"),
        ("cp1252", "Ivey", "€500 buy-in — “all in”…", "Windows-1252"),
        ("latin-1", "René", "café", "Windows-1252 (line 2: 'René')"),
        ("latin-1", "Jürgen Müller", "großer Bluff über Öl", "Windows-1252 (line 2: 'Jürgen')"),
        ("latin-1", "Pääkkönen", "Äänekoski", "Windows-1252"),
        ("latin-1", "Peña", "¿Qué? ¡Señor! corazón", "Windows-1252"),
        ("mac_roman", "Åsa Älv", "It’s Daniel’s café", "Mac Roman (line 2: 'Åsa')"),
        ("mac_roman", "Hélène", "la rivière à Éric ça", "Mac Roman (line 2: 'Hélène')"),
        ("mac_roman", "Jürgen", "Öl", "Mac Roman (line 2: 'Jürgen')"),
        ("mac_roman", "Pääkkönen", "Mäki", "Mac Roman (line 2: 'Pääkkönen')"),
        ("mac_roman", "Ivey", "It’s", "Mac Roman (line 2: 'It’s')"),
        ("cp1254", "Şükrü", "İstanbul ağır", "Windows-1254 (line 2: 'Şükrü')"),
        ("cp1251", "Иван Петров", "блеф на ривере", "Windows-1251 (line 2: 'Иван')"),
        ("koi8_r", "Иван Петров", "блеф на ривере", "KOI8-R (line 2: 'Иван')"),
        ("koi8_r", "блеф", "ривер", "KOI8-R (line 2: 'блеф')"),
        ("cp1253", "Γιώργος", "μπλόφα στο ρίβερ", "Windows-1253 (line 2: 'Γιώργος')"),
        ("cp932", "田中 太郎", "オールインのブラフ", "Shift-JIS (line 2: '田中')"),
        ("cp932", "田中", "優勝", "Shift-JIS (line 2: '田中')"),
        ("cp932", "ﾀﾅｶ", "ｵｰﾙｲﾝ", "Shift-JIS (line 2: 'ﾀﾅｶ')"),
        ("euc_jp", "田中 太郎", "オールインのブラフ", "EUC-JP (line 2: '田中')"),
        ("euc_jp", "かとう", "すごいブラフです", "EUC-JP (line 2: 'かとう')"),
        ("gbk", "德州扑克", "翻牌 转牌 河牌 同花 顺子 葫芦 四条 三条 两对 一对 高牌", "GBK (line 2: '德州扑克')"),
        ("gbk", "陈刚", "全下", "GBK (line 2: '陈刚')"),
        ("gbk", "张伟", "德州扑克全下,河牌成葫芦", "GBK (line 2: '张伟')"),
        ("gb18030", "张伟", "😀 德州扑克", "GBK (line 2: '张伟')"),
        ("big5", "陳剛", "德州撲克全下,河牌成葫蘆", "Big5 (line 2: '陳剛')"),
        ("cp949", "올인", "AA", "Korean Windows (CP949) (line 2: '올인')"),
        ("iso2022_jp", "田中", "オールイン", "ISO-2022"),
        ("iso2022_kr", "김철수", "올인", "ISO-2022"),
        ("johab", "김철수", "배드빗 올인 블러프", ""),
        ("cp874", "สมชาย", "บลัฟใหญ่", ""),
    ],
)
def test_any_other_encoding_is_named_and_refused(codec: str, player: str, text: str, name: str) -> None:
    content = write(player, text).encode(codec)

    with pytest.raises(BadInput) as refused:
        read(content, setting="sheets[].encoding")

    said = f"what looks like {name}" if name else "an unknown encoding in line 2"
    assert str(refused.value).startswith(f"hands.csv: Expected UTF-8, got {said}")
    assert ". Save it as CSV UTF-8" in str(refused.value)


def test_the_refusal_tells_the_setting_only_where_there_is_one() -> None:
    for setting, end in (("sheets[].encoding", "UTF-8, or set `sheets[].encoding: cp1252`."), ("", "CSV UTF-8.")):
        with pytest.raises(BadInput) as refused:
            read(write("René", "café").encode("cp1252"), setting=setting)

        assert str(refused.value).endswith(end)


@pytest.mark.parametrize(("codec", "given"), [("cp1252", "cp1252"), ("mac_roman", "mac_roman"), ("cp1252", "latin-1")])
def test_a_given_encoding_is_read(codec: str, given: str) -> None:
    text = write("Åsa Älv", "São Paulo")

    assert read(text.encode(codec), encoding=given) == text


@pytest.mark.parametrize("shown", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_that_was_saved_as_unicode_needs_no_other_setting(shown: str) -> None:
    assert read(BOTH.encode(shown), encoding="cp1252") == BOTH


def test_a_file_that_is_not_in_the_given_encoding_is_refused() -> None:
    with pytest.raises(BadInput, match=r"line 2, byte 76 is not shift_jis\. Correct `sheets\[\]\.encoding`, or save"):
        read(write("René", "café").encode("cp1252"), encoding="shift_jis", setting="sheets[].encoding")


ASCII_ROWS = "No;File;In;Out\r\n1;a.mp4;0:01:00;0:02:00\r\n"


@pytest.mark.parametrize(
    "given", ["utf-16", "utf-16-le", "UTF_16_BE", "utf-32", "utf-32-be", "cp037", "cp949", "cp1252"]
)
@pytest.mark.parametrize("text", [ASCII_ROWS, "a,b\n1,2\n", "ab", ""])
def test_ascii_is_read_as_it_is_whatever_the_setting(given: str, text: str) -> None:
    """Sheets of plain names became Chinese characters where the setting named UTF-16."""
    assert read(text.encode(), encoding=given) == text


@pytest.mark.parametrize("given", ["iso2022_jp", "hz", "utf-7"])
def test_an_encoding_that_writes_other_letters_in_ascii_is_read_where_it_is_given(given: str) -> None:
    text = write("田中", "全下")

    assert read(text.encode(given), encoding=given) == text


@pytest.mark.parametrize("given", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["a,b\n", "天地玄黃宇宙洪荒日月盈昃\n", write("김철수", "올인"), "中文,丁\n"])
def test_a_given_utf_16_or_32_is_read(given: str, text: str) -> None:
    assert read(text.encode(given), encoding=given) == text
    assert read(text.encode(given), encoding=given.rpartition("-")[0]) == text


@pytest.mark.parametrize("codec", ["cp949", "euc_kr"])
def test_korean_is_read_although_utf_16_is_given(codec: str) -> None:
    assert read(write("김철수", "배드빗 장면").encode(codec), encoding="utf-16") == write("김철수", "배드빗 장면")


@pytest.mark.parametrize("given", ["", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize(
    "content",
    [
        b"Player,Chips\nAna,1\0\n",
        b"Player,Chips\n\0Ana,1\n\n",
        b"Players1\0\n",
        b"a\0\nb",
        "Player,Chips\nRené,1\0\n".encode(),
        "선수,칩\n김민수,1\0\n".encode(),
        "선수,칩\n김민수,10\0\n".encode("cp949"),
        b"\0Player,Chips\nAna,1\n",
        b"Player,Chips\r\nAna,1\0\r\n",
    ],
)
def test_one_null_byte_makes_no_utf_16(content: bytes, given: str) -> None:
    with pytest.raises(BadInput, match="null byte"):
        read(content, encoding=given)


KOREAN_ROWS = write("김철수", "배드빗 장면입니다") + write("이영희", "플러시", header="")
UNICODE = BOTH.encode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (UNICODE + write("김철수", "올인", header="").encode("cp949"), "line 4 is not UTF-8, other lines are"),
        (UNICODE + write("Åsa", "René", header="").encode("cp1252"), "line 4 is not UTF-8, other lines are"),
        (KOREAN_ROWS.encode("cp949") + write("Åsa", "It’s", header="").encode("cp1252"), "but line 4 does not"),
        (KOREAN_ROWS.encode("cp949") + write("김철수", "올인", header="").encode(), "line 2 is not UTF-8"),
        (KOREAN_ROWS.encode("cp949") + "4,보자\n".encode(), "Korean Windows"),
        (
            (KOREAN_ROWS * 3).encode("cp949") + write("张伟", "德州扑克全下", header="").encode("gbk"),
            "Expected UTF-8, got",
        ),
        (BOTH.encode("utf-16") + write("Ivey", "a bluff", header="").encode(), "is UTF-16 in part, but not at byte"),
        (UNICODE + write("Ivey", "a bluff", header="").encode("utf-16-le"), "line 4 contains a null byte"),
        (UNICODE[: UNICODE.index("장".encode()) + 1], "ends inside a character, so it was cut off"),
        (BOTH.encode("utf-16")[:-1], "ends inside a character, so it was cut off"),
        (BOTH.encode("utf-16-le")[:-1], "ends inside a character, so it was cut off"),
        (UNICODE.replace(b"0:06", b"0\0:06", 1), "line 2 contains a null byte"),
        (UNICODE + bytes(512), "line 4 contains a null byte"),
        (BOTH.replace("0:06", "0\0:06").encode("utf-16"), "line 2 contains a null byte"),
        (KOREAN_ROWS.replace("0:06", "0\0:06").encode("cp949"), "line 2 contains a null byte"),
        (bytes(400), "line 1 contains a null byte"),
        (bytes(range(256)) * 4, "null byte"),
    ],
)
def test_damaged_and_mixed_files_are_refused_with_the_place(content: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read(content)


@given(words=st.lists(st.sampled_from(["배드빗", "올인", "김철수", "블러프", "장면"]), min_size=1), at=st.floats(0, 1))
def test_korean_rows_glued_from_two_encodings_are_never_read(words: list[str], at: float) -> None:
    cut = int(at * len(words))
    first, second = ("".join(f"{word},\n" for word in part) for part in (words[:cut], words[cut:]))

    for content in (first.encode() + second.encode("cp949"), first.encode("cp949") + second.encode()):
        try:
            assert read(content) == first + second
        except BadInput:
            continue


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        text = read(content)
    except BadInput:
        return
    assert "\0" not in text
