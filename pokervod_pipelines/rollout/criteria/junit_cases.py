"""What a JUnit report tells of its tests. There is no standard: what is not known to mean passed, did not pass."""

from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element

Outcome = Literal["passed", "failed", "skipped"]
Cases = dict[str, list[Outcome]]
"""The outcomes of each test, by its suite and name; more than one where a report tells it more than once."""

_PASSED = frozenset({"", "run", "passed", "pass", "success", "successful", "ok", "completed", "fixed"})
_FAILED = frozenset({"failed", "fail", "failure", "error", "errored", "broken"})
"""What the attributes ``status`` and ``result`` of a case say; some reports have no other mark."""


def list_cases(root: Element) -> Cases:
    """Return the outcomes of all tests; an error of a suite itself counts as a test of it that failed."""
    cases: Cases = {}
    for suite, element in _walk(root, ()):
        told = [element.get("classname"), element.get("name")] if bare(element) == "testcase" else ["(the suite)"]
        name = " / ".join((*suite, ".".join(part for part in told if part)))
        cases.setdefault(name, []).append(_read_outcome(element))
    return cases


def find_gap(root: Element) -> str | None:
    """Return where a report counts more tests, or more of them failed, than it lists; None where it is whole."""
    for suite in (element for element in root.iter() if bare(element) in {"testsuites", "testsuite"}):
        listed = [element for _, element in _walk(suite, ())]
        tests = sum(bare(element) == "testcase" for element in listed)
        failed = sum(max(_count_marks(element), _read_outcome(element) == "failed") for element in listed)
        told_tests, told_failed = _count(suite, "tests"), _count(suite, "failures") + _count(suite, "errors")
        if told_tests > tests or told_failed > failed:
            name = suite.get("name") or f"<{bare(suite)}>"
            return f"{name} counts {told_tests} tests, {told_failed} failed, and lists {tests}, {failed} failed"
    return None


def bare(element: Element) -> str:
    """Return the tag without its namespace."""
    return element.tag.rpartition("}")[2]


def _walk(element: Element, suites: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Element]]:
    """Tell all cases, and the suites that failed by themselves, each with the names of the suites around it."""
    if bare(element) == "testsuite":
        suites = (*suites, element.get("name", "")) if element.get("name") else suites
        if _count_marks(element):
            yield suites, element
    for part in element:
        if bare(part) == "testcase":
            yield suites, part
        else:
            yield from _walk(part, suites)


def _count_marks(element: Element) -> int:
    return sum(bare(part) in {"failure", "error"} for part in element)


def _read_outcome(element: Element) -> Outcome:
    said = {(element.get(key) or "").strip().lower() for key in ("status", "result")}
    if _count_marks(element) or said & _FAILED:
        return "failed"
    if any(bare(part) in {"skipped", "disabled"} for part in element) or not said <= _PASSED:
        return "skipped"
    return "passed"


def _count(suite: Element, key: str) -> int:
    told = (suite.get(key) or "").strip()
    return int(told) if told.isascii() and told.isdecimal() else 0
