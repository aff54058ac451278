"""Test that every made-up name of the corpora is read as its case says, and nothing more is read."""

import pytest

from pokervod_pipelines.catalog.names import FIELDS, explain_name, find_family, parse_events, parse_lines, parse_name
from pokervod_pipelines_tests.catalog.names.corpora import Case, read_cases

CASES = read_cases()


def told(path: str) -> dict[str, object]:
    return {field: value for field, value in parse_name(path).as_dict().items() if value is not None}


@pytest.mark.parametrize("case", CASES, ids=[case.path for case in CASES])
def test_a_name_tells_what_its_case_says_and_nothing_more(case: Case) -> None:
    assert told(case.path) == case.answer


@pytest.mark.parametrize("case", CASES, ids=[case.path for case in CASES])
def test_an_explanation_agrees_with_the_answer(case: Case) -> None:
    findings = explain_name(case.path)

    assert {finding.field: finding.value for finding in findings} == case.answer
    assert all(finding.rule and finding.source in {"name", "folder"} for finding in findings)


def test_an_explanation_names_the_words_and_who_told_them() -> None:
    findings = {
        finding.field: finding for finding in explain_name("2026 WSOP-PARADISE/Day 1B/1209_Hand_07_A AhKs_PGM.mp4")
    }

    assert findings["hand_number"][1:] == (7, "hand_clip", "hand 07", "name")
    assert findings["day"][1:] == (1, "folder_day", "day 1b", "folder")
    assert findings["year"].source == "folder"
    assert findings["date"].value == "2026-12-09"


def test_every_family_has_a_case() -> None:
    families = {find_family(case.path) for case in CASES}

    assert {
        "web_title",
        "hand_clip",
        "bracelet_clip",
        "clip_code",
        "archive_code",
        "archive_tape",
        "archive_show",
    } <= families
    assert {
        "poker_after_dark",
        "game_of_gold",
        "wsop_stream",
        "wsop_title",
        "ggmillions",
        "mpp",
        "event_title",
    } <= families
    assert {"unknown", None} <= families


def test_lines_are_answered_in_order_with_all_columns() -> None:
    answers = list(parse_lines(["WSOP_1984.mxf\n", "", "pad-s14-ep07-012.mp4\r\n"]))

    assert [answer["project_code"] for answer in answers] == ["WSOP", None, "PAD"]
    assert all(tuple(answer) == FIELDS for answer in answers)


def test_a_name_with_two_events_tells_both_apart() -> None:
    first, second = parse_events("2026 WSOP-LAS VEGAS/WSOP 2026 Main Event Day 1C & $50K PLO Final Table.mp4")

    assert (first.event_code_or_name, first.day, first.flight, first.buy_in, first.stage) == (
        "Main Event",
        1,
        "C",
        None,
        None,
    )
    assert (second.buy_in, second.game, second.stage, second.day) == (50_000, "PLO", "final_table", None)
    assert (second.project_code, second.sub_series, second.year) == ("WSOP", "WSOP-LAS VEGAS", 2026)


def test_a_name_with_one_event_has_one_answer() -> None:
    assert parse_events("WSOP_1984.mxf") == (parse_name("WSOP_1984.mxf"),)
