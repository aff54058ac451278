"""Parse a tag cell: one name for all spellings, in one of five categories.

Names and spellings are data in ``tag_words``. An unlisted tag is kept as people wrote it and marked unknown, so that a
person can add it to the data; it is never changed into a known one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from pokervod_pipelines.clips.tag_words import TAG_WORDS, TagCategory


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """Identify a tag by category and name (``bad_beat``); ``is_known`` where the data lists it."""

    category: TagCategory
    name: str
    is_known: bool = True


def parse_tag(category: str, text: str) -> Tag | None:
    """Return the tag, None where the text has no letter or digit.

    A known tag in another category's column goes to its own category.

    Raises:
        ValueError: unknown category.

    >>> {parse_tag("poker_play", text).name for text in ("Bad beat", "Badbeat", "bad_beat")}
    {'bad_beat'}

    """
    own = TagCategory(category)
    key = simplify_tag(text)
    if not key:
        return None
    for place in (own, *TagCategory):
        if name := _names(place).get(key):
            return Tag(place, name)
    return Tag(own, "_".join(re.findall(r"[^\W_]+", _fold(text))), is_known=False)


def parse_tags(cells: Iterable[tuple[str, str]]) -> tuple[Tag, ...]:
    """Return the tags of (category, text) cells, each once, in the order of the cells."""
    return tuple(dict.fromkeys(tag for category, text in cells if (tag := parse_tag(category, text))))


def simplify_tag(text: str) -> str:
    """Return the tag's letters and digits in one case, by which spellings are compared.

    >>> simplify_tag("All-in!"), simplify_tag("bad_beat")
    ('allin', 'badbeat')
    """
    return "".join(character for character in _fold(text) if character.isalnum())


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _names(category: TagCategory) -> dict[str, str]:
    words = TAG_WORDS[category]
    return {simplify_tag(spelling): name for name, others in words.items() for spelling in (name, *others)}
