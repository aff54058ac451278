from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.corrections import correct_file
from pokervod_pipelines.catalog.search import SearchResult, refresh_search, search_catalog
from pokervod_pipelines_tests.catalog.inventory import add_file, change_file

KIM = Actor(who="kim", reason="seen")

HIGH_ROLLER = "Mastered/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ivey-wins.mp4"
HIGH_ROLLER_CLEAN = "Clean/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ivey-wins-clean.mp4"
DEUCE = "Mastered/16-wsop-2024-be-ev-29-2-7TD-Ivey-vs-Wong.mp4"
STREAM = "Streams/WSOP 2025 Bracelet Events _ Event #21 $1.5K Razz _ Final Table.mp4"
TWO = "Streams/WSOP 2025 Main Event Day 2 & $100K PLO Final Table.mp4"
PAD = "PAD S12/pad-s12-ep01-002.mp4"
GOG = "GOG/E11_GOG_final_edit_20231203_찐최종.mp4"
GOG_CLEAN = "GOG/E11_GOG_final_edit_클린본_20231201.mp4"
HCL = "HCL Clips/Can Negreanu Fold A Flush @HustlerCasinoLive.mp4"
FOLDER = "Negreanu tapes/HCL Clips/Sick River @HustlerCasinoLive.mp4"
PATHS = (HIGH_ROLLER, HIGH_ROLLER_CLEAN, DEUCE, STREAM, TWO, PAD, GOG, GOG_CLEAN, HCL, FOLDER)


@pytest.fixture
def files(engine: Engine) -> dict[str, int]:
    added = {path: add_file(engine, path) for path in PATHS}
    build_catalog(engine, correlation_id="test")
    return added


@pytest.fixture
def find(engine: Engine, files: dict[str, int]) -> Callable[..., list[str]]:
    """Return ``find(query, **filters)``, which returns the paths of the hits, best first."""

    def search(query: str = "", **filters: object) -> list[str]:
        return [hit.path for hit in search_catalog(engine, query, **filters).hits]

    return search


def annotate(engine: Engine, file_id: int, *people: str) -> None:
    """Add a clip of the file with these players."""
    with engine.begin() as connection:
        row = connection.execute(
            text("""
                insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content)
                values ('s', 't', 1, :key, 'f', '', '{}') returning id
            """),
            {"key": "-".join(people)},
        ).scalar_one()
        clip = connection.execute(
            text("""
                insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, input_hash)
                values (:row, 's', :file, 0, 1, '', '', '', '') returning id
            """),
            {"row": row, "file": file_id},
        ).scalar_one()
        for position, name in enumerate(people):
            person = connection.execute(
                text("insert into players (key, name) values (lower(:name), :name) returning id"), {"name": name}
            ).scalar_one()
            connection.execute(
                text("insert into clip_players (clip_id, player_id, position) values (:clip, :person, :position)"),
                {"clip": clip, "person": person, "position": position},
            )


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("event 21", {HIGH_ROLLER, HIGH_ROLLER_CLEAN, STREAM}),
        ("21 event", {HIGH_ROLLER, HIGH_ROLLER_CLEAN, STREAM}),
        ("2024 ft", {HIGH_ROLLER, HIGH_ROLLER_CLEAN}),
        ("final table", {HIGH_ROLLER, HIGH_ROLLER_CLEAN, STREAM, TWO}),
        ("ivey 2-7", {DEUCE}),
        ("$25k", {HIGH_ROLLER, HIGH_ROLLER_CLEAN}),
        ("25,000 nlh", {HIGH_ROLLER, HIGH_ROLLER_CLEAN}),
        ("pot limit omaha", {TWO}),
        ("negr", {HCL, FOLDER}),
        ("nergeanu", {HCL, FOLDER}),
        ("negreanoo", set()),
        ("찐최종", {GOG}),
        ("최종", {GOG}),
        ("클린", {GOG_CLEAN}),
        ("클리", {GOG_CLEAN}),
        ("season 12", {PAD}),
        ("poker after dark", {PAD}),
        ("day 2", {TWO}),
        ("day 3", set()),
        ("world series razz", {STREAM}),
        ("ivey razz", set()),
        ("", set(PATHS)),
    ],
)
def test_a_query_finds_what_has_all_its_words(find: Callable[..., list[str]], query: str, paths: set[str]) -> None:
    assert set(find(query)) == paths


def test_a_title_counts_more_than_players_and_these_more_than_a_path(
    engine: Engine, files: dict[str, int], find: Callable[..., list[str]]
) -> None:
    annotate(engine, files[PAD], "Daniel Negreanu")
    refresh_search(engine)

    assert find("negreanu") == [HCL, PAD, FOLDER]


