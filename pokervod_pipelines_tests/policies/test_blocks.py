"""Check that each block retries, waits and stops as the issue has it, and that Dagster is told the same."""

from collections.abc import Callable
from functools import reduce

import dagster as dg
import pytest

from pokervod_pipelines.defs.stages import RETRIES, make_retry_policy
from pokervod_pipelines.events.types import BLOCKS as ROOMS
from pokervod_pipelines.policies.blocks import BLOCKS, BREAKER, list_services
from pokervod_pipelines.settings import Settings

EXPONENTIAL = dg.Backoff.EXPONENTIAL

EXPECTED = {
    "A": (3, 5.0, EXPONENTIAL),
    "B": (3, 5.0, EXPONENTIAL),
    "C": (2, 2.0, None),
    "D": (5, 10.0, EXPONENTIAL),
    "E": (1, 0.0, None),
    "F": (1, 0.0, None),
    "G": (1, 0.0, None),
}
"""Attempts in all, seconds before the second, and how later waits grow."""


@pytest.mark.parametrize("block", EXPECTED)
def test_each_block_retries_as_dagster_is_told(settings_factory: Callable[..., Settings], block: str) -> None:
    policy = make_retry_policy(block, settings_factory())

    assert (policy.max_retries + 1, policy.delay, policy.backoff) == EXPECTED[block]
    assert BLOCKS[block].attempts == EXPECTED[block][0]


def test_each_block_says_when_it_stops_asking() -> None:
    assert BLOCKS.keys() == EXPECTED.keys() == ROOMS.keys()
    assert [block for block, policy in BLOCKS.items() if policy.is_behind_breaker] == ["C", "D", "E"]
    assert [block for block, policy in BLOCKS.items() if policy.undoes] == ["G"]
    assert (BREAKER.failures, BREAKER.open_seconds) == (5, 60.0)


def test_a_first_wait_of_the_settings_counts(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(retries={"nas_seconds": 0, "sheets_seconds": 3, "clips_seconds": 7})

    delays = {stage: make(settings).delay for stage, make in RETRIES.items()}
    expected = {"nas": 0, "media": 0, "catalog": 0, "sheets": 3, "clips": 7, "statuses": 3}
    assert {stage: delays[stage] for stage in expected} == expected


def test_the_limits_of_an_attempt_are_settings(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory()
    for policy in BLOCKS.values():
        for name in policy.limits:
            assert reduce(getattr, name.split("."), settings) > 0  # type: ignore[operator]


def test_every_service_and_every_channel_has_a_breaker(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(alerts={"channels": [{"name": "ops_mail"}, {"name": "slack"}]})

    names = [service.name for service in list_services(settings)]
    assert names == ["nexrender", "sheets", "drive", "channel:ops_mail", "channel:slack"]
