"""Check which cron lines the settings read, and what they say of others; ``test_status_rules`` asks Dagster too."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pokervod_pipelines.settings.cron import read_cron
from pokervod_pipelines.settings.fields import CronLine

TYPE: TypeAdapter[Any] = TypeAdapter(CronLine)


@pytest.mark.parametrize(
    ("cron", "field", "numbers"),
    [
        ("5/15 3 * * *", "minutes", {5, 20, 35, 50}),
        ("0 22-2 * * *", "hours", {22, 23, 0, 1, 2}),
        ("0 3 * DEC-feb *", "months", {12, 1, 2}),
        ("0 3 * * 6-1", "weekdays", {6, 0, 1}),
        ("0 3 * * 5-7", "weekdays", {5, 6, 0}),
        ("0 3 * * fri,7", "weekdays", {5, 0}),
        ("0 3 */10 * 1", "days", {1, 11, 21, 31}),
        ("0 3 */2 * *", "weekdays", None),
        ("0 3 */1 * */2", "days", None),  # as in Dagster every day says nothing beside a field with `*`
    ],
)
def test_a_cron_line_names_its_times(cron: str, field: str, numbers: set[int] | None) -> None:
    assert getattr(read_cron(cron), field) == numbers
    assert TYPE.validate_python(cron) == cron


@pytest.mark.parametrize(
    ("cron", "says"),
    [
        ("at night", "it has to have five fields: minute hour day month weekday"),
        ("0 3 * * * *", "it has to have five fields"),
        ("@daily", "it has to have five fields"),
        ("0 99 * * *", "expected 0 to 23, got '99' in its hour '99'"),
        ("0 3 0 * *", "expected 1 to 31, got '0' in its day"),
        ("0 3 L * *", "expected 1 to 31, got 'l' in its day"),
        ("0 3 * * L5", "expected 0 to 6 or sun to sat, got 'l5' in its weekday"),
        ("0 3 * * mon#2", "expected 0 to 6 or sun to sat, got 'mon#2' in its weekday"),
        ("0 3 * mon *", "expected 1 to 12 or jan to dec, got 'mon' in its month"),
        ("0 5-5 * * *", "a range has to end elsewhere than it begins; write one number or `*` in its hour '5-5'"),
        ("0 22-2/2 * * *", "a range past the end takes no step in its hour '22-2/2'"),
        ("*/0 3 * * *", "a step has to be a number from 1 in its minute '*/0'"),
        ("0 3 *,5 * *", "`*` has to stand alone or before a step in its day '*,5'"),
        ("0 3 30 2 *", "no month of it has its day"),
        ("0 3 31 4,6 mon", "no month of it has its day"),
        ("* * * * *", "which is every minute"),
    ],
)
def test_a_line_that_dagster_reads_otherwise_or_not_is_refused(cron: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TYPE.validate_python(cron)

    assert f"got {cron!r}" in str(caught.value)
    assert says in str(caught.value)
