"""A log says once in a while that the database is away, however often Dagster tries it."""

import logging
from pathlib import Path

import pytest
from dagster_postgres import utils

from pokervod_pipelines.logs.outages import PAUSE_SECONDS, RETRY, OutageFilter

GONE = "(psycopg2.OperationalError) connection refused\n\tIs the server running?\n(Background on this error at: x)"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        ((0, 0.3, 1, 5.9), [0]),
        ((0, PAUSE_SECONDS - 0.1, PAUSE_SECONDS, PAUSE_SECONDS + 1), [0, PAUSE_SECONDS]),
        ((20, 5, 6), [20, 5]),  # the clock was set back
    ],
)
def test_attempts_to_connect_are_written_at_most_once_in_a_while(
    seconds: tuple[float, ...], written: list[float]
) -> None:
    records = [
        logging.makeLogRecord({"msg": f"{RETRY} connection: %s", "args": (GONE,), "created": 1_000.0 + each})
        for each in seconds
    ]
    outages = OutageFilter()
    passed = [each for each in records if outages.filter(each)]

    assert [each.created - 1_000 for each in passed] == written
    assert {each.getMessage() for each in passed} == {
        f"{RETRY} connection: (psycopg2.OperationalError) connection refused"
    }


def test_other_records_are_as_they_were() -> None:
    outages = OutageFilter()
    record = logging.makeLogRecord({"msg": "%s\nsecond", "args": ("first",)})

    assert [outages.filter(record) for _ in range(2)] == [True, True]
    assert record.getMessage() == "first\nsecond"


def test_dagster_still_says_it_so() -> None:
    assert RETRY in Path(utils.__file__).read_text(encoding="utf-8")
