"""List the known tags, by category, with their other spellings: data, to be extended line by line.

A tag is looked up by its letters and digits only, so ``Bad beat``, ``Badbeat`` and ``bad_beat`` need one entry.
"""

from enum import StrEnum


class TagCategory(StrEnum):
    """Divide tags into five categories."""

    POKER_PLAY = "poker_play"
    """Actions: a bluff, a hero call."""

    EMOTION = "emotion"
    """Feelings that people show."""

    EPIC_HAND = "epic_hand"
    """Rare hands."""

    RUNOUT = "runout"
    """Development of the board."""

    ADJECTIVE = "adjective"
    """Impression of the hand on a viewer."""


TAG_WORDS: dict[TagCategory, dict[str, tuple[str, ...]]] = {
    TagCategory.POKER_PLAY: {
        "bad_beat": ("배드빗",),
        "bluff": ("bluffing", "블러프"),
        "bluff_catch": ("bluff catcher", "bluffcatching"),
        "semi_bluff": (),
        "hero_call": ("hero calls", "히어로콜"),
        "hero_fold": ("히어로폴드",),
        "big_fold": ("great fold", "nice fold"),
        "cooler": ("쿨러",),
        "suckout": ("suck out", "sucks out"),
        "slow_play": ("slowplaying",),
        "slowroll": ("slow roll", "nit roll"),
        "check_raise": ("x/r", "check raise"),
        "all_in": ("allin", "올인"),
        "preflop_all_in": ("preflop allin", "all in preflop"),
        "three_bet": ("3bet",),
        "four_bet": ("4bet",),
        "five_bet": ("5bet",),
        "overbet": ("over bet",),
        "value_bet": ("thin value",),
        "insta_call": ("snap call", "instacall"),
        "tank": ("tanking",),
        "double_up": ("double",),
        "elimination": ("bust", "bust out", "eliminated"),
        "heads_up": ("HU",),
        "multiway": ("multi way", "3 way", "three way"),
        "bubble": (),
        "winning_moment": ("win", "wins"),
    },
    TagCategory.EMOTION: {
        "tilt": ("tilted", "틸트"),
        "anger": ("angry", "rage"),
        "joy": ("happy", "celebration"),
        "excitement": ("excited",),
        "shock": ("shocked", "surprise", "surprised"),
        "frustration": ("frustrated",),
        "disappointment": ("disappointed",),
        "relief": ("relieved",),
        "sadness": ("sad", "tears", "crying"),
        "laughter": ("laughing", "funny"),
        "trash_talk": ("table talk", "speech play"),
        "poker_face": (),
        "pressure": ("nervous", "tension"),
    },
    TagCategory.EPIC_HAND: {
        "royal_flush": ("로얄 플러시", "royal"),
        "straight_flush": ("steel wheel", "str flush"),
        "quads": ("four of a kind", "포카드"),
        "full_house": ("boat", "풀하우스"),
        "flush": ("플러시",),
        "straight": ("스트레이트",),
        "set_over_set": (),
        "quads_over_full_house": (),
        "flush_over_flush": (),
        "full_house_over_full_house": ("boat over boat",),
        "nuts": ("the nuts", "nut"),
    },
    TagCategory.RUNOUT: {
        "runner_runner": ("backdoor",),
        "one_outer": ("1 outer",),
        "two_outer": ("2 outer",),
        "river_killer": ("river card", "rivered"),
        "miracle_river": ("miracle",),
        "turn_killer": (),
        "dirty_runout": ("ugly runout",),
        "clean_runout": (),
        "post_flop": ("postflop",),
    },
    TagCategory.ADJECTIVE: {
        "brutal": (),
        "amazing": (),
        "incredible": ("unbelievable",),
        "insane": ("crazy",),
        "dramatic": ("drama",),
        "intense": (),
        "unlucky": (),
        "lucky": (),
        "creative": (),
        "aggressive": (),
        "hilarious": (),
        "legendary": ("iconic",),
    },
}
