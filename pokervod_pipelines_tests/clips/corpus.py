"""Load the corpora of this room: one YAML file per kind of cell, one line per case."""

from pathlib import Path
from typing import Any

from pokervod_pipelines_tests.read_yaml import read_yaml

CASES = Path(__file__).parent.parent / "cases" / "clips"


def load_cases(name: str) -> Any:
    """Return the cases of one corpus."""
    return read_yaml(CASES / f"{name}.yml")
