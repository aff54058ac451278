"""Check the words for what pydantic refused."""

from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from pokervod_pipelines.settings.wording import MAX_SHOWN, word_problem

Short = Annotated[str, Field(min_length=1, max_length=3)]
Few = Annotated[list[int], Field(min_length=1, max_length=2)]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Short, "", "expected at least 1 character, got ''"),
        (Short, "abcd", "expected at most 3 characters, got 'abcd'"),
        (Short, "x" * 200, f"expected at most 3 characters, got '{'x' * (MAX_SHOWN - 1)}…'"),
        (Few, [], "expected at least 1 entry, got 0"),
        (Few, [1, 2, 3], "expected at most 2 entries, got 3"),
        (Annotated[int, Field(ge=1)], 0, "expected at least 1, got 0"),
        (int, "abc", "expected a whole number, got 'abc'"),
    ],
)
def test_what_is_expected_and_what_was_found_is_said(kind: Any, value: object, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)

    assert word_problem(caught.value.errors()[0]) == expected
