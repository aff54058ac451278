"""``file``: a file is there, filled, and says what it has to."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence, Failing
from pokervod_pipelines.rollout.criteria.fields import Pattern, Pointer, RelativePath, Scalar
from pokervod_pipelines.rollout.criteria.pointers import NotThere, follow
from pokervod_pipelines.rollout.criteria.world import World

_SEARCH = "import re, sys; sys.exit(not re.search(sys.argv[1], sys.stdin.buffer.read().decode(errors='replace'), re.M))"


class File(Criterion):
    """The file has ``least_bytes``, ``matches`` is found in its text, and each JSON pointer leads to its value."""

    kind: Literal["file"] = "file"
    path: RelativePath
    least_bytes: int = Field(default=1, ge=0)
    matches: Pattern | None = None
    json_values: Mapping[Pointer, Scalar] = Field(default_factory=dict, alias="json")

    def check(self, world: World) -> Evidence:
        """Return what the file tells."""
        content = world.read_file(self.path)
        figures = {"bytes": len(content)}
        if len(content) < self.least_bytes:
            said = f"{self.path} has {len(content)} bytes, needed are {self.least_bytes}"
            return Evidence.fails(ErrorClass.DOCUMENT, said, figures=figures)
        if self.matches is not None and not _search(self.matches, content, world):
            said = f"{self.path}: nothing in it fits {self.matches!r}"
            return Evidence.fails(ErrorClass.DOCUMENT, said, figures=figures)
        faults = [*self._compare(content)]
        if faults:
            said = f"{self.path} says something else: {faults[0]}"
            return Evidence.fails(ErrorClass.DATA, said, details=faults, figures=figures)
        return Evidence.passes(f"{self.path} is as it has to be", figures=figures)

    def _compare(self, content: bytes) -> Iterator[str]:
        if not self.json_values:
            return
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Failing(ErrorClass.DOCUMENT, f"{self.path} is no JSON: {error}") from None
        for pointer, wanted in self.json_values.items():
            try:
                there = follow(values, pointer)
            except NotThere as error:
                yield f"{pointer}: {error}"
                continue
            if (there, type(there) is bool) != (wanted, type(wanted) is bool):  # true is no 1
                yield f"{pointer} is {json.dumps(there)}, not {json.dumps(wanted)}"


def _search(pattern: str, content: bytes, world: World) -> bool:
    """Search in a process of its own: some patterns take for ever, and nothing else can stop one."""
    seconds = world.take_seconds()
    command = [sys.executable, "-I", "-S", "-c", _SEARCH, pattern]
    try:
        return subprocess.run(command, input=content, timeout=seconds, check=False, capture_output=True).returncode == 0
    except subprocess.TimeoutExpired:
        said = f"{pattern!r} was not at its end after {seconds:.0f} s; make it simpler"
        raise Failing(ErrorClass.UNREACHABLE, said) from None