def test_a_whole_word_counts_more_than_a_begun_one(engine: Engine, find: Callable[..., list[str]]) -> None:
    added = add_file(engine, "HCL Clips/Flushing Meadows @HustlerCasinoLive.mp4")
    build_catalog(engine, correlation_id="test")

    hits = search_catalog(engine, "flush").hits

    assert hits[0].path == HCL
    assert hits[1].file_id == added


def test_of_equal_hits_the_preferred_file_and_then_the_newer_year_come_first(find: Callable[..., list[str]]) -> None:
    assert find("event 21") == [STREAM, HIGH_ROLLER, HIGH_ROLLER_CLEAN]


def test_a_word_as_written_keeps_words_one_error_away_out(engine: Engine, find: Callable[..., list[str]]) -> None:
    assert search_catalog(engine, "fold").with_typos is False
    assert search_catalog(engine, "folt").with_typos is True
    assert search_catalog(engine, "xyzzy").with_typos is False


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        ({"project": "gog"}, {GOG, GOG_CLEAN}),
        ({"year": 2025}, {STREAM, TWO}),
        ({"game": "plo"}, {TWO}),
        ({"stage": "Final Table", "year": 2024}, {HIGH_ROLLER, HIGH_ROLLER_CLEAN}),
        ({"version": "Clean"}, {HIGH_ROLLER_CLEAN, GOG_CLEAN}),
        ({"project": "ESPN"}, set()),
        ({"player": "nobody"}, set()),
    ],
)
def test_filters_pass_only_what_has_the_value(
    find: Callable[..., list[str]], filters: dict[str, object], paths: set[str]
) -> None:
    assert set(find(**filters)) == paths


def test_a_player_is_found_by_part_of_the_name_and_counted(engine: Engine, files: dict[str, int]) -> None:
    annotate(engine, files[PAD], "Phil Ivey", "Tom Dwan")
    build_catalog(engine, correlation_id="test")

    result = search_catalog(engine, "", player="ivey phi")

    assert [hit.path for hit in result.hits] == [PAD]
    assert result.hits[0].players == ("Phil Ivey", "Tom Dwan")
    assert result.facets["player"]["Tom Dwan"] == 1


def test_facets_count_what_another_choice_would_give(engine: Engine, files: dict[str, int]) -> None:
    result = search_catalog(engine, "wsop", year=2025)

    # The file of two events counts for each.
    assert result.total == 3
    assert result.facets["project"] == {"WSOP": 3}
    assert result.facets["year"] == {"2024": 3, "2025": 3}
    assert result.facets["game"] == {"Razz": 1, "PLO": 1}


def test_a_limit_cuts_hits_but_neither_total_nor_facets(engine: Engine, files: dict[str, int]) -> None:
    def ask(limit: int) -> SearchResult:
        return search_catalog(engine, "wsop", limit=limit)

    assert [len(ask(limit).hits) for limit in (0, 1, 50)] == [0, 1, 6]
    assert len({(ask(limit).total, str(ask(limit).facets)) for limit in (0, 1, 50)}) == 1
    assert ask(3).hits == ask(50).hits[:3]


def test_an_empty_catalog_finds_nothing(engine: Engine) -> None:
    result = search_catalog(engine, "anything")

    assert (result.total, result.hits) == (0, ())


def test_what_changes_is_found_under_its_new_words_only(
    engine: Engine, files: dict[str, int], find: Callable[..., list[str]]
) -> None:
    change_file(engine, files[HCL], path="HCL Clips/Monster Bluff @HustlerCasinoLive.mp4")
    change_file(engine, files[FOLDER], state="cleared")
    build_catalog(engine, correlation_id="test")
    correct_file(engine, path_or_id=files[PAD], field="title", value="The Comeback", actor=KIM)

    assert find("negreanu") == []
    assert find("monster bluff") == ["HCL Clips/Monster Bluff @HustlerCasinoLive.mp4"]
    assert find("comeback") == [PAD]
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from search_words where word like 'negrea%'")) == 0


def test_an_index_of_other_rules_is_made_anew(engine: Engine, files: dict[str, int]) -> None:
    def ask() -> set[str]:
        return {hit.path for hit in search_catalog(engine, "event 21").hits}

    before = ask()
    with engine.begin() as connection:
        connection.execute(text("""update search_columns set labels = '["0", "x"]' where name = 'made by'"""))
        connection.execute(text("delete from search_words"))
    assert ask() == set()

    build_catalog(engine, correlation_id="test")

    assert ask() == before
    assert refresh_search(engine) == 0


def test_retired_clips_name_nobody(engine: Engine, files: dict[str, int], find: Callable[..., list[str]]) -> None:
    annotate(engine, files[PAD], "Phil Ivey")
    refresh_search(engine)
    with engine.begin() as connection:
        connection.execute(text("update hand_clips set retired_at = now()"))

    assert refresh_search(engine) == 1
    assert find("phil ivey") == []
