"""Fix by a command that the settings allow, then check that it did what it is for.

``rebuild_mocks`` expects a healthy mock, ``rerun_tests`` a new JUnit report, ``regenerate_document`` a new document.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from defusedxml import DefusedXmlException, ElementTree
from pydantic import AfterValidator, Field

from pokervod_pipelines.rollout.criteria.fields import Glob, RelativePath
from pokervod_pipelines.rollout.criteria.junit_cases import Cases, list_cases
from pokervod_pipelines.rollout.fixers.base import FailedCriterion, Fixer, FixStep
from pokervod_pipelines.rollout.fixers.context import CannotFix, FixContext
from pokervod_pipelines.rollout.fixers.health import HealthFixer, show_host
from pokervod_pipelines.rollout.services import AddressKind
from pokervod_pipelines.settings.fields import Name

OUTPUT = "{output}"
"""Stands in a command's arguments for the file that it has to write."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
MAX_REPORT_BYTES = 64 * 1024 * 1024

_FileStamp = tuple[int, int, int]
"""Time, size and inode of a file: what changes when it is written again."""


class RebuildMocks(HealthFixer):
    """Run the command, which rebuilds a mock, and expect the mock to answer within ``wait_seconds``."""

    kind: ClassVar[str] = "rebuild_mocks"

    at: AddressKind = "mock"
    command: Name
    seconds: float = Field(default=300.0, gt=0, le=3600)

    def prepare(self, context: FixContext, failed: Sequence[FailedCriterion]) -> FixStep:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed or a service without address."""
        arguments = context.find_command(self.command)
        health = show_host(self.health_address(context))

        def run() -> str:
            context.run_to_success(self.command, arguments, self.seconds)
            return f"ran {self.command!r}; the mock at {health} is {self.await_health(context)}"

        return FixStep(f"run {self.command!r} and wait until the mock at {health} is healthy", run)


def _check_xml(text: str) -> str:
    if not text.endswith(".xml"):
        message = f"expected a JUnit report that ends in .xml, got {text!r}"
        raise ValueError(message)
    return text


class RerunTests(Fixer):
    """Run the command and expect it to write at least one of the files that ``report`` (a glob) matches.

    Failing tests make the command fail, which is not an error of this fixer, so its exit status is only reported.
    """

    kind: ClassVar[str] = "rerun_tests"

    command: Name
    report: Annotated[Glob, AfterValidator(_check_xml)]
    seconds: float = Field(default=900.0, gt=0, le=3600)

    def prepare(self, context: FixContext, failed: Sequence[FailedCriterion]) -> FixStep:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed."""
        arguments = context.find_command(self.command)
        before = _list_reports(context, self.report)
        rate = _describe_rate(before)

        def run() -> str:
            result = context.run(self.command, arguments, self.seconds)
            after = _list_reports(context, self.report)
            if all(before.get(path) == stamp for path, stamp in after.items()):
                raise CannotFix(f"{self.command!r} wrote no report {self.report} ({result.describe()})")
            outcomes = _read_outcomes(after)
            if not outcomes:
                raise CannotFix(f"{self.command!r} ran no tests ({result.describe()})")
            now = _describe_share(outcomes)
            return f"ran {self.command!r}, exit status {result.status}; passed before {rate}, now {now}"

        return FixStep(f"run {self.command!r}; passed so far {rate}", run)


def _list_reports(context: FixContext, pattern: str) -> Mapping[Path, _FileStamp]:
    stamps = {}
    for path in sorted(context.folder.glob(pattern)):
        found = context.resolve(str(path.relative_to(context.folder))).stat()
        stamps[path] = (found.st_mtime_ns, found.st_size, found.st_ino)
    return stamps


def _describe_rate(reports: Mapping[Path, _FileStamp]) -> str:
    try:
        return _describe_share(_read_outcomes(reports))
    except CannotFix:
        return "unknown, because the old report cannot be read"


def _describe_share(outcomes: Sequence[str]) -> str:
    passed, tests = outcomes.count("passed"), len(outcomes)
    return f"{passed / tests:.0%} ({passed} of {tests})" if tests else "none"


