"""Check that a number shown inexactly is read as the number, and that typed text stays as typed."""

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.sheets.cell_text import may_hide_number, show_number
from pokervod_pipelines.sheets.google import budget, calls, responses
from pokervod_pipelines.sheets.google.calls import redirect
from pokervod_pipelines_tests.google.cells import show_value


@pytest.mark.parametrize(
    ("shown", "value", "text"),
    [
        ("136,600", 136600, "136600"),
        ("1,234,567", 1234567, "1234567"),
        ("-1,234", -1234, "-1234"),
        ("(1,234)", -1234, "-1234"),  # as bookkeepers write it
        ("$1,234.50", 1234.5, "1234.5"),
        ("1.234.567", 1234567, "1234567"),  # a German sheet
        ("1 234", 1234, "1234"),
        ("1\u202f234", 1234, "1234"),
        ("1.234", 1.234, "1.234"),
        ("1,235", 1234.6, "1234.6"),
        ("1,235", 1234.5, "1234.5"),  # half away from zero, not to the even digit
        ("(1,235)", -1234.5, "-1234.5"),
        ("-1,235%", -12.345, "-12.345"),
        ("1,000.01", 1000.005, "1000.005"),  # the nearest binary fraction is a little less
        ("1.235,7", 1235.65, "1235.65"),
        ("1,235", 1234567, "1234567"),  # in thousands
        ("12,346", 12345500000, "12345500000"),  # in millions
        ("1,234.6", 1234550, "1234550"),
        ("1.3E+04", 12500, "12500"),
        ("1.0E+05", 99500, "99500"),
        ("-1.3E-05", -0.0000125, "-1.25e-05"),
        ("0.00E+00", 0, "0"),
        ("1.37E+05", 136600, "136600"),
        ("1E+05", 136600, "136600"),
        ("1,37E+05", 136600, "136600"),
        ("1.37E+05", 136600.0, "136600"),
        ("-1.37E-05", -0.0000137, "-1.37e-05"),
        ("###", 136600, "136600"),
        ("1,234", "1,234", "1,234"),
        ("###", "###", "###"),
        ("1E5", "1E5", "1E5"),
    ],
)
def test_a_hidden_number_is_shown(shown: str, value: str | float, text: str) -> None:
    assert may_hide_number(shown)
    assert show_number(shown, value) == text


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        *(("1,234", 5678), ("1.37E+05", 137600), ("1,234", None), ("1,234", "Quads"), ("###", True), ("1,234", -9.9)),
        *(("1,234", 1234.5), ("1,234", 1234567), ("-1.3E+04", 12500), ("1.2E+04", 12500)),
    ],
)
def test_a_value_that_the_text_cannot_show_is_somebodys_edit(shown: str, value: str | float | None) -> None:
    assert show_number(shown, value) is None


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "12:47",
        "1:02:03",
        "2,5",
        "12,34",
        "Quads, 3",
        "136600",
        "#",
        "#REF!",
        "#N/A",
        "A1,234",
        "3E",
        "12E+05",
        "5%",
    ],
)
def test_most_texts_hide_nothing(shown: str) -> None:
    assert not may_hide_number(shown)


@given(st.integers(-(10**12), 10**12).filter(lambda number: abs(number) > 999))
def test_thousands_separators_are_undone(number: int) -> None:
    assert may_hide_number(f"{number:,}")
    assert show_number(f"{number:,}", number) == str(number)


@given(st.integers(1, 10**15), st.integers(0, 5))
def test_scientific_notation_is_undone(number: int, digits: int) -> None:
    assert show_number(show_value(number, f"0.{'0' * digits}E+00".replace(".E", "E")), number) == str(number)


@given(st.decimals(1_000, 10**9, places=3), st.sampled_from(["#,##0", "#,##0.0", "#,##0.00", "#,##0,", "#,##0.0,,"]))
def test_rounding_is_undone(number: Decimal, number_format: str) -> None:
    shown = show_value(float(number), number_format)

    assert not may_hide_number(shown) or float(show_number(shown, float(number)) or 0) == float(number)


def test_another_address_is_unchanged() -> None:
    assert redirect("https://oauth2.googleapis.com/token", "http://x") == "https://oauth2.googleapis.com/token"
    assert redirect("https://sheets.googleapis.com/v4/x", None) == "https://sheets.googleapis.com/v4/x"


@pytest.mark.parametrize("module", [budget, calls, responses])
def test_the_examples_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
