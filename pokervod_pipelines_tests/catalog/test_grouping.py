from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.catalog.grouping import Grouping
from pokervod_pipelines.catalog.layout import TreeLayout, sort_event, sort_season
from pokervod_pipelines_tests.catalog.inventory import group_paths

NAMES = [
    "WSOP 2004/WSOP_2004_16.mxf",
    "WSOP 2004/2004 WSOP Show 16 ME 04_ES0400142216.mov",
    "WSOP 2004/2004 WSOP Show 3 5k Limit Omaha_ESM000100999.mov",
    "WSOP 2004/WSOP_2004_3.mxf",
    "WSOP 2004/WSOP_2004_4.mxf",
    "WSOP 2004/2004 WSOP Tournament of Champs_ES0400143329.mov",
    "WSOP 2004/2004 WSOP Tournament of Champs_ES0400143488.mov",
    "WSOP 2016/WSOP16_ME07_NB.mp4",
    "WSOP 2016/2016 World Series of Poker - Main Event Show 07 - GMPO 2052.mxf",
    "WSOP 1983/WSOP_1983.mov",
    "WSOP 1983/wsop-1983-me-nobug.mp4",
    "A/WSOP 2025 Main Event Day 1B & $100K PLO Final Table.mp4",
    "A/2021 WSOP Event #67 - $10,000 No Limit Hold'em Main Event Day 3.mp4",
    "A/2021 WSOP Main Event Day 3.mp4",
    "PAD S12/pad-s12-ep01-002.mp4",
    "GOG/E11_GOG_final_edit_20231203_찐최종.mp4",
    "GOG/E11_GOG_final_edit_클린본_20231201.mp4",
    "Clips/시퀀스 01.mp4",
    "A/2021 WSOP Main Event Day 4-001.mp4",
    "A/2021 WSOP Main Event Day 4-002.mp4",
    "A/2021 WSOP Main Event Day 4.mp4",
    "A/2021 WSOP Main Event Day 4 Table 2.mp4",
]


def members(grouping: Grouping) -> set[frozenset[int]]:
    return {frozenset(draft.files) for draft in grouping.episodes.values()}


def labels(*paths: str) -> list[str]:
    return sorted(draft.label for draft in group_paths(enumerate(paths)).episodes.values())


def test_a_bare_tape_number_joins_the_show_that_another_name_explains() -> None:
    assert labels(*NAMES[:2]) == ["Episode 4 (Show 16)"]


def test_a_bare_tape_number_that_no_name_explains_stays_a_show() -> None:
    assert labels("WSOP 2004/WSOP_2004_4.mxf") == ["Show 4"]


def test_a_tape_number_that_two_programmes_claim_joins_neither() -> None:
    claimed = labels(
        "WSOP 2004/WSOP_2004_3.mxf",
        "WSOP 2004/2004 WSOP Show 3 5k Limit Omaha_ESM000100999.mov",
        "WSOP 2004/2004 WSOP Show 3 ME 01_ESM000100998.mov",
    )

    assert len(claimed) == 3


def test_the_shows_of_an_event_are_its_episodes_where_no_name_has_both() -> None:
    assert labels(*NAMES[7:9]) == ["Episode 7"]


def test_tapes_of_one_name_are_recordings_of_their_own() -> None:
    assert labels(*NAMES[5:7]) == ["Tape ES0400143329", "Tape ES0400143488"]


def test_one_tape_and_its_export_stay_together() -> None:
    """Splitting by tape id must not part a tape from the export that carries no id."""
    grouping = group_paths(
        enumerate(
            ["A/2003 WSOP Best of Memorable Moments_ES0400136871.mov", "A/WSOP_2003_Best_Of_Memorable_Moments.mxf"]
        )
    )

    assert members(grouping) == {frozenset({0, 1})}


def test_an_event_is_titled_by_the_facts_most_of_its_files_have() -> None:
    names = [
        "A/2021 WSOP Event #8 - $600 No Limit Hold'em Deepstack Day 1.mp4",
        "A/2021 WSOP Event #8 - $600 No Limit Hold'em Deepstack Day 2.mp4",
        "A/2021 WSOP Event #8 - $6000 No Limit Hold'em Deepstack Final Table.mp4",  # a typing error
    ]

    layout = TreeLayout(group_paths(enumerate(names)))

    titles = [layout.make_episode_title(key) for key in layout.episodes]
    assert {title.split(" · ")[1] for title in titles} == {"Event #8 $600 NLHE Deepstack"}


