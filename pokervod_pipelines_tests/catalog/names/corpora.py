"""Read the corpora of names: made-up names in the shapes of real ones, one YAML file per group of families.

A case is a path and the fields that it encodes; every field that is not listed must come out as None.
"""

from pathlib import Path
from typing import NamedTuple

from pokervod_pipelines_tests.read_yaml import read_yaml

_FOLDER = Path(__file__).parents[2] / "cases" / "names"


class Case(NamedTuple):
    """Hold one name and what it encodes."""

    path: str
    answer: dict[str, object]


def read_cases(*files: str) -> list[Case]:
    """Return the cases of the named files (without ``.yaml``), or of all."""
    chosen = sorted(_FOLDER / f"{name}.yaml" for name in files) or sorted(_FOLDER.glob("*.yaml"))
    rows = [row for file in chosen for row in read_yaml(file)]
    return [Case(row["path"], _as_answer(row.get("answer", {}))) for row in rows]


def _as_answer(answer: dict[str, object]) -> dict[str, object]:
    plain = dict(answer)
    if "players" in plain:
        plain["players"] = tuple(plain["players"])  # type: ignore[arg-type]
    if "date" in plain:
        plain["date"] = str(plain["date"])
    return plain
