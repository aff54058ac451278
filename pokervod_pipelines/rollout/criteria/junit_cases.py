"""Read the outcomes of tests from a JUnit report. No standard exists: what does not clearly say passed did not pass."""

from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element

Outcome = Literal["passed", "failed", "skipped"]
Cases = dict[str, list[Outcome]]
"""The outcomes of each test, by its suite and name; several if a report lists it several times."""

_PASSED = frozenset({"", "run", "passed", "pass", "success", "successful", "ok", "completed", "fixed"})
_FAILED = frozenset({"failed", "fail", "failure", "error", "errored", "broken"})
"""Values of the attributes ``status`` and ``result`` of a case; some reports have nothing else."""


def list_cases(root: Element) -> Cases:
    """Return the outcomes of all tests; an error of a suite itself counts as a failed test of it."""
    cases: Cases = {}
    for suite, element in _walk(root, ()):
        parts = (
            [element.get("classname"), element.get("name")]
            if strip_namespace(element) == "testcase"
            else ["(the suite)"]
        )
        name = " / ".join((*suite, ".".join(part for part in parts if part)))
        cases.setdefault(name, []).append(_read_outcome(element))
    return cases


def find_gap(root: Element) -> str | None:
    """Return where a report counts more tests or failures than it lists, or None if it is complete."""
    for suite in (element for element in root.iter() if strip_namespace(element) in {"testsuites", "testsuite"}):
        listed = [element for _, element in _walk(suite, ())]
        tests = sum(strip_namespace(element) == "testcase" for element in listed)
        failed = sum(max(_count_marks(element), _read_outcome(element) == "failed") for element in listed)
        counted_tests, counted_failed = _count(suite, "tests"), _count(suite, "failures") + _count(suite, "errors")
        if counted_tests > tests or counted_failed > failed:
            name = suite.get("name") or f"<{strip_namespace(suite)}>"
            return f"{name} counts {counted_tests} tests ({counted_failed} failed) but lists {tests} ({failed} failed)"
    return None


def strip_namespace(element: Element) -> str:
    """Return the tag without its namespace."""
    return element.tag.rpartition("}")[2]


def _walk(element: Element, suites: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Element]]:
    """Yield all cases, and the suites with an error of their own, each with the names of the suites around it."""
    if strip_namespace(element) == "testsuite":
        suites = (*suites, element.get("name", "")) if element.get("name") else suites
        if _count_marks(element):
            yield suites, element
    for part in element:
        if strip_namespace(part) == "testcase":
            yield suites, part
        else:
            yield from _walk(part, suites)


def _count_marks(element: Element) -> int:
    return sum(strip_namespace(part) in {"failure", "error"} for part in element)


def _read_outcome(element: Element) -> Outcome:
    values = {(element.get(key) or "").strip().lower() for key in ("status", "result")}
    if _count_marks(element) or values & _FAILED:
        return "failed"
    if any(strip_namespace(part) in {"skipped", "disabled"} for part in element) or not values <= _PASSED:
        return "skipped"
    return "passed"


def _count(suite: Element, key: str) -> int:
    value = (suite.get(key) or "").strip()
    return int(value) if value.isascii() and value.isdecimal() else 0
