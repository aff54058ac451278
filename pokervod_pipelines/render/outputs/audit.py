"""Check whether every finished graphic is still in place and unchanged, and list files that belong to none.

A file of the same size and time is not read again. An orphan is left by a worker that died between publishing a file
and committing; it is reported, never deleted.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pokervod_pipelines.errors import BadSettings, Unavailable
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.render.outputs.digest import OutputStat, hash_output, stat_output
from pokervod_pipelines.render.outputs.marker import MARKER, has_marker
from pokervod_pipelines.render.outputs.paths import UNFINISHED, fill_path, find_output_path


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOutput:
    """Describe a finished graphic as the database knows it; ``path`` is below the root, or absolute."""

    path: str
    size_bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputProblem:
    """Report one output that is missing, changed or unreadable."""

    output: KnownOutput
    kind: Literal["missing", "changed", "unreadable"]
    text: str


class OutputsUnavailable(Unavailable):
    """Report that the outputs folder cannot be read, so no output can be checked."""


def audit_outputs(root: Path, known: Iterable[KnownOutput]) -> list[OutputProblem]:
    """Return the problems of the outputs, in their order; a file with only another time is fine.

    Raises ``OutputsUnavailable`` when the root is missing, or empty although outputs are known: before any file is
    checked, and again before any is reported as missing; also when it has no marker and none of the outputs.
    """
    outputs = list(known)
    if not outputs:
        return []
    require_answer(root)
    _check_root(root)
    problems = [problem for output in outputs for problem in _check_output(root, output)]
    if any(problem.kind != "changed" for problem in problems):
        _check_root(root)
    if all(problem.kind == "missing" for problem in problems) and len(problems) == len(outputs):
        _check_marker(root)
    return problems


def _check_root(root: Path) -> None:
    try:
        has_entries = any(entry.name != UNFINISHED for entry in root.iterdir())
    except OSError as error:
        raise OutputsUnavailable(
            f"{root}: the outputs folder cannot be read ({error.strerror}); check the mount"
        ) from error
    if not has_entries:
        raise OutputsUnavailable(
            f"{root}: the outputs folder is empty, but finished graphics are known; check the mount"
        )


def _check_marker(root: Path) -> None:
    if not has_marker(root):
        raise OutputsUnavailable(f"{root}: has neither the marker {MARKER} nor any finished graphic; check the mount")


def _check_output(root: Path, output: KnownOutput) -> Iterator[OutputProblem]:
    path = root / output.path
    try:
        measure = stat_output(path)
        if measure == OutputStat(size_bytes=output.size_bytes, mtime_ns=output.mtime_ns):
            return
        if measure.size_bytes != output.size_bytes:
            text = f"{path}: has {measure.size_bytes:,} bytes, expected {output.size_bytes:,}"
            yield OutputProblem(
                output=output, kind="changed", text=f"{text}; render it again with: pokervod render remake"
            )
        elif hash_output(path) != output.sha256:
            text = f"{path}: has other content than when it was finished"
            yield OutputProblem(
                output=output, kind="changed", text=f"{text}; render it again with: pokervod render remake"
            )
    except (FileNotFoundError, NotADirectoryError):
        text = f"{path}: is missing; put it back, or render it again with: pokervod render remake"
        yield OutputProblem(output=output, kind="missing", text=text)
    except OSError as error:
        text = f"{path}: cannot be read ({error.strerror}); check the rights and the mount"
        yield OutputProblem(output=output, kind="unreadable", text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrenderedInstruction:
    """Describe an instruction that ended without a file: its state, and what its path is made of."""

    id: int
    state: str
    template: str
    output: Mapping[str, Any]
    trigger_kind: str
    trigger_key: str
    version: int
    day: date


def list_expected_paths(root: Path, unmade: Iterable[UnrenderedInstruction]) -> dict[str, UnrenderedInstruction]:
    """Return the path below the root that each instruction would have had; one without a path is left out."""
    return {place: each for each in unmade if (place := _find_place(root, each))}


def find_orphans(root: Path, places: Mapping[str, UnrenderedInstruction], owned: Collection[str]) -> dict[str, str]:
    """Return the files at these paths that no finished graphic owns, with what to do, by path."""
    return {
        path: f"exists, but instruction {each.id} is {each.state}: its worker died before it recorded the file; "
        f"`pokervod render retry {each.id}` renders it again, or delete the file"
        for path, each in places.items()
        if path not in owned and os.path.lexists(root / path)
    }


def _find_place(root: Path, each: UnrenderedInstruction) -> str | None:
    if not {"path", "format"} <= each.output.keys():
        return None
    try:
        relative = fill_path(
            each.output["path"],
            day=each.day,
            template=each.template,
            kind=each.trigger_kind,
            key=each.trigger_key,
            id=each.id,
            version=each.version,
        )
        return find_output_path(root, relative, each.output["format"]).relative_to(root).as_posix()
    except BadSettings:  # such a file was never published
        return None
