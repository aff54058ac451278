"""Check ``junit_report``: enough of the tests passed.

No standard exists, so what does not clearly say that it passed did not pass. A test is identified by its suite and
name. If several files list it, the newest counts, so that a test which was run again counts once.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import Field

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.ages import check_age, measure_file
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.fields import Glob, Hours
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass, expect

Cases = dict[str, list[str]]
"""The outcomes of each test, by its suite and name; several if a report lists it several times."""

_SUITES = ("testsuites", "testsuite")
_PASSED = frozenset({"", "run", "passed", "pass", "success", "successful", "ok", "completed", "fixed"})
_FAILED = frozenset({"failed", "fail", "failure", "error", "errored", "broken"})
"""Values of the attributes ``status`` and ``result`` of a case; some reports have nothing else."""


class JunitReport(Criterion):
    """Expect the share ``passed`` of all tests in the reports of ``paths`` to pass; a skipped test did not pass.

    It expects ``tests_at_least``, and the newest report is at most ``fresh_hours`` old.
    """

    kind: Literal["junit_report"] = "junit_report"
    paths: Glob
    passed: float = Field(default=1.0, gt=0, le=1)
    tests_at_least: int = Field(default=1, ge=1)
    fresh_hours: Hours | None = None

    def check(self, context: RolloutContext) -> str:
        """Return the share of tests that passed, and which ones did not."""
        files = context.find_files(self.paths)
        expect(files, ErrorClass.TESTS, f"no file {self.paths} below {context.folder}; run the tests")
        if self.fresh_hours is not None:
            try:
                check_age(context, measure_file(files[-1]), self.fresh_hours, "newest report")
            except CriterionFailed as failed:
                raise CriterionFailed(ErrorClass.TESTS, f"{failed}; run the tests again") from None
        cases: Cases = {}
        for path in files:
            context.take_seconds()
            cases |= _read_cases(context, path)
        counts = Counter(outcome for outcomes in cases.values() for outcome in outcomes)
        context.figures.update({outcome: counts[outcome] for outcome in ("passed", "failed", "skipped")})
        context.figures["files"] = len(files)
        context.details.extend(
            sorted(f"{each}: {name}" for name, found in cases.items() for each in {*found} - {"passed"})
        )
        return self._judge(context, counts)

    def _judge(self, context: RolloutContext, counts: Counter[str]) -> str:
        tests = counts.total()
        share = counts["passed"] / tests if tests else 0.0
        context.figures.update({"tests": tests, "share": round(share, 4)})
        problem = f"{self.paths} has {tests} tests, expected at least {self.tests_at_least}"
        expect(tests >= self.tests_at_least, ErrorClass.TESTS, problem)
        found = f"{counts['passed']} of {tests} tests passed ({share:.1%})"
        problem = f"required are {self.passed:.0%}: {counts['failed']} failed, {counts['skipped']} skipped"
        expect(share >= self.passed, ErrorClass.TESTS, f"{found}, {problem}")
        return found


def _read_cases(context: RolloutContext, path: Path) -> Cases:
    """Return the outcomes of all tests; an error of a suite itself counts as a failed test of it."""
    shown = context.show(path)
    try:
        root: Element = fromstring(context.read_file(path))
    except (ParseError, DefusedXmlException, ValueError) as error:
        message = f"{shown} is not a report: {error or type(error).__name__}; run the tests again"
        raise CriterionFailed(ErrorClass.TESTS, message) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag not in _SUITES:
        raise CriterionFailed(ErrorClass.TESTS, f"{shown} is not a JUnit report: it begins with <{root.tag}>")
    for gap in filter(None, (_find_gap(each) for each in root.iter() if each.tag in _SUITES)):
        raise CriterionFailed(ErrorClass.TESTS, f"{shown} is incomplete: {gap}; run the tests again")
    cases: Cases = {}
    for name, element in _walk(root):
        cases.setdefault(name, []).append(_read_outcome(element))
    return cases


def _find_gap(suite: Element) -> str | None:
    """Return where a suite counts more tests or failures than it lists, or None if it is complete."""
    listed = [element for _, element in _walk(suite)]
    tests = sum(element.tag == "testcase" for element in listed)
    failed = sum(max(_count_marks(element), _read_outcome(element) == "failed") for element in listed)
    counted = {key: suite.get(key, "").strip() for key in ("tests", "failures", "errors")}
    counts = {key: int(value) if value.isascii() and value.isdecimal() else 0 for key, value in counted.items()}
    counted_failed = counts["failures"] + counts["errors"]
    if counts["tests"] <= tests and counted_failed <= failed:
        return None
    name = suite.get("name") or f"<{suite.tag}>"
    return f"{name} counts {counts['tests']} tests ({counted_failed} failed) but lists {tests} ({failed} failed)"


def _walk(element: Element, suites: tuple[str, ...] = ()) -> Iterator[tuple[str, Element]]:
    """Yield all cases, and the suites with an error of their own, each with its name below those of its suites."""
    if element.tag == "testsuite":
        suites = (*suites, *filter(None, [element.get("name")]))
        if _count_marks(element):
            yield " / ".join((*suites, "(the suite)")), element
    for part in element:
        if part.tag == "testcase":
            name = ".".join(filter(None, (part.get("classname"), part.get("name"))))
            yield " / ".join((*suites, name)), part
        else:
            yield from _walk(part, suites)


def _count_marks(element: Element) -> int:
    return sum(part.tag in {"failure", "error"} for part in element)


def _read_outcome(element: Element) -> str:
    values = {element.get(key, "").strip().lower() for key in ("status", "result")}
    if _count_marks(element) or values & _FAILED:
        return "failed"
    if any(part.tag in {"skipped", "disabled"} for part in element) or not values <= _PASSED:
        return "skipped"
    return "passed"
