"""Is every finished graphic still where it was put, and unchanged? Cheap: what looks the same is not read again."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pokervod_pipelines.errors import BadSettings, Unavailable
from pokervod_pipelines.render.outputs.digest import OutputStat, hash_output, stat_output
from pokervod_pipelines.render.outputs.paths import UNFINISHED, fill_path, find_output_path


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOutput:
    """A finished graphic as the database knows it; ``path`` is below the root, or absolute."""

    path: str
    size_bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is the matter with one output: it is gone, another one, or the file system does not say."""

    output: KnownOutput
    kind: Literal["gone", "changed", "unreadable"]
    text: str


class OutputsUnavailable(Unavailable):
    """The folder of the graphics cannot be read, so nothing is known of any of them."""


def audit_outputs(root: Path, known: Iterable[KnownOutput]) -> list[Problem]:
    """Return what is wrong with the outputs, in the order in which they come; one that was only touched is fine.

    Raises ``OutputsUnavailable`` when the root is not there or holds nothing though outputs are known: before any is
    looked at, and again before any is called gone.
    """
    outputs = list(known)
    if not outputs:
        return []
    _check_root(root)
    problems = [problem for output in outputs for problem in _examine(root, output)]
    if any(problem.kind != "changed" for problem in problems):
        _check_root(root)
    return problems


def _check_root(root: Path) -> None:
    try:
        holds_something = any(entry.name != UNFINISHED for entry in root.iterdir())
    except OSError as error:
        raise OutputsUnavailable(
            f"{root}: the folder of the graphics cannot be read ({error.strerror}); check the mount"
        ) from error
    if not holds_something:
        raise OutputsUnavailable(f"{root}: the folder of the graphics is empty, though graphics are; check the mount")


def _examine(root: Path, output: KnownOutput) -> Iterator[Problem]:
    path = root / output.path
    try:
        measure = stat_output(path)
        if measure == OutputStat(size_bytes=output.size_bytes, mtime_ns=output.mtime_ns):
            return
        if measure.size_bytes != output.size_bytes:
            text = f"{path}: has {measure.size_bytes:,} bytes, and had {output.size_bytes:,} when it was finished"
            yield Problem(output=output, kind="changed", text=f"{text}; make it again with: pokervod render remake")
        elif hash_output(path) != output.sha256:
            text = f"{path}: holds something else than when it was finished, in as many bytes"
            yield Problem(output=output, kind="changed", text=f"{text}; make it again with: pokervod render remake")
    except (FileNotFoundError, NotADirectoryError):
        text = f"{path}: is gone; put it back, or make it again with: pokervod render remake"
        yield Problem(output=output, kind="gone", text=text)
    except OSError as error:
        text = f"{path}: could not be read ({error.strerror}); check the rights and the mount"
        yield Problem(output=output, kind="unreadable", text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrenderedInstruction:
    """An instruction that ended without a file: its state, and what its path is made of."""

    id: int
    state: str
    template: str
    output: Mapping[str, Any]
    trigger_kind: str
    trigger_key: str
    version: int
    day: date


def list_expected_paths(root: Path, unmade: Iterable[UnrenderedInstruction]) -> dict[str, UnrenderedInstruction]:
    """Return where each would lie, as a path below the root; what has no place is left out."""
    return {place: each for each in unmade if (place := _find_place(root, each))}


def find_orphans(root: Path, places: Mapping[str, UnrenderedInstruction], owned: Collection[str]) -> dict[str, str]:
    """Return what lies at one of the places though it is no finished graphic's, with what to do, by path."""
    return {
        path: f"lies there, though instruction {each.id} is {each.state}: who moved it there could not say so; "
        f"`pokervod render retry {each.id}` makes it anew, or remove the file"
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
    except BadSettings:  # what has no place was never put there
        return None
