import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.catalog.facts import list_facts, read_facts
from pokervod_pipelines.catalog.identity import UNKNOWN_SHOW, make_slug, place_video
from pokervod_pipelines_tests.catalog.inventory import facts_of, place_of

EUROPE = "WSOP/WSOP-EUROPE/2025 WSOP-Europe/2025 WSOP-EUROPE #14 MAIN EVENT"


def key_of(path: str) -> tuple[str, str, str, str]:
    place = place_of(path)
    return place.season.project, place.season.key, place.event.key, place.key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # clean and mastered cut of a clip, in two folders
        (
            "Clean/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins-clean-updated-004.mp4",
            "Mastered/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins.mp4",
        ),
        # two encodings
        ("WSOP 1983/WSOP_1983.mov", "WSOP 1983/WSOP_1983.mxf"),
        ("WSOP 1983/WSOP_1983.mov", "WSOP 1983/wsop-1983-me-nobug.mp4"),
        ("A/2009 WSOP ME25 Final Table Part 1.mov.mov", "A/2009 WSOP ME25 Final Table Part 1.mov"),
        # an edit date and a word of finality are no other programme
        ("GOG/E11_GOG_final_edit_20231203_찐최종.mp4", "GOG/E11_GOG_final_edit_클린본_20231201.mp4"),
        # programme picture and clean feed of a hand; the spelling of a player
        (
            "2024 WSOP-PARADISE/Day 1B/1213_Hand_09_A KJc vs B ThTc_PGM.mp4",
            "2024 WSOP-PARADISE/Day 1B/1213_Hand_09_A KJc vs Bb ThTc_Clean.mp4",
        ),
        # a download number, a resolution
        (
            "A/WSOP 2025 Bracelet Events _ Event #26 $25K No-Limit Hold'em High Roller _ Day 2.mp4",
            "A/WSOP 2025 Bracelet Events _ Event #26 $25K No-Limit Hold'em High Roller _ Day 2_789647313.mp4",
        ),
        ("A/WSOP 2025 Bracelet Events _ Event #1 $1K Mystery Millions (720p).mp4",
         "A/WSOP 2025 Bracelet Events   Event #1 $1K Mystery Millions (1080p).mp4"),
        # a main event with and without its number
        ("A/#WSOPE 2024 NLH MAIN EVENT   DAY 2   BRACELET EVENT #13.mp4",
         "A/1007_WSOPE_2024_NLH_MAIN EVENT_DAY2_BRACELET.mp4"),
        # the channel's name and a download format in a web title
        ("HCL Clips/Can He Fold @HustlerCasinoLive.f399.mp4", "HCL Clips/Can He Fold [H1PskwZvZJk].mp4"),
    ],
)  # fmt: skip
def test_versions_of_one_programme_are_together(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # raw recordings of one day are no versions of each other, nor of the stream
        (f"{EUROPE}/NC/Day 2/HyperDeck_0024-004.mp4", f"{EUROPE}/NC/Day 2/HyperDeck_0025-001.mp4"),
        (f"{EUROPE}/NC/Day 2/HyperDeck_0024-004.mp4", f"{EUROPE}/STREAM/WSOPE MAIN EVENT - Day 2 [EVENT #14].mp4"),
        # the same recorder number in two folders is other content
        (f"{EUROPE}/Day 3/HyperDeck_0028.mp4", f"{EUROPE}/Day 5/HyperDeck_0028.mp4"),
        # parts, flights, sessions, sides of a number
        ("A/WSOP 2025 Main Event _ Day 8 (Part 1).mp4", "A/WSOP 2025 Main Event _ Day 8 (Part 2).mp4"),
        ("A/WSOP 2025 Main Event _ Day 1A.mp4", "A/WSOP 2025 Main Event _ Day 1B.mp4"),
        # a branch of the World Series in the same year
        ("A/WSOP13_ME01_NB.mp4", "A/WSOP13_APAC_ME01_NB.mp4"),
        # a mini main event is not the main event
        ("2025 WSOP-Europe/WSOPE NLH Mini Main Event - Final Day [BRACELET EVENT #5].mp4",
         "2025 WSOP-Europe/WSOPE NLH Main Event - Final Day [BRACELET EVENT #14].mp4"),
        # a weekly show: the date, or who sits there
        ("GGMillions/250507_Super High Roller Poker FINAL TABLE with Ann.mp4",
         "GGMillions/250618_Super High Roller Poker FINAL TABLE with Ann.mp4"),
        ("GGMillions/Super High Roller Poker FINAL TABLE with Ann.mp4",
         "GGMillions/Super High Roller Poker FINAL TABLE with Bo.mp4"),
        # $120,000 and $60,000, he and she
        ("HCL Clips/He Wins A $120,000 Flip.mp4", "HCL Clips/He Wins A $60,000 Flip.mp4"),
        ("HCL Clips/He Folds Aces.mp4", "HCL Clips/She Folds Aces.mp4"),
        # the same hand number on another day
        ("2024 WSOP-PARADISE/Day 1B/1213_Hand_09_A_PGM.mp4", "2024 WSOP-PARADISE/Day 1C/1214_Hand_09_A_PGM.mp4"),
    ],
)  # fmt: skip
def test_different_programmes_are_apart(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize(
    ("path", "season"),
    [
        ("WSOP ARCHIVE (PRE-2016)/WSOP 2003/WSOP_2003-01.mxf", ("WSOP", ":2003")),
        ("WSOP-LAS VEGAS/2021/2021 WSOP Event #8 - $600 No Limit Hold'em Final Table.mp4", ("WSOP", ":2021")),
        ("A/ESPN 2007 WSOP SEASON 5 SHOW 2.mov", ("WSOP", ":2007")),  # the year names a World Series, not ESPN's season
        ("A/WE24-ME-01.mp4", ("WSOP", "wsop-europe:2024")),
        ("PAD S13/PAD_S13_EP22_BestOf_FinalLook_HiRes-017.mp4", ("PAD", ":s13")),
        ("GOG/E03_GOG_final_edit_20231113.mp4", ("GOG", ":-")),  # the edit's date is not the show's year
        ("HCL Clips/Best of 2023.mp4", ("HCL", ":-")),
    ],
)
def test_a_season_is_keyed_by_what_the_show_counts(path: str, season: tuple[str, str]) -> None:
    place = place_of(path)

    assert (place.season.project, place.season.key) == season


def test_what_no_rule_knows_is_in_other_with_its_reason() -> None:
    place = place_of("Clips/시퀀스 01.mp4")

    assert (place.season.project, place.reason) == ("OTHER", UNKNOWN_SHOW)


def test_a_file_of_two_events_has_a_place_in_each() -> None:
    path = "A/WSOP 2025 Main Event Day 1B & $100K PLO Final Table.mp4"

    places = [place_video(facts) for facts in list_facts(path, read_facts(path))]

    assert [(place.event.key, place.key) for place in places] == [
        ("main-event", "day-1b"),
        ("100000-plo", "final-table"),
    ]


def test_players_joined_by_an_ampersand_are_no_second_event() -> None:
    path = "GGMillions/Super High Roller Poker FINAL TABLE with Ann Lee & Bo Ek.mp4"

    assert len(list_facts(path, read_facts(path))) == 1


def test_a_name_that_only_its_folders_explain_is_known_as_such() -> None:
    assert facts_of(f"{EUROPE}/Day 2/HyperDeck_0024-004.mp4").is_named_by_folder
    assert not facts_of("A/WSOP 2025 Main Event _ Day 1A.mp4").is_named_by_folder


def test_programmes_sort_by_day_flight_part_and_end_with_the_final_table() -> None:
    names = ["Day 1A", "Day 1B", "Day 2ABC", "Day 7 (Part 1)", "Day 7 (Part 2)", "Day 10", "Final Table _ Day 1"]

    sorts = [place_of(f"A/WSOP 2025 Main Event _ {name}.mp4").sort for name in names]

    assert sorts == sorted(sorts)


def test_clips_and_hands_are_sorted_after_the_programmes() -> None:
    stream = place_of("2024 WSOP-PARADISE/2024 WSOP Paradise Super Main Event - Day 4.mp4")
    clip = place_of("A/WE24-ME-02.mp4")
    hand = place_of("2024 WSOP-PARADISE SUPER MAIN EVENT/Day 1B/1213_Hand_09_A vs B_PGM.mp4")

    assert stream.sort < clip.sort < hand.sort


@given(st.text(max_size=200))
def test_every_path_has_a_place(path: str) -> None:
    for facts in list_facts(path, read_facts(path)):
        place = place_video(facts)

        assert place.key is not None
        assert place == place_video(facts)


@given(st.text(max_size=60))
def test_a_slug_of_a_slug_is_itself(title: str) -> None:
    assert make_slug(make_slug(title)) == make_slug(title)
