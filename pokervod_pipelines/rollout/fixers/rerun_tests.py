"""``rerun_tests``: an allowed command runs tests again and writes the JUnit report that the criterion then reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from defusedxml import DefusedXmlException, ElementTree
from pydantic import AfterValidator, Field

from pokervod_pipelines.rollout.criteria.fields import Glob
from pokervod_pipelines.rollout.criteria.junit_cases import Cases, list_cases
from pokervod_pipelines.rollout.fixers.base import CannotFix, FailedCriterion, Fixer, Step
from pokervod_pipelines.rollout.fixers.commands import find_command, run_command
from pokervod_pipelines.rollout.fixers.places import locate
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.settings_rooms import Name

LARGEST_REPORT = 64 * 1024 * 1024

_Mark = tuple[int, int, int]
"""What changes of a file when it is written again."""


def _check_xml(text: str) -> str:
    if not text.endswith(".xml"):
        message = f"{text!r} must end in .xml, as JUnit reports do"
        raise ValueError(message)
    return text


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tests there were, and how many of them passed; one that was skipped did not."""

    passed: int
    tests: int

    def describe(self) -> str:
        """Return the share and the counts, for a sentence."""
        return f"{self.passed / self.tests:.0%} ({self.passed} of {self.tests})" if self.tests else "none"


class RerunTests(Fixer):
    """The command ended within ``seconds`` and wrote at least one of the files that ``report`` (a glob) means.

    Tests that fail make the command fail; that is no fault of this fixer, so its exit status is only told.
    """

    kind: ClassVar[str] = "rerun_tests"

    command: Name
    report: Annotated[Glob, AfterValidator(_check_xml)]
    seconds: float = Field(default=900.0, gt=0, le=3600)

    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed."""
        arguments = find_command(world, self.command)
        before = _list_reports(world.folder, self.report)
        rate = _describe_before(before)

        def run() -> str:
            ended = run_command(world, self.command, arguments, self.seconds)
            after = _list_reports(world.folder, self.report)
            if all(before.get(path) == mark for path, mark in after.items()):
                raise CannotFix(f"{self.command!r} wrote no report {self.report} ({ended.describe()})")
            tally = _count(after)
            if not tally.tests:
                raise CannotFix(f"{self.command!r} ran no test at all ({ended.describe()})")
            return f"ran {self.command!r}, exit status {ended.status}; passed before {rate}, now {tally.describe()}"

        return Step(f"run {self.command!r}; passed so far {rate}", run)


def _list_reports(folder: Path, pattern: str) -> Mapping[Path, _Mark]:
    marks = {}
    for path in sorted(folder.glob(pattern)):
        found = locate(folder, str(path.relative_to(folder))).stat()
        marks[path] = (found.st_mtime_ns, found.st_size, found.st_ino)
    return marks


def _describe_before(reports: Mapping[Path, _Mark]) -> str:
    try:
        return _count(reports).describe()
    except CannotFix:
        return "unknown, as the old report cannot be read"


def _count(reports: Mapping[Path, _Mark]) -> Tally:
    """A test that stands in several files counts as the newest tells it, as the criterion counts."""
    cases: Cases = {}
    for path in sorted(reports, key=lambda path: reports[path]):
        cases |= list_cases(_read_report(path))
    outcomes = [outcome for told in cases.values() for outcome in told]
    return Tally(outcomes.count("passed"), len(outcomes))


def _read_report(path: Path) -> Any:
    if path.stat().st_size > LARGEST_REPORT:
        raise CannotFix(f"the report {path.name} is larger than {LARGEST_REPORT // 1024**2} MiB")
    try:
        return ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise CannotFix(f"the report {path.name} is no JUnit XML: {error}") from None
