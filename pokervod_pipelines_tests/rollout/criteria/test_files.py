"""Test that criteria read files and reports below the plan's folder, and nothing outside."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines_tests.rollout.criteria.conftest import MakeContext, check

CONTENT = '{"tests": {"passed": 5, "all": true}, "names": ["a/b", "c"]}'
BOMB = (
    """<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><testsuite>&b;</testsuite>"""
)


def make_report(*outcomes: str) -> str:
    """Return a report with a case for each outcome: ``passed``, ``failure``, ``error``, ``skipped``."""
    cases = "".join(
        f'<testcase classname="suite" name="case {at}">{"" if told == "passed" else f"<{told}/>"}</testcase>'
        for at, told in enumerate(outcomes)
    )
    return f'<testsuites><testsuite name="s" tests="{len(outcomes)}" failures="0">{cases}</testsuite></testsuites>'


def write(world_folder: Path, name: str, text: str, *, hours_ago: float = 0) -> Path:
    path = world_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    moment = time.time() - hours_ago * 3600
    os.utime(path, (moment, moment))
    return path


def judge(make_context: MakeContext, report: str, **parameters: Any) -> ResultRecord:
    """Return what a report of this text shows."""
    context = make_context()
    write(context.folder, "r.xml", report)
    return check(context, "junit_report", paths="r.xml", **parameters)


@pytest.mark.parametrize(
    ("parameters", "error_class", "problem"),
    [
        ({}, None, "is as expected"),
        ({"matches": r'"passed": \d'}, None, ""),
        ({"matches": "^{"}, None, ""),
        ({"json": {"/tests/passed": 5, "/tests/all": True, "/names/0": "a/b"}}, None, ""),
        ({"path": "gone.json"}, ErrorClass.DOCUMENT, "gone.json: the file is missing"),
        ({"path": "."}, ErrorClass.DOCUMENT, "the file is missing"),
        ({"path": "empty.txt"}, ErrorClass.DOCUMENT, "empty.txt has 0 bytes, expected at least 1"),
        ({"least_bytes": 1000}, ErrorClass.DOCUMENT, "expected at least 1000"),
        ({"matches": "failed"}, ErrorClass.DOCUMENT, "nothing in it matches 'failed'"),
        ({"json": {"/tests/passed": 6}}, ErrorClass.DATA, "/tests/passed is 5, expected 6"),
        ({"json": {"/tests/all": 1}}, ErrorClass.DATA, "/tests/all is true, expected 1"),
        ({"json": {"/tests": 1}}, ErrorClass.DATA, "/tests is {"),
        ({"json": {"/names/9": "c"}}, ErrorClass.DATA, "/names/9: '9' is missing"),
        ({"path": "other.txt", "json": {"/a": 1}}, ErrorClass.DOCUMENT, "other.txt is not JSON"),
        ({"path": "out.txt"}, ErrorClass.NOT_ALLOWED, "out.txt: a link leads out of"),
        ({"path": "way/secret.txt"}, ErrorClass.NOT_ALLOWED, "a link leads out of"),
    ],
)
def test_a_file_is_as_it_has_to_be_or_the_evidence_says_what_is_not(
    make_context: MakeContext, parameters: dict[str, Any], error_class: ErrorClass | None, problem: str
) -> None:
    context = make_context()
    for name, text in (("notes.json", CONTENT), ("empty.txt", ""), ("other.txt", "hello"), ("../secret.txt", "hush")):
        write(context.folder, name, text)
    (context.folder / "out.txt").symlink_to(context.folder / "../secret.txt")
    (context.folder / "way").symlink_to(context.folder / "..")

    result = check(context, "file", **{"path": "notes.json", **parameters})

    assert result.error_class is error_class
    assert problem in result.summary
    assert "hush" not in str(result)


def test_an_endless_pattern_ends_in_time(make_context: MakeContext) -> None:
    context = make_context()
    write(context.folder, "notes.txt", "a" * 60)

    result = check(context, "file", path="notes.txt", matches="^(a+)+$b", seconds=1)

    assert result.error_class is ErrorClass.UNREACHABLE
    assert "simplify the pattern" in result.summary


@pytest.mark.parametrize("search", ["import os; os.abort()", "raise MemoryError", "import sys; sys.exit(2)"])
def test_a_search_that_fails_is_not_a_missing_match(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    monkeypatch.setattr("pokervod_pipelines.rollout.criteria.kinds.files._SEARCH", search)
    context = make_context()
    write(context.folder, "notes.txt", "a")

    result = check(context, "file", path="notes.txt", matches="a")

    assert result.error_class is ErrorClass.UNREACHABLE
    assert "expected 0 or 3; run it again" in result.summary


@pytest.mark.parametrize(("hours", "passed"), [(2, True), (0.5, False)])
def test_the_newest_of_several_files_is_fresh_or_not(make_context: MakeContext, hours: float, passed: bool) -> None:
    context = make_context()
    write(context.folder, "backups/old.sql", "x", hours_ago=100)
    write(context.folder, "backups/new.sql", "x", hours_ago=1)

    result = check(context, "freshness", path="backups/*.sql", hours=hours)

    assert result.passed is passed
    assert result.figures["age_hours"] == pytest.approx(1, abs=0.1)


def test_a_file_of_the_future_is_not_fresh(make_context: MakeContext) -> None:
    context = make_context()
    write(context.folder, "backups/new.sql", "x", hours_ago=-3)
    write(context.folder, "r.xml", make_report("passed"), hours_ago=-3)

    backup = check(context, "freshness", path="backups/*.sql", hours=2)
    report = check(context, "junit_report", paths="r.xml", fresh_hours=2)

    assert (backup.error_class, report.error_class) == (ErrorClass.DATA, ErrorClass.TESTS)
    assert all("is 3 h in the future" in each.summary for each in (backup, report))


def test_freshness_of_no_file_is_none(make_context: MakeContext) -> None:
    result = check(make_context(), "freshness", path="backups/*.sql", hours=1)

    assert (result.error_class, result.summary) == (ErrorClass.DATA, "the newest file backups/*.sql is missing")


@pytest.mark.parametrize(
    ("outcomes", "parameters", "passed", "share"),
    [
        (["passed"] * 5, {}, True, 1.0),
        (["passed"] * 4 + ["failure"], {"passed": 0.8}, True, 0.8),
        (["passed"] * 4 + ["error"], {"passed": 0.81}, False, 0.8),
        (["passed"] * 4 + ["skipped"], {}, False, 0.8),
        (["passed"] * 4 + ["skipped"], {"passed": 0.8}, True, 0.8),
        (["skipped"] * 3, {"passed": 0.1}, False, 0.0),
        ([], {}, False, 0.0),
        (["passed"] * 4, {"tests_at_least": 5}, False, 1.0),
    ],
)
def test_the_share_of_tests_that_passed_decides(
    make_context: MakeContext, outcomes: list[str], parameters: dict[str, Any], passed: bool, share: float
) -> None:
    result = judge(make_context, make_report(*outcomes), **parameters)

    assert (result.passed, result.figures["share"], result.figures["tests"]) == (passed, share, len(outcomes))
    assert result.error_class is (None if passed else ErrorClass.TESTS)


def test_the_tests_that_did_not_pass_are_named(make_context: MakeContext) -> None:
    result = judge(make_context, make_report("passed", "failure", "skipped"))

    assert result.details == ("failed: s / suite.case 1", "skipped: s / suite.case 2")
    assert "1 of 3 tests passed (33.3%), required are 100%: 1 failed, 1 skipped" in result.summary


def test_a_test_that_was_run_again_counts_as_the_newest_report_tells(make_context: MakeContext) -> None:
    context = make_context()
    write(context.folder, "reports/z_first.xml", make_report("passed", "failure"), hours_ago=2)
    write(context.folder, "reports/a_again.xml", make_report("passed", "passed"), hours_ago=1)

    result = check(context, "junit_report", paths="reports/*.xml")

    assert (result.passed, result.figures["tests"], result.figures["files"]) == (True, 2, 2)


def test_tests_of_one_name_in_several_suites_are_several_tests(make_context: MakeContext) -> None:
    context = make_context()
    chrome, firefox = (
        make_report("failure").replace('"s"', '"chrome"'),
        make_report("passed").replace('"s"', '"firefox"'),
    )
    write(context.folder, "reports/chrome.xml", chrome, hours_ago=2)
    write(context.folder, "reports/firefox.xml", firefox, hours_ago=1)

    result = check(context, "junit_report", paths="reports/*.xml")

    assert (result.passed, result.figures["tests"]) == (False, 2)
    assert result.details == ("failed: chrome / suite.case 0",)


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ('status="run" result="completed"', "passed"),
        ('status="Passed"', "passed"),
        ('status="notrun"', "skipped"),
        ('status="notrun" result="suppressed"', "skipped"),
        ('status="run" result="skipped"', "skipped"),
        ('status="disabled"', "skipped"),
        ('status="who knows"', "skipped"),
        ('status="fail"', "failed"),
    ],
)
def test_a_case_passes_only_where_its_status_says_so(make_context: MakeContext, case: str, outcome: str) -> None:
    result = judge(make_context, f'<testsuite name="s"><testcase name="a" {case}/></testsuite>')

    assert (result.passed, result.figures[outcome]) == (outcome == "passed", 1)


@pytest.mark.parametrize(
    ("suite", "problem"),
    [
        ('tests="5" failures="4"', "s counts 5 tests (4 failed) but lists 1 (0 failed)"),
        ('tests="2"', "s counts 2 tests (0 failed) but lists 1"),
        ('tests="1" errors="1"', "s counts 1 tests (1 failed)"),
    ],
)
def test_a_report_that_counts_more_than_it_lists_is_not_whole(
    make_context: MakeContext, suite: str, problem: str
) -> None:
    whole = '<testsuite name="t" tests="1" failures="1"><testcase name="b"><failure/></testcase></testsuite>'
    gap = f'<testsuite name="s" {suite}><testcase name="a"/></testsuite>'

    result = judge(make_context, f'<testsuites tests="1" failures="1">{whole}{gap}</testsuites>', passed=0.1)

    assert result.error_class is ErrorClass.TESTS
    assert problem in result.summary


def test_a_suite_that_broke_counts_as_a_test_that_failed(make_context: MakeContext) -> None:
    result = judge(make_context, '<testsuite name="s" errors="1"><testcase name="a"/><error/></testsuite>')

    assert (result.passed, result.figures["failed"]) == (False, 1)
    assert result.details == ("failed: s / (the suite)",)


def test_a_report_with_a_namespace_and_one_suite_is_read(make_context: MakeContext) -> None:
    assert judge(make_context, '<testsuite xmlns="urn:j"><testcase name="a"/></testsuite>').passed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<testsuite>", "r.xml is not a report"),
        ("", "r.xml is not a report"),
        (BOMB, "r.xml is not a report"),
        ("<html/>", "r.xml is not a JUnit report: it begins with <html>"),
    ],
)
def test_an_unreadable_report_fails(make_context: MakeContext, text: str, problem: str) -> None:
    result = judge(make_context, text)

    assert result.error_class is ErrorClass.TESTS
    assert problem in result.summary


def test_a_missing_or_old_report_fails(make_context: MakeContext) -> None:
    context = make_context()
    missing = check(context, "junit_report", paths="r.xml")
    write(context.folder, "r.xml", make_report("passed"), hours_ago=3)
    old = check(context, "junit_report", paths="r.xml", fresh_hours=2)

    assert "no file r.xml below" in missing.summary
    assert "is 3 h old, allowed are 2 h" in old.summary
    assert {missing.error_class, old.error_class} == {ErrorClass.TESTS}


def test_a_report_behind_a_link_out_of_the_folder_is_not_read(make_context: MakeContext) -> None:
    context = make_context()
    write(context.folder, "../other.xml", make_report("passed"))
    (context.folder / "r.xml").symlink_to(context.folder / "../other.xml")

    assert check(context, "junit_report", paths="*.xml").error_class is ErrorClass.NOT_ALLOWED
