"""Check what people decide about tags: it wins over the sheet, is audited, and can be undone."""

import pytest
from sqlalchemy import text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.edits import list_decisions, tag_clip
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.workflows.clip_edits import undo_clip_decision
from pokervod_pipelines_tests.sheets.harness import SheetHarness, make_line

EVE = Actor(who="eve", reason="seen in the edit", correlation_id="request")


@pytest.fixture
def built(harness: SheetHarness) -> SheetHarness:
    """Return a harness with two clips, each tagged as a bluff."""
    harness.write(make_line(1), make_line(2))
    harness.sync()
    harness.build()
    return harness


def tags(harness: SheetHarness) -> dict[str, list[str]]:
    with harness.engine.connect() as connection:
        rows = connection.execute(
            text("""
                select c.title, array(select t.name from clip_tags ct join tags t on t.id = ct.tag_id
                                      where ct.clip_id = c.id order by 1) as names from hand_clips c
            """)
        )
        return {row.title: row.names for row in rows}


def signed_events(harness: SheetHarness) -> list[tuple[str, dict[str, object]]]:
    with harness.engine.connect() as connection:
        rows = connection.execute(text("select type, payload from events where correlation_id = 'request' order by id"))
        return [(row.type, row.payload) for row in rows]


def test_what_a_person_adds_and_removes_outlives_syncs_and_edits_of_the_row(built: SheetHarness) -> None:
    clip = built.clips()["show 1"].id

    added = tag_clip(built.engine, clip, add=["Hero Call"], actor=EVE)
    removed = tag_clip(built.engine, clip, remove=["BLUFF"], actor=EVE)

    assert (added.added, added.tags) == (("hero_call",), ("bluff", "hero_call"))
    assert (removed.removed, removed.tags) == (("bluff",), ("hero_call",))
    built.write(make_line(1, **{"Tag_(Poker_Play)": "Bluff, Cooler", "Hands": "AA vs KK"}), make_line(2))
    built.sync()
    built.build()
    assert tags(built) == {"show 1": ["cooler", "hero_call"], "show 2": ["bluff"]}
    assert built.build().changed == 0


def test_only_the_clip_is_made_again_and_its_events_are_signed(built: SheetHarness) -> None:
    clip = built.clips()["show 1"].id

    tag_clip(built.engine, clip, add=["hero call"], actor=EVE)

    signature = {"by": "eve", "reason": "seen in the edit"}
    changed, tagged = signed_events(built)
    assert (changed[0], tagged[0]) == ("hand.clip.changed", "hand.clip.tagged")
    assert tagged[1] == {"clip_id": clip, "sheet": "hands", "tags": ["bluff", "hero_call"], **signature}
    assert {"clip_id": clip, **signature}.items() <= changed[1].items()


def test_a_tag_that_the_row_has_is_kept_when_the_row_loses_it(built: SheetHarness) -> None:
    clip = built.clips()["show 1"].id

    change = tag_clip(built.engine, clip, add=["bluff", "BLUFF"], actor=EVE)

    assert (change.added, change.tags, len(change.decisions)) == ((), ("bluff",), 1)
    assert [type_ for type_, _ in signed_events(built)] == ["hand.clip.changed"]
    built.write(make_line(1, **{"Tag_(Poker_Play)": "Cooler"}), make_line(2))
    built.sync()
    built.build()
    assert tags(built)["show 1"] == ["bluff", "cooler"]


def test_a_tag_that_a_person_added_is_not_added_again(built: SheetHarness) -> None:
    clip = built.clips()["show 1"].id
    for first in ("bluff", "hero call"):
        tag_clip(built.engine, clip, add=[first], actor=EVE)
    before = signed_events(built)

    assert tag_clip(built.engine, clip, add=["bluff", "hero call"], actor=EVE).decisions == ()
    assert signed_events(built) == before


def test_undone_decisions_give_the_tags_of_the_row_again(built: SheetHarness) -> None:
    clip = built.clips()["show 1"].id
    first = tag_clip(built.engine, clip, remove=["bluff"], actor=EVE).decisions
    second = tag_clip(built.engine, clip, add=["bluff"], actor=EVE).decisions

    undo_clip_decision(built.engine, built.settings, second[0], actor=EVE)
    assert tags(built)["show 1"] == []
    undo_clip_decision(built.engine, built.settings, first[0], actor=EVE)

    assert tags(built)["show 1"] == ["bluff"]
    with pytest.raises(Conflict, match="was undone already"):
        undo_clip_decision(built.engine, built.settings, first[0], actor=EVE)
    with built.engine.connect() as connection:
        assert [each.value for each in list_decisions(connection, clip)] == [False, True, None, None]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"add": ["herocal"]}, "unknown tag 'herocal', which is new only with --category; did you mean `hero_call`?"),
        ({"add": ["moonwalk"], "category": "emotions"}, "unknown category 'emotions'; did you mean `emotion`?"),
        ({"add": ["…"]}, "expected a tag such as bluff"),
        ({"remove": ["blufff"]}, "has no tag 'blufff'; did you mean `bluff`?"),
    ],
)
def test_a_tag_that_nobody_knows_is_refused_with_the_one_meant(
    built: SheetHarness, words: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInput, match=said.replace("?", r"\?")):
        tag_clip(built.engine, built.clips()["show 1"].id, actor=EVE, **words)  # type: ignore[arg-type]


def test_a_new_tag_is_kept_in_its_category_and_not_known(built: SheetHarness) -> None:
    tag_clip(built.engine, built.clips()["show 1"].id, add=["Moon walk"], category="emotion", actor=EVE)

    assert tags(built)["show 1"] == ["bluff", "moon_walk"]
    with built.engine.connect() as connection:
        known = connection.execute(text("select category, is_known from tags where name = 'moon_walk'")).all()
    assert known == [("emotion", False)]


def test_an_unknown_clip_is_refused(built: SheetHarness) -> None:
    with pytest.raises(BadInput, match="unknown clip 999; `pokervod clips list` shows the ids"):
        tag_clip(built.engine, 999, add=["bluff"], actor=EVE)
    with pytest.raises(BadInput, match="unknown decision 999; `pokervod clips decisions` lists them"):
        undo_clip_decision(built.engine, built.settings, 999, actor=EVE)
