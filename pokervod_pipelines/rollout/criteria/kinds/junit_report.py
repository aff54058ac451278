"""``junit_report``: enough of the tests passed, as their JUnit reports tell.

A test is known by its suite and name. One that stands in several files counts as the newest tells it, so that what was
run again counts once.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import Field

from pokervod_pipelines.rollout.criteria.ages import find_age_fault
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence, Failing
from pokervod_pipelines.rollout.criteria.fields import Glob, Hours
from pokervod_pipelines.rollout.criteria.junit_cases import Cases, bare, find_gap, list_cases
from pokervod_pipelines.rollout.criteria.world import World


class JunitReport(Criterion):
    """Of all tests in the reports of ``paths`` at least the share ``passed`` did; one that was skipped did not.

    There are ``tests_at_least``, and the newest report is at most ``fresh_hours`` old.
    """

    kind: Literal["junit_report"] = "junit_report"
    paths: Glob
    passed: float = Field(default=1.0, gt=0, le=1)
    tests_at_least: int = Field(default=1, ge=1)
    fresh_hours: Hours | None = None

    def check(self, world: World) -> Evidence:
        """Return the share of tests that passed, and which did not."""
        files = world.find_files(self.paths)
        if not files:
            return Evidence.fails(
                ErrorClass.TESTS, f"there is no report {self.paths} below {world.folder}; run the tests"
            )
        self._check_age(files[-1])
        cases: Cases = {}
        for path in files:
            world.take_seconds()
            cases |= list_cases(_parse(world, path))
        return self._tell(cases, len(files))

    def _check_age(self, newest: Path) -> None:
        age = (time.time() - newest.stat().st_mtime) / 3600
        if self.fresh_hours is not None and (fault := find_age_fault(age, self.fresh_hours)):
            raise Failing(ErrorClass.TESTS, f"the newest report {fault}; run the tests again")

    def _tell(self, cases: Cases, files: int) -> Evidence:
        counts = Counter(outcome for outcomes in cases.values() for outcome in outcomes)
        tests = counts.total()
        share = counts["passed"] / tests if tests else 0.0
        figures = {"tests": tests, "passed": counts["passed"], "failed": counts["failed"], "skipped": counts["skipped"]}
        figures_told = {**figures, "files": files, "share": round(share, 4)}
        details = _list_not_passed(cases)
        if tests < self.tests_at_least:
            said = f"there are {tests} tests in {self.paths}, needed are {self.tests_at_least}"
            return Evidence.fails(ErrorClass.TESTS, said, details=details, figures=figures_told)
        said = f"{counts['passed']} of {tests} tests passed ({share:.1%})"
        if share < self.passed:
            said = f"{said}, needed are {self.passed:.0%}: {counts['failed']} failed, {counts['skipped']} were skipped"
            return Evidence.fails(ErrorClass.TESTS, said, details=details, figures=figures_told)
        return Evidence.passes(said, details=details, figures=figures_told)


def _parse(world: World, path: Path) -> Element:
    try:
        root: Element = fromstring(world.read_found(path))
    except (ParseError, DefusedXmlException, ValueError) as error:
        said = f"{world.show(path)} is no report: {error or type(error).__name__}; run the tests again"
        raise Failing(ErrorClass.TESTS, said) from None
    if bare(root) not in {"testsuites", "testsuite"}:
        raise Failing(ErrorClass.TESTS, f"{world.show(path)} is no JUnit report: it begins with <{bare(root)}>")
    if gap := find_gap(root):
        raise Failing(ErrorClass.TESTS, f"{world.show(path)} is not whole: {gap}; run the tests again")
    return root


def _list_not_passed(cases: Cases) -> list[str]:
    return sorted(
        {f"{outcome}: {name}" for name, outcomes in cases.items() for outcome in outcomes if outcome != "passed"}
    )
