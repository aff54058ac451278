"""Check what is below the plan's folder: ``file``, and ``command``: a program that the settings allow, no shell."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.fields import (
    MAX_DETAILS,
    Pattern,
    Pointer,
    Scalar,
    follow_pointer,
    require,
)
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass, expect
from pokervod_pipelines.settings.fields import RelativePath
from pokervod_pipelines.settings.rollout import Argument

_NEXT_STEP = "an administrator sets rollout.allow_commands and adds it to rollout.programs, or remove the criterion"
_FOUND, _NOT_FOUND = 0, 3
_SEARCH = (
    "import re, sys; text = sys.stdin.buffer.read().decode(errors='replace'); "
    f"sys.exit({_FOUND} if re.search(sys.argv[1], text, re.M) else {_NOT_FOUND})"
)


class File(Criterion):
    """Expect a file of ``least_bytes`` whose text ``matches``, and in which each JSON pointer leads to its value."""

    kind: Literal["file"] = "file"
    path: RelativePath
    least_bytes: int = Field(default=1, ge=0)
    matches: Pattern | None = None
    json_values: Mapping[Pointer, Scalar] = Field(default_factory=dict, alias="json")

    def check(self, context: RolloutContext) -> str:
        """Return whether the file has the expected size and content."""
        content = context.read_file(self.path)
        context.figures["bytes"] = size = len(content)
        problem = f"{self.path} has {size} bytes, expected at least {self.least_bytes}"
        expect(size >= self.least_bytes, ErrorClass.DOCUMENT, problem)
        found = self.matches is None or _search(self.matches, content, context)
        expect(found, ErrorClass.DOCUMENT, f"{self.path}: nothing in it matches {self.matches!r}")
        problems = [*self._compare(content)]
        problem = f"{self.path} has other values than expected: {' '.join(problems[:1])}"
        expect(not problems, ErrorClass.DATA, problem, problems)
        return f"{self.path} is as expected: {size:,} bytes"

    def _compare(self, content: bytes) -> Iterator[str]:
        try:
            values = json.loads(content) if self.json_values else None
        except (ValueError, RecursionError) as error:
            raise CriterionFailed(ErrorClass.DOCUMENT, f"{self.path} is not JSON: {error}") from None
        for pointer, expected in self.json_values.items():
            try:
                found = follow_pointer(values, pointer)
            except LookupError as error:
                yield f"{pointer}: {error}"
                continue
            if (found, type(found) is bool) != (expected, type(expected) is bool):  # true is not 1
                yield f"{pointer} is {json.dumps(found)}, expected {json.dumps(expected)}"


def _search(pattern: str, content: bytes, context: RolloutContext) -> bool:
    """Search in a process of its own: some patterns never end, and nothing else can stop them."""
    seconds = context.take_seconds()
    command = [sys.executable, "-I", "-S", "-c", _SEARCH, pattern]
    try:
        status = subprocess.run(command, input=content, timeout=seconds, check=False, capture_output=True).returncode
    except subprocess.TimeoutExpired:
        message = f"the search for {pattern!r} did not finish within {seconds:.0f} s; simplify the pattern"
        raise CriterionFailed(ErrorClass.UNREACHABLE, message) from None
    problem = f"the search for {pattern!r} ended with {status}, expected {_FOUND} or {_NOT_FOUND}; run it again"
    expect(status in {_FOUND, _NOT_FOUND}, ErrorClass.UNREACHABLE, problem)
    return status == _FOUND


class Command(Criterion):
    """Run the program ``run`` with its arguments in the plan's folder and expect ``exit_status``.

    It gets the environment without PokerVOD's own variables, because those contain secrets.
    """

    kind: Literal["command"] = "command"
    run: list[Argument] = Field(min_length=1, max_length=100)
    exit_status: int = Field(default=0, ge=0, le=255)

    @field_validator("run")
    @classmethod
    def _check_allowed(cls, run: list[str], info: ValidationInfo) -> list[str]:
        if info.context and (settings := info.context.settings):
            require(settings.allow_commands, f"commands are not allowed here; {_NEXT_STEP}")
            require(run[0] in settings.programs, f"program {run[0]!r} is not allowed; {_NEXT_STEP}")
        return run

    def check(self, context: RolloutContext) -> str:
        """Return how the program ended, with the end of its output; the processes it started are killed."""
        program, seconds = self.run[0], context.take_seconds()
        settings = context.settings.rollout
        is_allowed = settings.allow_commands and program in settings.programs
        expect(is_allowed, ErrorClass.NOT_ALLOWED, f"{program!r} is not allowed; {_NEXT_STEP}")
        ended = context.run_command(program, self.run, seconds, hidden=("POKERVOD_",), keeps_children=False)
        context.details.extend(ended.lines[-MAX_DETAILS:])
        context.figures["exit_status"] = status = ended.status
        problem = f"{program!r} ended with {status}, expected {self.exit_status}"
        expect(status == self.exit_status, ErrorClass.CHECK, problem)
        return f"{program!r} ended with {status}"
