"""Test each fact alone: where it is, what it means, and what only looks like it."""

from collections.abc import Callable

import pytest

from pokervod_pipelines.catalog.names.facts.date import read_leading_date, read_month_and_day
from pokervod_pipelines.catalog.names.facts.day import read_day
from pokervod_pipelines.catalog.names.facts.episode import read_coded_episode, read_episode, read_show, read_tape_number
from pokervod_pipelines.catalog.names.facts.event_name import read_archive_event, read_event_name
from pokervod_pipelines.catalog.names.facts.event_number import read_event_number
from pokervod_pipelines.catalog.names.facts.game import read_game
from pokervod_pipelines.catalog.names.facts.money import read_plain_money, read_signed_money
from pokervod_pipelines.catalog.names.facts.part import read_part, read_session
from pokervod_pipelines.catalog.names.facts.players import read_players
from pokervod_pipelines.catalog.names.facts.series import find_project, find_sub_series
from pokervod_pipelines.catalog.names.facts.stage import read_stage
from pokervod_pipelines.catalog.names.facts.year import read_year
from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.prepare import PreparedName, fold_words


def told_by(fact: Callable[[NameFields], None], words: str) -> dict[str, object]:
    reading = NameFields(PreparedName("", words, *fold_words(words)))
    fact(reading)
    return {field: entry[0] for field, entry in reading.found.items()}


@pytest.mark.parametrize(
    ("words", "year"),
    [
        ("2003 2004 WSOP", 2003),
        ("Main Event 2018 - Final", 2018),
        ("🏆2025 WSOPE", 2025),
        ("WSOP (PRE-2016)", None),
        ("Show 07 - GMPO 2019", None),
        ("lost $1979", None),
        ("€2,020 buy-in", None),
        ("_ES0400136871", None),
        ("WP2015-01", None),
        ("1080p 1899 2050", None),
        ("2019.5 average", None),
    ],
)
def test_a_year_is_four_digits_of_their_own(words: str, year: int | None) -> None:
    assert told_by(read_year, words) == ({"year": year, "year_in_filename": "yes"} if year else {})


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("250507_Show", "2025-05-07"),
        ("20250507 Show", "2025-05-07"),
        ("251332_Show", None),
        ("Show 250507", None),
        ("2505071_Show", None),
    ],
)
def test_a_leading_date_is_a_day_of_the_calendar(words: str, day: str | None) -> None:
    assert told_by(read_leading_date, words).get("date") == day


def test_a_month_and_day_need_a_year_from_elsewhere() -> None:
    assert told_by(read_month_and_day, "1213_Hand_09") == {}


@pytest.mark.parametrize(
    ("words", "day", "flight"),
    [
        ("Day 3", 3, None),
        ("day03-hs-seidel", 3, None),
        ("Day 1A-006", 1, "A"),
        ("day2abc-hs", 2, "ABC"),
        ("Day 2A_B_C (Part 2)", 2, "ABC"),
        ("Day 1 B", 1, "B"),
        ("Day 3 A Brutal River", 3, None),
        ("Day 1C a cooler", 1, "C"),
        ("Day 5 Part1", 5, None),
        ("Final Day", None, None),
        ("Sunday 5", None, None),
        ("Day 123", None, None),
    ],
)
def test_a_letter_is_a_flight_only_if_nothing_else_can_be_meant(
    words: str, day: int | None, flight: str | None
) -> None:
    told = told_by(read_day, words)

    assert (told.get("day"), told.get("flight")) == (day, flight)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("Event #67 - $10,000", 67),
        ("Event29 $2,500", 29),
        ("Event#27", 27),
        ("[BRACELET EVENT #13] #wsop", 13),
        ("WSOPE #2 €350", 2),
        ("Main Event 2018", None),
        ("Main Event 12", None),
        ("#wsop #poker", None),
        ("Doesn't Give A #$%", None),
    ],
)
def test_an_event_number_stands_behind_event_or_hash(words: str, number: int | None) -> None:
    assert told_by(read_event_number, words).get("event_number") == number


@pytest.mark.parametrize(
    ("words", "buy_in", "gtd"),
    [
        ("$10,000 No Limit", 10_000, None),
        ("$1.5K PLO", 1_500, None),
        ("$5M GTD   $5K MPP", 5_000, 5_000_000),
        ("$25K Pot-Limit Omaha", 25_000, None),
        ("€999,000 for 1st €10,350 Main", 10_350, None),
        ("[$15M Prize]", None, None),
        ("[$2M First Prize]", None, None),
        ("Wins Main Event for $10,000", None, None),
        ("a $400,000 Pot!", None, None),
        ("DOWN $250K+", None, None),
        ("$5,000,000 Event", None, None),
        ("no money", None, None),
    ],
)
def test_prizes_and_pots_are_no_buy_in(words: str, buy_in: int | None, gtd: int | None) -> None:
    told = told_by(read_signed_money, words)

    assert (told.get("buy_in"), told.get("gtd")) == (buy_in, gtd)


