"""Check that spellings of one tag are one tag, and that an unknown tag is kept and marked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.clips.tag_words import TAG_WORDS, TagCategory
from pokervod_pipelines.clips.tags import Tag, parse_tag, parse_tags, simplify_tag
from pokervod_pipelines_tests.clips.corpus import load_cases

CASES: dict[str, Any] = load_cases("tags")


@pytest.mark.parametrize(("category", "text", "place", "name"), CASES["known"])
def test_a_known_tag_has_one_name(category: str, text: str, place: str, name: str) -> None:
    assert parse_tag(category, text) == Tag(TagCategory(place), name)


@pytest.mark.parametrize(("category", "text", "name"), CASES["unknown"])
def test_an_unknown_tag_is_kept_and_flagged(category: str, text: str, name: str) -> None:
    assert parse_tag(category, text) == Tag(TagCategory(category), name, is_known=False)


@pytest.mark.parametrize("text", CASES["blank"])
def test_a_text_without_a_word_is_not_a_tag(text: str) -> None:
    assert parse_tag("emotion", text) is None


def test_an_unknown_category_raises_a_value_error() -> None:
    with pytest.raises(ValueError, match="mood"):
        parse_tag("mood", "happy")


def test_a_row_has_each_tag_once_in_the_order_of_its_cells() -> None:
    tags = parse_tags(
        [("poker_play", "Cooler"), ("poker_play", "Bad beat"), ("emotion", ""), ("poker_play", "badbeat")]
    )

    assert [tag.name for tag in tags] == ["cooler", "bad_beat"]


def test_no_spelling_means_two_tags_of_one_category() -> None:
    for words in TAG_WORDS.values():
        spellings = [simplify_tag(text) for name, others in words.items() for text in {name, *others}]
        assert len(set(spellings)) == len({(simplify_tag(t), n) for n, o in words.items() for t in (n, *o)})


@given(st.sampled_from(sorted(TagCategory)), st.text())
def test_reading_a_tag_name_again_changes_nothing(category: TagCategory, text: str) -> None:
    tag = parse_tag(category, text)

    assert tag is None or parse_tag(tag.category, tag.name) == tag
