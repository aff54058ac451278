"""Check that stars are counted in any drawing, and anything else is refused."""

from typing import Any

import pytest

from pokervod_pipelines.clips.grades import UnknownGrade, format_grade, parse_grade
from pokervod_pipelines_tests.clips.corpus import load_cases

CASES: dict[str, Any] = load_cases("grades")


@pytest.mark.parametrize(("text", "grade"), CASES["graded"])
def test_stars_are_counted(text: str, grade: int) -> None:
    assert parse_grade(text) == grade


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_blank_grade_is_no_grade(text: str) -> None:
    assert parse_grade(text) is None


@pytest.mark.parametrize("text", CASES["refused"])
def test_what_is_no_grade_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(UnknownGrade, match="expected ★"):
        parse_grade(text)


@pytest.mark.parametrize("grade", [1, 2, 3])
def test_a_formatted_grade_is_read_back(grade: int) -> None:
    assert parse_grade(format_grade(grade)) == grade
