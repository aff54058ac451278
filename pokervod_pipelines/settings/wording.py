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
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number that is finite",
    "date_type": "a day such as 2027-01-31 without quotes",
    "date_from_datetime_parsing": "a day such as 2027-01-31 without quotes",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} entries",
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
        return str(problem["msg"])
    if isinstance(found, str | float | int | date) and not is_secret:
        shown = (repr(found) if isinstance(found, str) else str(found))[:MAX_SHOWN]
    else:
        shown = _FOUND.get(type(found), type(found).__name__)
    return f"expected {expected.format(**problem.get('ctx', {}))}, got {shown}"