@pytest.mark.parametrize(
    ("words", "buy_in"),
    [
        ("Show 2 1500 7CS", 1_500),
        ("50K DIAMOND HIGH ROLLER", 50_000),
        ("wsope 2021 1.5k nlh", 1_500),
        ("2 72 A5 monster", None),
        ("GMPO 743 FULL EPISODE", None),
        ("poker", None),
    ],
)
def test_without_a_sign_only_thousands_and_numbers_before_a_game_are_money(words: str, buy_in: int | None) -> None:
    assert told_by(read_plain_money, words).get("buy_in") == buy_in


@pytest.mark.parametrize(
    ("words", "game"),
    [
        ("Short Deck No Limit Hold'em", "Short Deck"),
        ("No-Limit Hold’em", "NLHE"),
        ("5k NLHTH", "NLHE"),
        ("Limit Hold'em 6-Handed", "Limit Hold'em"),
        ("Omaha Hi-Lo 8 or Better", "Omaha Hi-Lo"),
        ("2-7 Triple Draw", "2-7 Triple Draw"),
        ("H.O.R.S.E. Championship", "HORSE"),
        ("NLH _ PLO", "NLHE/PLO"),
        ("3k Limit Generic", None),
        ("a horseplay of students", None),
    ],
)
def test_a_game_is_told_by_whole_words(words: str, game: str | None) -> None:
    assert told_by(read_game, words).get("game") == game


@pytest.mark.parametrize(
    ("words", "stage"),
    [
        ("(FINAL TABLE)", "final_table"),
        ("10k-me-ft-004", "final_table"),
        ("Final Day Part 1", "final_day"),
        ("Grand Final", None),
        ("FinalLook_HiRes", None),
        ("ME01_FINAL_4CH", None),
        ("final_edit", None),
        ("ft. Phil", None),
        ("semifinal table", None),
    ],
)
def test_only_final_table_and_final_day_are_stages(words: str, stage: str | None) -> None:
    assert told_by(read_stage, words).get("stage") == stage


@pytest.mark.parametrize(
    ("fact", "words", "told"),
    [
        (read_part, "Day 5 Part2", {"part": 2}),
        (read_part, "TOC pt2", {"part": 2}),
        (read_part, "Apartment 3", {}),
        (read_part, "(part 1,2)", {"part": 1}),
        (read_session, "Day 3 Session 1", {"session": 1}),
        (read_show, "SEASON 6 SHOW 1", {"season": 6, "show_number": 1}),
        (read_show, "WSOP Show Final Table", {}),
        (read_episode, "Episode_10_H264", {"episode_number": 10}),
        (read_episode, "FULL EPISODE", {}),
        (read_coded_episode, "WSOP13_NC02_NB", {"event_code_or_name": "NC", "episode_number": 2}),
        (read_coded_episode, "give me 5 outs", {}),
        (read_tape_number, "WSOP_2009_31-1", {"seq": 31, "part": 1}),
        (read_tape_number, "WSOP 2005 3 stories", {}),
        (read_event_name, "Tournament of Champs", {"event_code_or_name": "Tournament of Champions"}),
        (read_event_name, "Super Main Event", {"event_code_or_name": "Super Main Event", "event_kind": "main_event"}),
        (read_event_name, "reunion of gladiatorship", {}),
        (read_archive_event, "WSOP 2005 Lake Tahoe CC_ESM1", {"event_code_or_name": "Lake Tahoe CC"}),
        (read_archive_event, "Trust me in 2005", {}),
        (read_players, "Final - Ana Silva & Bo Chen", {"players": ("Ana Silva", "Bo Chen")}),
        (read_players, "Ana Silva wins", {"players": ("Ana Silva",)}),
        (read_players, "Main Event - Feature Table & Final Table", {}),
    ],
)
def test_words_and_numbers_of_a_series(fact: Callable[[NameFields], None], words: str, told: dict[str, object]) -> None:
    assert told_by(fact, words) == told


@pytest.mark.parametrize(
    ("words", "project", "sub_series"),
    [
        ("WSOP Paradise GGMillion$", "WSOP", "WSOP-PARADISE"),
        ("2021 WSOP - LAS Vegas", "WSOP", "WSOP-LAS VEGAS"),
        ("WSOPE 2024", "WSOP", "WSOP-EUROPE"),
        ("WSOP Super Ciruit London", "WSOP", "SUPER CIRCUIT London"),
        ("2024 WSOP-C LA STREAM", "WSOP", "CIRCUIT LA"),
        ("WSOP Circuit Event", "WSOP", None),
        ("WSOP LAdies reunion", "WSOP", None),
        ("GGMillions", "GGMILLIONS", None),
        ("PAD S12", "PAD", None),
        ("launchpad paddle", None, None),
    ],
)
def test_project_and_branch_are_told_by_whole_words(words: str, project: str | None, sub_series: str | None) -> None:
    shown, text = fold_words(words)
    told_project, told_branch = find_project(text), find_sub_series(text, shown)

    assert (told_project[0] if told_project else None) == project
    assert (told_branch[0] if told_branch else None) == sub_series
