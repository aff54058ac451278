"""Check that a value fits its layer or is refused, and that generated values are cut to fit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.render.layers import BadValue, Layer, check_value, fit_value, read_text


def make_layer(kind: str, **limits: Any) -> Layer:
    return Layer.model_validate({"type": kind, "required": True, "description": "x", **limits})


ROWS = make_layer(
    "rows",
    limit=2,
    columns={"player": {"type": "text", "characters": 5}, "chips": {"type": "chips", "required": False}},
)
TEXT, CARDS, CHIPS = make_layer("text", characters=5), make_layer("cards", limit=2), make_layer("chips")

REFUSED = [
    (TEXT, 5, "expected a text"),
    (TEXT, "  ", "blank"),
    (TEXT, "longer", "at most 5"),
    (TEXT, "a\x00b", "control"),
    (TEXT, "\udcff", "broken letters"),
    (CHIPS, "5", "expected a number"),
    (CHIPS, "€850000", "expected a number"),  # amounts are stored as they are drawn
    (CHIPS, True, "expected a number"),
    (CHIPS, float("nan"), "expected one below"),
    (CHIPS, float("inf"), "expected one below"),
    (CHIPS, 10**30, "expected one below"),
    (make_layer("card"), "1s", "expected a card"),
    (make_layer("card"), ["As"], "expected a card"),
    (CARDS, [], "expected cards"),
    (CARDS, "As", "expected cards"),
    (CARDS, ["As", "as"], "duplicate cards: As;"),
    (CARDS, ["As", "Ks", "Qs"], "at most 2"),
    (CARDS, ["As", "??"], "expected a card"),
    (ROWS, [], "expected rows"),
    (ROWS, ["Ana"], "row 1: expected player, chips"),
    (ROWS, [{"player": "Ana"}] * 3, "at most 2"),
    (ROWS, [{"player": "Ana"}, {"chips": 5}], "row 2: player is missing"),
    (ROWS, [{"player": "Ana", "seat": 4}], "row 1: unknown column 'seat'"),
    (ROWS, [{"player": "Ana Ruiz"}], "row 1: player: the text has 8 characters"),
    (ROWS, [{"player": "Ana", "chips": "5"}], "row 1: chips: expected a number, got '5'"),
]


@pytest.mark.parametrize(("layer", "value", "says"), REFUSED, ids=lambda each: str(each)[:30])
def test_a_wrong_value_is_refused_with_the_reason(layer: Layer, value: Any, says: str) -> None:
    with pytest.raises(BadValue, match=says):
        check_value(layer, value)


READ = [
    ("chips", "1,250,000", 1_250_000),
    ("chips", "$1.25M", "$1,250,000"),
    ("chips", "900 k", 900_000),
    ("chips", "1 250 000", 1_250_000),
    ("chips", "€2.5", "€2.50"),
    ("chips", "€850,000", "€850,000"),
    ("chips", "€ 850k", "€850,000"),
    ("chips", "850,000 €", "850,000 €"),
    ("chips", "850 000 €", "850,000 €"),
    ("chips", "1.25M€", "1,250,000€"),
    ("chips", "US$ 10,000", "US$10,000"),
    ("chips", "HK$500K", "HK$500,000"),
    ("chips", "R$1,000", "R$1,000"),
    ("chips", "EUR 850,000", "EUR 850,000"),
    ("chips", "850,000 KRW", "850,000 KRW"),
    ("chips", "￦1,000,000", "₩1,000,000"),
    ("chips", "1,000,000원", "1,000,000원"),
    ("chips", "₹1,00,000", "₹100,000"),
    ("chips", "-$500", "-$500"),
    ("chips", "$-500", "-$500"),
    ("chips", "$0.004", "$0.004"),
    ("chips", "¥0", "¥0"),
    ("number", "$5", "$5"),
    ("chips", "0.004", 0.004),
    ("chips", "1.250M", 1_250_000),
    ("number", "12.125", 12.125),
    ("chips", "850.000", None),  # 850,000 in half of Europe
    ("chips", "€850.000", None),
    ("chips", "1,25", None),
    ("chips", "€1,5M", None),
    ("chips", "$5€", None),
    ("chips", "€", None),
    ("chips", "5 chips", None),
    ("chips", "--5", None),
    ("number", "-3", -3),
    ("number", "1e6", None),
    ("number", "9" * 40, None),
    ("number", "k", None),
    ("number", "１", 1),
    ("text", "  Ana ", "Ana"),
    ("card", "10♦", "Td"),
    ("cards", "AsKd", ["As", "Kd"]),
    ("cards", "A♠, 10♥", ["As", "Th"]),
    ("cards", "A♠ X", None),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ)
def test_cells_are_read_as_people_write_them(kind: str, text: str, value: Any) -> None:
    layer = make_layer(kind)

    if value is None:
        with pytest.raises(BadValue):
            read_text(layer, text)
    else:
        assert read_text(layer, text) == value


@given(amount=st.integers(-(10**17), 10**17), mark=st.sampled_from(["$", "€", "₩", "HK$", "EUR "]))
def test_an_amount_with_a_currency_is_kept_as_it_is_drawn(amount: int, mark: str) -> None:
    text = read_text(CHIPS, f"{mark}{amount}")

    assert text == f"{'-' if amount < 0 else ''}{mark}{abs(amount):,}"
    assert check_value(CHIPS, text) == text


def test_rows_in_a_cell_are_lines_of_the_columns_in_order() -> None:
    assert read_text(ROWS, "Ana | 1.5k\nTom") == read_text(ROWS, "Ana|1500; Tom")
    assert read_text(ROWS, "Ana | 1.5k; Tom") == [{"player": "Ana", "chips": 1500}, {"player": "Tom"}]
    with pytest.raises(BadValue, match=r"row 2: expected a number such as 1,250,000 or 1\.25M, got 'much'"):
        read_text(ROWS, "Ana | 5; Tom | much")
    with pytest.raises(BadValue, match=r"row 1: got 3 cells, expected at most 2: player \| chips"):
        read_text(ROWS, "Ana | 5 | 6")
    with pytest.raises(BadValue, match=r"row 2: player is missing; expected player \| chips, got '\| 5'"):
        read_text(ROWS, "Ana; | 5")


def test_generated_values_are_cut_to_fit() -> None:
    assert fit_value(TEXT, "Anastasia") == "Anas…"
    assert fit_value(CARDS, ["As", "Ks", "Qs"]) == ["As", "Ks"]
    rows = [{"player": "Anastasia", "chips": None, "seat": 4}, {"player": "Tom"}, {"player": "Eva"}]
    assert fit_value(ROWS, rows) == [{"player": "Anas…"}, {"player": "Tom"}]


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    ),
    layer=st.sampled_from([TEXT, CARDS, CHIPS, ROWS, make_layer("image"), make_layer("card")]),
)
def test_any_accepted_value_is_accepted_again(value: Any, layer: Layer) -> None:
    for read in (check_value, fit_value):
        try:
            stored = read(layer, value)
        except BadValue:
            continue
        assert check_value(layer, stored) == stored


@given(text=st.text(max_size=40), layer=st.sampled_from([TEXT, CARDS, CHIPS, ROWS]))
def test_any_cell_that_is_read_is_accepted(text: str, layer: Layer) -> None:
    try:
        stored = read_text(layer, text)
    except BadValue:
        return
    assert check_value(layer, stored) == stored