@given(st.permutations(list(enumerate(NAMES))))
def test_the_order_of_files_changes_nothing(files: list[tuple[int, str]]) -> None:
    shuffled, sorted_ = TreeLayout(group_paths(files)), TreeLayout(group_paths(enumerate(NAMES)))

    assert {key: shuffled.make_episode_title(key) for key in shuffled.episodes} == {
        key: sorted_.make_episode_title(key) for key in sorted_.episodes
    }
    assert {key: (sorted(draft.files), draft.best, draft.sort) for key, draft in shuffled.episodes.items()} == {
        key: (sorted(draft.files), draft.best, draft.sort) for key, draft in sorted_.episodes.items()
    }


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("HCL/Foo Bar_1.mp4", "HCL/Foo Bar_2.mp4", "HCL/Foo Bar 1.mp4"), 3),
        (("HCL/Big win (1).mp4", "HCL/Big win (2).mp4", "HCL/Big win 2.mp4"), 3),
        (("WSOP 2023 ME Day 2 (1).mp4", "WSOP 2023 ME Day 2 (2).mp4", "WSOP 2023 ME Day 2 1.mp4"), 3),
        (("A_ES0400143329-001.mxf", "A_ES0400143329-002.mxf", "A_ES0400143330-001.mxf"), 3),
        (("Deck_0011-001 (1).mp4", "Deck_0011-001 (2).mp4", "Deck_0011-002.mp4"), 3),
        (("Deck_0011-001.mp4", "Deck_0011-001 (2).mp4", "Deck_0011-002.mp4"), 2),
        (("WSOP 2023 ME Day 2_20230705.mp4", "WSOP 2023 ME Day 2 2023-07-06.mp4"), 2),
        (("WSOP 2023 ME Day 2_20230705.mp4", "WSOP 2023 ME Day 2 2023-07-05.mov"), 1),
        (("WSOP 2023 ME Day 2.mp4", "WSOP 2023 ME Day 3.mp4", "WSOP 2023 Main Event Day 3.mp4"), 2),
        (("WSOP 2023 ME Day1C Part 1.mp4", "WSOP 2023 ME Day1D Part 1.mp4", "WSOP 2023 ME Day 2 Part 1.mp4"), 3),
    ],
)
def test_whatever_tells_files_of_one_name_apart_no_file_is_lost(paths: Sequence[str], expected: int) -> None:
    episodes = group_paths(enumerate(paths)).episodes.values()

    assert sorted(file_id for draft in episodes for file_id in draft.files) == list(range(len(paths)))
    assert len(episodes) == expected


@given(st.sets(st.sampled_from(NAMES)))
def test_a_file_is_in_one_episode_unless_it_has_two_events(names: set[str]) -> None:
    files = list(enumerate(sorted(names)))

    held = [file_id for draft in group_paths(files).episodes.values() for file_id in draft.files]

    assert sorted(held) == sorted(file_id for file_id, name in files for _ in range(2 if " & $" in name else 1))


def test_seasons_are_in_the_order_of_years_with_the_unknown_last() -> None:
    grouping = group_paths(
        enumerate([*NAMES, "A/WE24-ME-01.mp4", "A/WCLA24-02.mp4", "A/WSOP 2024 Main Event Day 1A.mp4",
                   "Clips/A World Series of Poker Main Event Bluff.mp4"])
    )  # fmt: skip

    own = sorted((season for season in grouping.list_seasons() if season.project == "WSOP"), key=sort_season)

    assert [season.year for season in own] == [1983, 2004, 2016, 2021, 2024, 2024, 2024, 2025, None]
    assert [season.series for season in own if season.year == 2024] == [None, "CIRCUIT LA", "WSOP-EUROPE"]


def test_events_are_in_the_order_of_numbers_between_the_main_event_and_the_strands() -> None:
    sorts = [
        sort_event("main-event", None, ""),
        sort_event("event-3", 3, ""),
        sort_event("event-21", 21, ""),
        sort_event("main-event", 67, ""),
        sort_event("ladies", None, "00007"),
        sort_event("5000-limit-omaha", None, "00012"),
        sort_event("shows", None, ""),
        sort_event("clips", None, ""),
        sort_event("hands", None, ""),
    ]

    assert sorts == sorted(sorts)
