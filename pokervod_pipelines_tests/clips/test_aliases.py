"""Check that two spellings become one player only by an alias."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.aliases import Alias, add_alias, follow_alias, read_aliases, remove_alias
from pokervod_pipelines.clips.build import NO_ALIASES, hash_input
from pokervod_pipelines.clips.roster import list_doubtful_players, list_players, list_tags, list_unknown_tags
from pokervod_pipelines.clips.search import ClipFilter, list_clips
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.clips.test_build import make_row
from pokervod_pipelines_tests.sheets.harness import SheetHarness, make_line

EVE = Actor(who="eve", reason="seen")
TIM = Actor(who="tim", reason="seen")

LINES = (
    make_line(1, **{"Tag_(Player)": "The Kid vs Tom Berg"}),
    make_line(2, **{"Tag_(Player)": "Ruiz, Ana"}),
    make_line(3, **{"Tag_(Player)": "A. Ruiz vs THE KID", "Tag_(Poker_Play)": "Rabbit Hunt, Moonwalk"}),
    make_line(4, **{"Tag_(Player)": "Tom Berg", "Tag_(Poker_Play)": "Moonwalk"}),
)


@pytest.fixture
def busy(harness: SheetHarness) -> SheetHarness:
    """Return a harness with four built clips."""
    harness.write(*LINES)
    harness.sync()
    harness.build()
    return harness


def list_aliases(engine: Engine) -> list[Alias]:
    with engine.connect() as connection:
        return read_aliases(connection)


def roster(harness: SheetHarness) -> dict[str, int]:
    return {player.name: player.clips for player in list_players(harness.engine)}


def test_without_an_alias_nobody_is_merged(busy: SheetHarness) -> None:
    assert roster(busy) == {"A. Ruiz": 1, "Ana Ruiz": 1, "The Kid": 2, "Tom Berg": 2}


def test_an_alias_makes_two_spellings_one_player_and_only_their_clips_are_read_again(busy: SheetHarness) -> None:
    before = busy.clips()

    add_alias(busy.engine, "the kid", "Ana Ruiz", actor=EVE)
    report = busy.build()

    after = busy.clips()
    assert (report.changed, report.created) == (2, 0)
    assert [title for title in sorted(after) if after[title].changed_at != before[title].changed_at] == [
        "show 1",
        "show 3",
    ]
    assert {title: clip.id for title, clip in after.items()} == {title: clip.id for title, clip in before.items()}
    assert roster(busy) == {"A. Ruiz": 1, "Ana Ruiz": 3, "Tom Berg": 2}
    assert busy.build().changed == 0


def test_a_removed_alias_restores_the_clips(busy: SheetHarness) -> None:
    before = roster(busy)
    add_alias(busy.engine, "The Kid", "Ana Ruiz", actor=EVE)
    busy.build()

    removed = remove_alias(busy.engine, "THE KID", actor=EVE)

    assert (removed.player, busy.build().changed) == ("Ana Ruiz", 2)
    assert roster(busy) == before
    assert list_aliases(busy.engine) == []


def test_an_alias_can_be_given_to_another_player(busy: SheetHarness) -> None:
    add_alias(busy.engine, "The Kid", "Ana Ruiz", actor=EVE)
    busy.build()
    add_alias(busy.engine, "The Kid", "Tom Berg", actor=TIM)
    busy.build()

    assert roster(busy) == {"A. Ruiz": 1, "Ana Ruiz": 1, "Tom Berg": 3}
    assert [(each.alias, each.player, each.by) for each in list_aliases(busy.engine)] == [
        ("The Kid", "Tom Berg", "tim")
    ]


def test_an_alias_of_an_alias_is_followed(busy: SheetHarness) -> None:
    add_alias(busy.engine, "The Kid", "A. Ruiz", actor=EVE)
    add_alias(busy.engine, "A. Ruiz", "Ana Ruiz", actor=EVE)
    busy.build()

    assert roster(busy) == {"Ana Ruiz": 3, "Tom Berg": 2}


def test_two_names_of_one_person_in_one_row_are_one_player_of_the_clip(busy: SheetHarness) -> None:
    add_alias(busy.engine, "The Kid", "Ana Ruiz", actor=EVE)
    add_alias(busy.engine, "A. Ruiz", "Ana Ruiz", actor=EVE)
    busy.build()

    assert list_players(busy.engine)[0].aliases == ("A. Ruiz", "The Kid")
    assert busy.execute("""
        select p.name, position from clip_players cp join players p on p.id = cp.player_id
        join hand_clips c on c.id = cp.clip_id where c.title = 'show 3'
    """) == [("Ana Ruiz", 0)]


def test_the_player_is_called_as_the_person_wrote_it(busy: SheetHarness) -> None:
    add_alias(busy.engine, "The Kid", "Ana RUÍZ", actor=EVE)
    busy.build()

    assert roster(busy) == {"A. Ruiz": 1, "Ana RUÍZ": 3, "Tom Berg": 2}


def test_clips_are_found_by_alias(busy: SheetHarness) -> None:
    add_alias(busy.engine, "The Kid", "Ana Ruiz", actor=EVE)
    busy.build()

    with busy.engine.connect() as connection:
        found = list_clips(connection, ClipFilter(player="the kid"))

    assert [clip.title for clip in found] == ["show 1", "show 2", "show 3"]


def test_the_same_alias_twice_records_nothing(busy: SheetHarness) -> None:
    first = add_alias(busy.engine, "The Kid", "Ana Ruiz", actor=EVE)
    again = add_alias(busy.engine, "the kid", "Ana Ruiz", actor=TIM)

    told = busy.execute("select payload from events where type = 'hand.player.aliased'")
    assert again == first
    assert [row[0] for row in told] == [{"alias": "The Kid", "player": "Ana Ruiz", "before": None, "by": "eve"}]


@pytest.mark.parametrize(
    ("alias", "player", "complaint"),
    [
        ("", "Ana Ruiz", "expected one player's name"),
        ("Ana vs Tom", "Ana Ruiz", "expected one player's name"),
        ("The Kid", "unknown", "expected one player's name"),
        ("The Kid", "!!!", "expected one player's name"),
        ("The Kid", "x" * 121, "expected one player's name"),
        ("RUIZ, Ana", "Ana Ruiz", "one player already"),
        ("Ana Ruiz", "Other", "each mean the other"),
        ("Ana Ruiz", "Third", "each mean the other"),
    ],
)
def test_an_invalid_alias_is_refused_with_the_reason(
    busy: SheetHarness, alias: str, player: str, complaint: str
) -> None:
    alias_of = {"Other": "Ana Ruiz", "Third": "Other"}
    for name, meant in alias_of.items():
        add_alias(busy.engine, name, meant, actor=EVE)

    with pytest.raises(BadInput, match=complaint):
        add_alias(busy.engine, alias, player, actor=EVE)

    assert {each.alias: each.player for each in list_aliases(busy.engine)} == alias_of


def test_an_unknown_alias_cannot_be_removed(busy: SheetHarness) -> None:
    with pytest.raises(BadInput, match="unknown alias"):
        remove_alias(busy.engine, "Ana Ruiz", actor=EVE)


def test_a_doubtful_pair_is_listed_until_an_alias_decides_it(busy: SheetHarness) -> None:
    doubtful = list_doubtful_players(busy.engine)

    add_alias(busy.engine, "A. Ruiz", "Ana Ruiz", actor=EVE)
    busy.build()

    assert [(pair.one, pair.other, pair.one_clips, pair.other_clips) for pair in doubtful] == [
        ("A. Ruiz", "Ana Ruiz", 1, 1)
    ]
    assert doubtful[0].reason == "an initial instead of a name"
    assert list_doubtful_players(busy.engine) == []


def test_tags_are_counted_and_the_unknown_ones_listed(busy: SheetHarness) -> None:
    counted = {(tag.name, tag.is_known): tag.clips for tag in list_tags(busy.engine)}

    assert counted[("bluff", True)] == 2
    assert [(tag.category, tag.name, tag.clips) for tag in list_unknown_tags(busy.engine)] == [
        ("poker_play", "moonwalk", 2),
        ("poker_play", "rabbit_hunt", 1),
    ]


def test_deleted_rows_are_not_listed(busy: SheetHarness) -> None:
    busy.write(LINES[1])
    busy.sync(confirm_loss=True)
    busy.build()

    assert roster(busy) == {"Ana Ruiz": 1}
    assert list_unknown_tags(busy.engine) == []


def test_the_digest_of_a_row_depends_only_on_the_aliases_of_its_own_players() -> None:
    row = make_row(players=["Ana Ruiz vs Tom Berg"])

    assert hash_input(row, {"eve": ("x", "X")}) == hash_input(row, NO_ALIASES)
    assert hash_input(row, {"tom berg": ("x", "X")}) != hash_input(row, NO_ALIASES)
    assert hash_input(row, {"tom berg": ("x", "X")}) != hash_input(row, {"tom berg": ("x", "Y")})


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdefgh").map(lambda key: (key, key)), min_size=1))
def test_any_chain_of_aliases_ends(direct: dict[str, tuple[str, str]]) -> None:
    for key in direct:
        end = follow_alias(direct, key)[0]
        assert end not in direct or follow_alias(direct, end)[0] in direct  # only a circle ends at an alias
