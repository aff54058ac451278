import pytest

from pokervod_pipelines.catalog.correctable import FIELDS, apply_corrections, read_correction, show_value
from pokervod_pipelines.catalog.facts import list_facts, read_facts
from pokervod_pipelines.catalog.identity import place_video
from pokervod_pipelines.errors import BadInput


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        ("project", "wsop", "WSOP"),
        ("year", " 2024 ", 2024),
        ("year", "none", None),
        ("season", "12", 12),
        ("event", "21", 21),
        ("event", "Event #21", 21),
        ("event", "Mystery  Bounty", "Mystery Bounty"),
        ("event", "main event", "main event"),
        ("flight", "abd", "ABD"),
        ("stage", "FINAL_TABLE", "final_table"),
        ("buy_in", "$25,000", 25_000),
        ("date", "2025-05-07", "2025-05-07"),
        ("players", "Phil Ivey, 홍길동", ["Phil Ivey", "홍길동"]),
        ("title", "The Comeback", "The Comeback"),
    ],
)
def test_a_value_is_read_as_people_write_it(field: str, written: str, value: object) -> None:
    assert read_correction(field, written) == value


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("colour", "red", "project, series, year"),
        ("project", "ESPN", "one of WSOP, HCL"),
        ("project", "none", "one of WSOP"),
        ("year", "24", "from 1960 to 2099, or none"),
        ("year", "２０２４", "a number"),
        ("season", "2024", "from 1 to 199"),
        ("event", "0", "number"),
        ("stage", "semi final", "final_table"),
        ("date", "7.5.2025", "2025-05-07"),
        ("flight", "1A", "letters"),
        ("players", "Ivey,,Dwan", "commas"),
        ("title", "", "a title"),
    ],
)
def test_an_invalid_value_is_refused_with_the_allowed_ones(field: str, written: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_correction(field, written)


CLIP = "Clips/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins.mp4"


@pytest.mark.parametrize("field", FIELDS)
def test_a_correction_shows_as_it_was_written(field: str) -> None:
    said = {"project": "HCL", "event": 7, "flight": "A", "stage": "final_day", "date": "2025-05-07", "players": ["A B"]}
    value = said.get(field, "x" if field in {"series", "game", "version", "title"} else 3)

    assert show_value(field, apply_corrections(read_facts(CLIP), [(field, value)])) == value


@pytest.mark.parametrize(
    ("corrections", "key"),
    [
        ([("clip", 11)], "clip-11"),
        ([("episode", 3)], "ep-3"),
        ([("show", 16), ("episode", 3)], "ep-3"),
        ([("episode", 3), ("clip", 12)], "clip-12"),
        ([("hand", 5)], "hand-final-table-5"),
    ],
)
def test_a_corrected_number_decides_the_programme_and_the_newest_wins(
    corrections: list[tuple[str, int]], key: str
) -> None:
    facts = apply_corrections(read_facts(CLIP), corrections)

    assert place_video(list_facts(CLIP, facts)[0]).key == key


def test_an_event_is_a_number_a_name_or_the_main_event() -> None:
    facts = read_facts("A/WSOP 2025 Main Event _ Day 1A.mp4")

    numbered = apply_corrections(facts, [("event", 7)])
    main = apply_corrections(numbered, [("event", "main event")])
    unknown = apply_corrections(facts, [("event", None)])

    assert (numbered["event_number"], show_value("event", main)) == (7, "main event")
    assert "event_number" not in main
    assert show_value("event", unknown) is None


def test_a_recording_named_by_its_folder_stays_one_until_it_is_corrected() -> None:
    path = "WSOP 2024/Day 1A/HyperDeck_0028.mp4"
    facts = read_facts(path)

    def is_loose(field: str, value: int) -> bool:
        return list_facts(path, apply_corrections(facts, [(field, value)]))[0].is_named_by_folder

    assert [is_loose("year", 2023), is_loose("episode", 3)] == [True, False]


def test_of_two_events_the_season_is_corrected_for_both_and_the_rest_for_the_first() -> None:
    path = "A/WSOP 2025 Main Event Day 1B & $100K PLO Final Table.mp4"
    facts = apply_corrections(read_facts(path), [("year", 2024), ("day", 2)])

    first, second = (event.parsed for event in list_facts(path, facts))

    assert (first.year, first.day, second.year, second.day) == (2024, 2, 2024, None)


def test_a_title_show_gets_a_place_once_a_person_corrects_it() -> None:
    path = "HCL Clips/Can He Fold @HustlerCasinoLive.mp4"
    facts = apply_corrections(read_facts(path), [("episode", 9)])

    assert place_video(list_facts(path, facts)[0]).key == "ep-9"
