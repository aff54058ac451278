"""Give the examples of the document: answers of a real server, shortened; a test checks that each fits its schema."""

import json
from importlib.resources import files
from typing import Any


def read_examples(group: str) -> dict[str, Any]:
    """Return the examples of a group of routes by name; its file here has the group's name."""
    examples: dict[str, Any] = json.loads(files(__package__).joinpath(f"{group}.json").read_text(encoding="utf-8"))
    return examples
