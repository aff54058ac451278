"""Fix by a command that the settings allow, then check that it did what it is for.

``rerun_tests`` expects a new JUnit report, ``regenerate_document`` a new document.
"""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import yaml
from pydantic import AfterValidator, Field

from pokervod_pipelines.rollout.criteria.fields import Glob, RelativePath
from pokervod_pipelines.rollout.fixers.base import FailedCriterion, Fixer, FixStep
from pokervod_pipelines.rollout.fixers.context import CannotFix, FixContext
from pokervod_pipelines.settings.fields import Name

OUTPUT = "{output}"
"""Stands in a command's arguments for the file that it has to write."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024


def _check_xml(text: str) -> str:
    if not text.endswith(".xml"):
        message = f"expected a JUnit report that ends in .xml, got {text!r}"
        raise ValueError(message)
    return text


class RerunTests(Fixer):
    """Run the command and expect it to write at least one of the files that ``report`` (a glob) matches.

    Failing tests make the command fail, which is not an error of this fixer: the criterion counts what passed.
    """

    kind: ClassVar[str] = "rerun_tests"

    service: str | None = None
    command: Name
    report: Annotated[Glob, AfterValidator(_check_xml)]
    seconds: float = Field(default=900.0, gt=0, le=3600)

    def prepare(self, context: FixContext, failed: Sequence[FailedCriterion]) -> FixStep:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed."""
        arguments = context.find_command(self.command)
        before = _stamp_reports(context, self.report)

        def run() -> str:
            result = context.run(self.command, arguments, self.seconds)
            written = {*_stamp_reports(context, self.report)} - before
            if not written:
                raise CannotFix(f"{self.command!r} wrote no report {self.report} ({result.describe()})")
            names = ", ".join(sorted(path for path, _ in written))
            return f"ran {self.command!r}, exit status {result.status}; wrote {names}"

        return FixStep(f"run {self.command!r} and expect a new report {self.report}", run)


def _stamp_reports(context: FixContext, pattern: str) -> set[tuple[str, tuple[int, int, int]]]:
    """Return each report with what changes when it is written again: time, size and inode."""
    names = [str(path.relative_to(context.folder)) for path in context.folder.glob(pattern)]
    stats = ((name, context.resolve(name).stat()) for name in names)
    return {(name, (found.st_mtime_ns, found.st_size, found.st_ino)) for name, found in stats}


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

    service: str | None = None
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
