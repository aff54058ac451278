"""Load the corpora of this room: one YAML file per kind of cell, one line per case."""

from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).parent.parent / "cases" / "clips"


def load_cases(name: str) -> Any:
    """Return the cases of one corpus."""
    return yaml.safe_load((CASES / f"{name}.yml").read_text(encoding="utf-8"))
