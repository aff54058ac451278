"""Check that expressions are filled in from declared facts only."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.render.expressions import read_condition, read_expression, show_short
from pokervod_pipelines.render.facts import FACTS

HAND = FACTS["premium_hand"]
KNOWN: dict[str, Any] = {
    "pot": 1_259_999,
    "best.player": "Ana",
    "category": "four_of_a_kind",
    "board": ["As", "Td"],
    "number": 3,
    "grade": "",
}

EVALUATED = [
    ("{pot}", 1_259_999),
    ("{ pot | short }", "1.25M"),
    ("pot {pot}", "pot 1,259,999"),
    ("{pot|chips} chips", "1,259,999 chips"),
    ("{board}", ["As", "Td"]),
    ("{board|cards}", "A♠ T♦"),
    ("{best.player|upper}: {category|title}", "ANA: Four of a Kind"),
    ("the {number|ordinal}", "the 3rd"),
    ("{grade}", None),
    ("grade {grade}", None),
    ("{rank}", None),
    ("nothing to fill in", "nothing to fill in"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "value"), EVALUATED)
def test_an_expression_is_filled_in_or_unknown(text: str, value: Any) -> None:
    assert read_expression(text, HAND).evaluate(KNOWN) == value


@pytest.mark.parametrize(
    ("text", "kind"), [("{pot}", "chips"), ("{pot|short}", "text"), ("{board}", "cards"), ("{pot}!", "text")]
)
def test_the_kind_of_a_value_is_known_before(text: str, kind: str) -> None:
    assert read_expression(text, HAND).kind == kind


@given(text=st.text(alphabet="{}|._ abpot", max_size=30))
def test_any_text_is_read_or_refused_and_leaves_no_brace_in_a_picture(text: str) -> None:
    try:
        expression = read_expression(text, HAND)
    except ValueError:
        return
    assert not {*"{}"} & {*str(expression.evaluate(KNOWN) or "")}


@given(amount=st.integers(1, 10**13))
def test_a_short_amount_is_never_rounded_up(amount: int) -> None:
    said = show_short(amount)
    figures, unit = (said[:-1], said[-1]) if said[-1].isalpha() else (said, "")
    worth = float(figures.replace(",", "")) * {"": 1, "K": 1e3, "M": 1e6, "B": 1e9}[unit]

    assert 0.99 * amount <= worth + 1e-6 <= amount * (1 + 1e-9) + 1e-6


@given(pot=st.integers(0, 10**9), bound=st.integers(0, 10**9))
def test_limits_include_themselves_and_exclude_each_other(pot: int, bound: int) -> None:
    facts = {"pot": pot}
    least = read_condition("pot_at_least", bound, HAND).is_met(facts)
    most = read_condition("pot_at_most", bound, HAND).is_met(facts)

    assert (least, most) == (pot >= bound, pot <= bound)
    assert read_condition("pot", bound, HAND).is_met(facts) is (least and most)
    assert read_condition("pot_not", bound, HAND).is_met(facts) is not (least and most)


def test_a_flag_is_compared_with_true_or_false() -> None:
    condition = read_condition("is_last", True, FACTS["level_end"])

    assert condition.is_met({"is_last": True})
    assert not condition.is_met({"is_last": False})
    with pytest.raises(ValueError, match="true or false"):
        read_condition("is_last", 1, FACTS["level_end"])
