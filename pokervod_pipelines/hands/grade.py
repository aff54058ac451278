"""Grade hands for a broadcast: A, B or C, and premium. The rule is data.

Only cards held to the end are graded.
"""

from dataclasses import dataclass

from pokervod_pipelines.hands.evaluation import CATEGORIES

PREMIUM = ("royal_flush", "straight_flush", "four_of_a_kind", "full_house")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRule:
    """Hold three conditions: premium category, minimum duration in seconds, minimum category; all three make an A.

    ``needs_showdown`` leaves out best hands that were never shown down, though the table read them.
    """

    premium_categories: tuple[str, ...] = PREMIUM
    min_seconds: float = 120.0
    min_category: str = "three_of_a_kind"
    needs_showdown: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown category, so that a mistake in the settings is seen at once."""
        for category in (*self.premium_categories, self.min_category):
            if category not in CATEGORIES:
                message = f"{category!r} is not a hand category; expected one of {', '.join(CATEGORIES)}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Grade:
    """Hold a grade; A and B are worth a broadcast."""

    letter: str
    is_premium: bool


def grade_hand(rule: GradeRule, category: str | None, seconds: float) -> Grade:
    """Return the grade of a hand by the ``category`` of its best hand, None for an unknown one.

    >>> grade_hand(GradeRule(), "full_house", 150.0)
    Grade(letter='A', is_premium=True)
    >>> grade_hand(GradeRule(), "three_of_a_kind", 30.0)
    Grade(letter='C', is_premium=False)
    """
    is_premium = category in rule.premium_categories
    is_strong = category is not None and CATEGORIES.index(category) <= CATEGORIES.index(rule.min_category)
    met = is_premium + is_strong + (seconds >= rule.min_seconds)
    return Grade("CCBA"[met], is_premium)
