from pathlib import Path

import pytest

from pokervod_pipelines.catalog import titles
from pokervod_pipelines.catalog.layout import TreeLayout
from pokervod_pipelines_tests.catalog.inventory import group_paths
from pokervod_pipelines_tests.read_yaml import read_yaml

CASES = read_yaml(Path(__file__).parents[1] / "cases" / "catalog" / "titles.yaml")


@pytest.mark.parametrize(("path", "title"), CASES)
def test_an_episode_has_a_title_that_a_viewer_understands(path: str, title: str) -> None:
    layout = TreeLayout(group_paths([(1, path)]))

    assert [layout.make_episode_title(key) for key in layout.episodes] == [title]


@pytest.mark.parametrize(
    ("project", "series", "year", "number", "title"),
    [
        ("WSOP", None, 1973, None, "WSOP 1973"),
        ("WSOP", "WSOP-EUROPE", 2024, None, "WSOP Europe 2024"),
        ("WSOP", "SUPER CIRCUIT London", 2023, None, "WSOP Super Circuit London 2023"),
        ("WSOP", "CIRCUIT Sydney", 2026, None, "WSOP Circuit Sydney 2026"),  # a place no table knows
        ("WSOP", None, None, None, "Year unknown"),
        ("WSOP", "WSOP-PARADISE", None, None, "WSOP Paradise (year unknown)"),
        ("MPP", "MPP Cyprus", 2025, None, "MPP Cyprus 2025"),
        ("PAD", None, None, 12, "Season 12"),
        ("PAD", None, None, None, "Season unknown"),
        ("GOG", None, None, None, "All episodes"),
        ("HCL", None, None, None, "All clips"),
        ("GGMILLIONS", None, 2025, None, "2025"),
        ("GGMILLIONS", None, None, None, "Year unknown"),
    ],
)
def test_a_season_is_called_by_what_is_known_of_it(
    project: str, series: str | None, year: int | None, number: int | None, title: str
) -> None:
    assert titles.make_season_title(project, series, year, number) == title


@pytest.mark.parametrize(
    ("title", "project", "spelled"),
    [
        ("WSOP 1973 · Main Event", "WSOP", "World Series of Poker 1973 · Main Event"),
        ("WSOP Europe 2024 · Main Event", "WSOP", "World Series of Poker Europe 2024 · Main Event"),
        ("MPP Cyprus 2025 · MPP Main Event", "MPP", "Mediterranean Poker Party Cyprus 2025 · MPP Main Event"),
        ("Game of Gold · Episode 1", "GOG", "Game of Gold · Episode 1"),
        ("Can He Fold", "HCL", "Hustler Casino Live · Can He Fold"),
        ("시퀀스 01", "OTHER", "시퀀스 01"),
    ],
)
def test_the_catalog_title_spells_the_show_out(title: str, project: str, spelled: str) -> None:
    assert titles.spell_out_show(title, project) == spelled


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({"number": 21, "buy_in": 25000, "game": "NLHE", "name": "High Roller"}, "Event #21 $25,000 NLHE High Roller"),
        ({"number": 8, "buy_in": None, "game": None, "name": None}, "Event #8"),
        ({"number": 67, "buy_in": 10000, "game": "NLHE", "name": "Main Event"}, "Event #67 Main Event"),
        ({"number": None, "buy_in": 3000, "game": None, "name": None}, "$3,000 event"),
        ({"number": None, "buy_in": None, "game": None, "name": "Ladies"}, "Ladies"),
    ],
)
def test_an_event_title_has_the_known_facts_and_no_gap(facts: dict[str, object], title: str) -> None:
    assert titles.make_event_title(**facts, series=None) == title


def test_people_are_listed_as_english_does() -> None:
    assert titles.join_people(("ann lee",)) == "Ann Lee"
    assert titles.join_people(("Ann", "Bo", "Cy")) == "Ann, Bo & Cy"
