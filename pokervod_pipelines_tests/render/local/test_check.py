"""Check templates and texts before they are drawn."""

from typing import Any

import pytest

from pokervod_pipelines.render.renderers.local.check import find_faults, find_undrawable_values
from pokervod_pipelines.render.renderers.local.content import write_value
from pokervod_pipelines.render.renderers.local.fonts import clean_text, find_missing_fonts, find_undrawable
from pokervod_pipelines.render.renderers.local.lettering import fit, measure, shorten, wrap
from pokervod_pipelines.render.renderers.local.tables import COLUMN_GAP, share_width
from pokervod_pipelines.render.renderers.local.theme import WHITE, Style
from pokervod_pipelines.render.templates import Template
from pokervod_pipelines_tests.render.local.sample_jobs import NAMES, TEMPLATES

STYLE = Style(40, "bold", WHITE)
PLAIN = {"type": "text", "required": True, "description": "a"}
ROWS = {"type": "rows", "required": True, "limit": 20, "description": "r", "columns": {"team": {"type": "text"}}}


def make(**changes: Any) -> Template:
    values: dict[str, Any] = {
        "name": "own",
        "title": "Own",
        "composition": "lower_third",
        "formats": ["mp4"],
        "seconds": 5.0,
        "layers": {"text": PLAIN},
    }
    return Template.model_validate(values | changes)


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_template_has_a_fault(name: str) -> None:
    assert find_faults(TEMPLATES[name]) == []


FAULTS = [
    ({"composition": "hologram"}, "unknown composition 'hologram'"),
    ({"layers": {"logo": {**PLAIN, "type": "image"}}}, "layer logo: lower_third cannot show images"),
    ({"layers": {"rows": ROWS}}, "20 rows are too many to read in lower_third; lower limit to 4 in all"),
    (
        {"layers": {"a": {**PLAIN, "type": "cards"}, **{x: {**PLAIN, "type": "cards"} for x in "bcd"}}},
        "28 cards are too",
    ),
    ({"layers": {"r": {**ROWS, "limit": 3, "columns": {x: {"type": "text"} for x in "abcdefghi"}}}}, "9 columns are"),
    ({"width": 64, "height": 64}, "64 × 64 pixels are too small for letters; use 384 × 216 or more"),
    ({"title": "Winner 🏆"}, "no font has 🏆 in 'Winner 🏆'"),
]


@pytest.mark.parametrize(("changes", "text"), FAULTS)
def test_each_fault_is_named(changes: dict[str, Any], text: str) -> None:
    (fault,) = find_faults(make(**changes))

    assert text in fault
    assert "own" in fault


def test_the_fonts_are_there_and_have_the_letters_of_the_trade() -> None:
    assert find_missing_fonts() == []
    assert find_undrawable("Ștefan Søren Łukasz Zoë Việt Дмитрий Αλέξης 김민수 田中 たなか €£₩$ ·–—…“”’½♠♥♦♣") == []


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a \n b\u2003c ", "a b c"),
        ("e\u0301", "é"),
        ("한글", "한글"),
        ("𝐊ing", "King"),
        ("🏆!", "□!"),
        ("a\u200bb\ufeff", "ab"),
    ],
)
def test_a_text_becomes_one_line_that_can_be_drawn(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


def test_values_with_letters_that_no_font_has_are_named() -> None:
    values = {"player": "Kim 🏆", "pot": 5, "rows": [{"player": "Lee"}, {"player": "שלום"}]}

    assert find_undrawable_values(values) == {
        "player": "the fonts cannot draw 🏆 (U+1F3C6); replace it or leave it out",
        "rows": (
            "row 2: player: the fonts cannot draw ו (U+05D5), ל (U+05DC), ם (U+05DD), ש (U+05E9); "
            "replace it or leave it out"
        ),
    }


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("Zoë Łukasz Nguyễn Đức Ștefan", []),
        ("김민수 田中 たなか ｱﾅ Ｋｉｍ", []),
        ("K♠ ♥️ ½ № – “Ana” …", []),
        ("e\u0301 a\u200bb \u200f", []),
        ("𝐊ing ﬁsh ①", []),
        ("€ £ ¥ ₩ ₽ ₹ ₿", ["₿"]),
        ("Wǐng", ["ǐ"]),  # drawn without its mark it would be another letter
        ("ลูก", ["ก", "ล", "ู"]),
        ("हिन्दी", ["द", "न", "ह", "ि", "ी", "्"]),
        ("👩‍🚀🇰🇷", ["🇰", "🇷", "👩", "🚀"]),
        ("Z\u0334", ["\u0334"]),
        ("\u1112\u119e\u11ab", ["\u1112", "\u119e", "\u11ab"]),  # old Hangul, whose letters have to be joined
        ("张伟", ["张", "伟"]),
    ],
)
def test_characters_that_would_be_drawn_otherwise_are_found(text: str, characters: list[str]) -> None:
    assert find_undrawable(text) == sorted(characters)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (1_250_000, "1,250,000"), (-5, "-5"), (12.5, "12.5"), (1234.567, "1,234.57"), (0.001, "0.001")],
)
def test_numbers_have_separators_and_few_decimals(value: float, written: str) -> None:
    assert write_value(value) == written


def test_digits_are_all_of_one_width() -> None:
    assert len({measure(digit * 8, STYLE) for digit in "0123456789"}) == 1


def test_a_text_too_long_is_set_smaller_before_it_is_shortened() -> None:
    text = "Stephen Chidwick"
    width = measure(text, STYLE)

    assert fit(text, STYLE, width) == (text, STYLE)
    same, smaller = fit(text, STYLE, width * 0.8)
    assert (same, smaller.size < STYLE.size) == (text, True)
    cut, smallest = fit(text, STYLE, width * 0.3)
    assert cut.endswith("…")
    assert measure(cut, smallest) <= width * 0.3
    assert fit("9,999,999,999", STYLE, 60)[0] == "9,999,999,999"


def test_no_room_shows_nothing() -> None:
    assert shorten("abc", STYLE, 1) == ""


def test_lines_break_between_words() -> None:
    assert wrap("one two three", STYLE, measure("one two", STYLE), 2) == ["one two", "three"]
    assert wrap("one two three", STYLE, 10, 2) == ["one", "two three"]


@pytest.mark.parametrize(
    ("natural", "is_number", "width"),
    [
        ([50, 200, 100], [True, False, True], 900),
        ([50, 2000, 100], [True, False, True], 900),
        ([900, 900], [True] * 2, 500),
    ],
)
def test_columns_fill_the_width_and_no_more(natural: list[float], is_number: list[bool], width: float) -> None:
    widths = share_width(natural, is_number, width)

    assert sum(widths) + COLUMN_GAP * (len(widths) - 1) <= width + 0.001
    assert min(widths) > 0