def _read_outcomes(reports: Mapping[Path, _FileStamp]) -> list[str]:
    """Return the outcome of every test; if several files list one, the newest counts, as for the criterion."""
    cases: Cases = {}
    for path in sorted(reports, key=lambda path: reports[path]):
        cases |= list_cases(_read_report(path))
    return [outcome for outcomes in cases.values() for outcome in outcomes]


def _read_report(path: Path) -> Any:
    if path.stat().st_size > MAX_REPORT_BYTES:
        limit = f"{MAX_REPORT_BYTES // 1024**2} MiB"
        raise CannotFix(f"the report {path.name} is larger than {limit}; make the tests print less")
    try:
        return ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise CannotFix(f"the report {path.name} is not JUnit XML: {error}") from None


def _check_suffix(text: str) -> str:
    if Path(text).suffix not in {".json", ".yaml", ".yml"}:
        message = f"expected a file that ends in .json, .yaml or .yml, got {text!r}"
        raise ValueError(message)
    return text


class RegenerateDocument(Fixer):
    """Replace the document by what the command writes; the old one stays beside it as ``.bak``, ``.bak2`` and so on.

    The command never writes to the document itself: it gets another name, and only a valid file replaces the document.
    """

    kind: ClassVar[str] = "regenerate_document"

    command: Name
    document: Annotated[RelativePath, AfterValidator(_check_suffix)]
    seconds: float = Field(default=120.0, gt=0, le=3600)

    def prepare(self, context: FixContext, failed: Sequence[FailedCriterion]) -> FixStep:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed or does not take an output file."""
        arguments = context.find_command(self.command)
        if not any(OUTPUT in argument for argument in arguments):
            raise CannotFix(
                f"the command {self.command!r} has no argument {OUTPUT}, so it would write elsewhere; add it"
            )
        target = context.resolve(self.document)
        if not target.parent.is_dir():
            raise CannotFix(f"the folder of {self.document} does not exist; create it")

        def run() -> str:
            fresh = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
            try:
                filled = [argument.replace(OUTPUT, str(fresh)) for argument in arguments]
                context.run_to_success(self.command, filled, self.seconds)
                return self._replace(target, fresh)
            finally:
                fresh.unlink(missing_ok=True)

        return FixStep(f"run {self.command!r} and replace {self.document} by its output", run)

    def _replace(self, target: Path, fresh: Path) -> str:
        content = _read_document(fresh, self.command)
        before = target.read_bytes() if target.exists() else None
        if content == before:
            raise CannotFix(f"{self.command!r} wrote the same {self.document} again")
        backup = "no old one existed" if before is None else f"the old one is {_back_up(target, before).name}"
        if before is not None:
            fresh.chmod(target.stat().st_mode & 0o777)
        fresh.replace(target)
        return f"ran {self.command!r}; {self.document} is new, {backup}"


def _read_document(path: Path, command: str) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise CannotFix(f"{command!r} succeeded but wrote no document")
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        limit = f"{MAX_DOCUMENT_BYTES // 1024**2} MiB"
        raise CannotFix(f"{command!r} wrote more than {limit}; the previous document was kept")
    content = path.read_bytes()
    kind = "JSON" if path.suffix == ".json" else "YAML"
    try:
        text = content.decode("utf-8")
        values = json.loads(text) if kind == "JSON" else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise CannotFix(
            f"the output of {command!r} is not {kind} ({type(error).__name__}); the previous document was kept"
        ) from None
    if not isinstance(values, dict) or not values:
        raise CannotFix(f"the output of {command!r} is not a mapping, or an empty one; the previous document was kept")
    return content


def _back_up(target: Path, content: bytes) -> Path:
    """Write the content beside the target under a free name; no earlier copy is overwritten."""
    number = 1
    while True:
        copy = target.with_name(f"{target.name}.bak{number if number > 1 else ''}")
        try:
            with copy.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            number += 1
        else:
            return copy
