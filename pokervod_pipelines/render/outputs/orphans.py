"""Does a file lie where a graphic would, though the graphic was never finished? It is told, and never removed.

A worker that dies between moving a file and saying so leaves one, when nobody makes the graphic afterwards.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.render.outputs.paths import fill_path, place_output


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmade:
    """An instruction that ended without a file: its state, and what its path is made of."""

    id: int
    state: str
    template: str
    output: Mapping[str, Any]
    trigger_kind: str
    trigger_key: str
    version: int
    day: date


def list_places(root: Path, unmade: Iterable[Unmade]) -> dict[str, Unmade]:
    """Return where each would lie, as a path below the root; what has no place is left out."""
    return {place: each for each in unmade if (place := _find_place(root, each))}


def find_orphans(root: Path, places: Mapping[str, Unmade], owned: Collection[str]) -> dict[str, str]:
    """Return what lies at one of the places though it is no finished graphic's, with what to do, by path."""
    return {
        path: f"lies there, though instruction {each.id} is {each.state}: who moved it there could not say so; "
        f"`pokervod render retry {each.id}` makes it anew, or remove the file"
        for path, each in places.items()
        if path not in owned and os.path.lexists(root / path)
    }


def _find_place(root: Path, each: Unmade) -> str | None:
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
        return place_output(root, relative, each.output["format"]).relative_to(root).as_posix()
    except BadSettings:  # what has no place was never put there
        return None
