"""Check ``junit_report``: enough of the tests passed, according to their JUnit reports.

A test is identified by its suite and name. If several files list it, the newest counts, so that a test which was run
again counts once.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import Field

from pokervod_pipelines.rollout.criteria.ages import find_age_problem
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import Glob, Hours
from pokervod_pipelines.rollout.criteria.junit_cases import Cases, find_gap, list_cases, strip_namespace
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, CriterionResult, ErrorClass


class JunitReport(Criterion):
    """Expect the share ``passed`` of all tests in the reports of ``paths`` to pass; a skipped test did not pass.

    It expects ``tests_at_least``, and the newest report is at most ``fresh_hours`` old.
    """

    kind: Literal["junit_report"] = "junit_report"
    paths: Glob
    passed: float = Field(default=1.0, gt=0, le=1)
    tests_at_least: int = Field(default=1, ge=1)
    fresh_hours: Hours | None = None

    def check(self, context: CheckContext) -> CriterionResult:
        """Return the share of tests that passed, and which ones did not."""
        files = context.find_files(self.paths)
        if not files:
            return CriterionResult.fails(
                ErrorClass.TESTS, f"no file {self.paths} below {context.folder}; run the tests"
            )
        self._check_age(files[-1])
        cases: Cases = {}
        for path in files:
            context.take_seconds()
            cases |= list_cases(_parse(context, path))
        return self._describe(cases, len(files))

    def _check_age(self, newest: Path) -> None:
        age = (time.time() - newest.stat().st_mtime) / 3600
        if self.fresh_hours is not None and (problem := find_age_problem(age, self.fresh_hours)):
            raise CriterionFailed(ErrorClass.TESTS, f"the newest report {problem}; run the tests again")

    def _describe(self, cases: Cases, files: int) -> CriterionResult:
        counts = Counter(outcome for outcomes in cases.values() for outcome in outcomes)
        tests = counts.total()
        share = counts["passed"] / tests if tests else 0.0
        figures: dict[str, float | int | str] = {"tests": tests, "files": files, "share": round(share, 4)}
        figures |= {outcome: counts[outcome] for outcome in ("passed", "failed", "skipped")}
        evidence = _list_not_passed(cases)
        if tests < self.tests_at_least:
            message = f"{self.paths} has {tests} tests, expected at least {self.tests_at_least}"
            return CriterionResult.fails(ErrorClass.TESTS, message, evidence=evidence, figures=figures)
        message = f"{counts['passed']} of {tests} tests passed ({share:.1%})"
        if share < self.passed:
            message = (
                f"{message}, required are {self.passed:.0%}: {counts['failed']} failed, {counts['skipped']} skipped"
            )
            return CriterionResult.fails(ErrorClass.TESTS, message, evidence=evidence, figures=figures)
        return CriterionResult.passes(message, evidence=evidence, figures=figures)


def _parse(context: CheckContext, path: Path) -> Element:
    try:
        root: Element = fromstring(context.read_found(path))
    except (ParseError, DefusedXmlException, ValueError) as error:
        message = f"{context.show(path)} is not a report: {error or type(error).__name__}; run the tests again"
        raise CriterionFailed(ErrorClass.TESTS, message) from None
    if strip_namespace(root) not in {"testsuites", "testsuite"}:
        raise CriterionFailed(
            ErrorClass.TESTS, f"{context.show(path)} is not a JUnit report: it begins with <{strip_namespace(root)}>"
        )
    if gap := find_gap(root):
        raise CriterionFailed(ErrorClass.TESTS, f"{context.show(path)} is incomplete: {gap}; run the tests again")
    return root


def _list_not_passed(cases: Cases) -> list[str]:
    return sorted(
        {f"{outcome}: {name}" for name, outcomes in cases.items() for outcome in outcomes if outcome != "passed"}
    )
