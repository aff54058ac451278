"""How good a hand is for a broadcast: A, B or C, and premium. The rule is data.

Who still held cards is decided before; folded players' cards never come here.
"""

from dataclasses import dataclass

from pokervod_pipelines.hands.evaluation import CATEGORIES

PREMIUM = ("royal_flush", "straight_flush", "four_of_a_kind", "full_house")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRule:
    """Three conditions: a premium category, a least duration in seconds, a least category; all three make an A.

    ``needs_showdown`` leaves out best hands that were never shown down, though the table read them.
    """

    premium_categories: tuple[str, ...] = PREMIUM
    min_seconds: float = 120.0
    min_category: str = "three_of_a_kind"
    needs_showdown: bool = False

    def __post_init__(self) -> None:
        """Refuse a category that does not exist, so that a slip in a setting is seen at once."""
        for category in (*self.premium_categories, self.min_category):
            if category not in CATEGORIES:
                message = f"{category!r} is no hand category; the categories are {', '.join(CATEGORIES)}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Grade:
    """The letter and its first condition; A and B are fit to broadcast."""

    letter: str
    is_premium: bool


def grade_hand(rule: GradeRule, category: str | None, seconds: float) -> Grade:
    """Return the grade of a best hand, None where no hand could be made out.

    >>> grade_hand(GradeRule(), "full_house", 150.0)
    Grade(letter='A', is_premium=True)
    >>> grade_hand(GradeRule(), "three_of_a_kind", 30.0)
    Grade(letter='C', is_premium=False)
    """
    is_premium = category in rule.premium_categories
    is_strong = category is not None and CATEGORIES.index(category) <= CATEGORIES.index(rule.min_category)
    met = is_premium + is_strong + (seconds >= rule.min_seconds)
    return Grade("CCBA"[met], is_premium)
