"""Check ``file``: a file exists, is large enough, and has the expected content."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import (
    NoValue,
    Pattern,
    Pointer,
    RelativePath,
    Scalar,
    follow_pointer,
)
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, CriterionResult, ErrorClass

_SEARCH = "import re, sys; sys.exit(not re.search(sys.argv[1], sys.stdin.buffer.read().decode(errors='replace'), re.M))"


class File(Criterion):
    """Expect a file of ``least_bytes`` whose text ``matches``, and in which each JSON pointer leads to its value."""

    kind: Literal["file"] = "file"
    path: RelativePath
    least_bytes: int = Field(default=1, ge=0)
    matches: Pattern | None = None
    json_values: Mapping[Pointer, Scalar] = Field(default_factory=dict, alias="json")

    def check(self, context: CheckContext) -> CriterionResult:
        """Return whether the file has the expected size and content."""
        content = context.read_file(self.path)
        figures = {"bytes": len(content)}
        if len(content) < self.least_bytes:
            message = f"{self.path} has {len(content)} bytes, expected at least {self.least_bytes}"
            return CriterionResult.fails(ErrorClass.DOCUMENT, message, figures=figures)
        if self.matches is not None and not _search(self.matches, content, context):
            message = f"{self.path}: nothing in it matches {self.matches!r}"
            return CriterionResult.fails(ErrorClass.DOCUMENT, message, figures=figures)
        problems = [*self._compare(content)]
        if problems:
            message = f"{self.path} has other values than expected: {problems[0]}"
            return CriterionResult.fails(ErrorClass.DATA, message, evidence=problems, figures=figures)
        return CriterionResult.passes(f"{self.path} is as expected: {len(content):,} bytes", figures=figures)

    def _compare(self, content: bytes) -> Iterator[str]:
        if not self.json_values:
            return
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise CriterionFailed(ErrorClass.DOCUMENT, f"{self.path} is not JSON: {error}") from None
        for pointer, expected in self.json_values.items():
            try:
                found = follow_pointer(values, pointer)
            except NoValue as error:
                yield f"{pointer}: {error}"
                continue
            if (found, type(found) is bool) != (expected, type(expected) is bool):  # true is not 1
                yield f"{pointer} is {json.dumps(found)}, expected {json.dumps(expected)}"


def _search(pattern: str, content: bytes, context: CheckContext) -> bool:
    """Search in a process of its own: some patterns never end, and nothing else can stop them."""
    seconds = context.take_seconds()
    command = [sys.executable, "-I", "-S", "-c", _SEARCH, pattern]
    try:
        return subprocess.run(command, input=content, timeout=seconds, check=False, capture_output=True).returncode == 0
    except subprocess.TimeoutExpired:
        message = f"the search for {pattern!r} did not finish within {seconds:.0f} s; simplify the pattern"
        raise CriterionFailed(ErrorClass.UNREACHABLE, message) from None
