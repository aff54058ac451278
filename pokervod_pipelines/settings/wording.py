"""Word what pydantic refused: what was expected and what was found, in the words of the person who wrote the file."""

from collections.abc import Mapping
from datetime import date
from typing import Any

_EXPECTED = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
    "path_type": "a path",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number that is finite",
    "date_type": "a day such as 2027-01-31 without quotes",
    "date_from_datetime_parsing": "a day such as 2027-01-31 without quotes",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "at least {min_length} {characters}",
    "string_too_long": "at most {max_length} {characters}",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} {entries}",
    "too_long": "at most {max_length} {entries}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}
"""What was expected, by pydantic's types of errors; in other words than its own."""

_FOUND = {type(None): "nothing", dict: "a mapping", list: "a list", str: "text"}

MAX_SHOWN = 80
"""Characters of what was found."""


def word_problem(problem: Mapping[str, Any], *, is_secret: bool = False) -> str:
    """Return what is wrong, as in "expected at least 1, got 0"; what ``is_secret`` is shown by its type only."""
    if problem["type"] == "missing":
        return "required"
    expected, found = _EXPECTED.get(problem["type"]), problem["input"]
    if expected is None:
        return str(problem["msg"]).removeprefix("Value error, ")
    if isinstance(found, str | float | int | date) and not is_secret:
        shown = repr(_trim(found)) if isinstance(found, str) else _trim(str(found))
    else:
        shown = _FOUND.get(type(found), type(found).__name__)
    limits = {
        name: int(limit) if isinstance(limit, float) and limit.is_integer() else limit
        for name, limit in problem.get("ctx", {}).items()
    }
    is_one = 1 in {limits.get("min_length"), limits.get("max_length")}
    nouns = {"characters": "character" if is_one else "characters", "entries": "entry" if is_one else "entries"}
    return f"expected {expected.format(**limits, **nouns)}, got {limits.get('actual_length', shown)}"


def _trim(found: str) -> str:
    return found if len(found) <= MAX_SHOWN else f"{found[: MAX_SHOWN - 1]}…"
