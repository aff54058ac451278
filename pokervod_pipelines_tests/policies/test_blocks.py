"""Check that each block retries, waits and stops as the issue has it, and that Dagster is told the same."""

import re
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import dagster as dg
import pytest

from pokervod_pipelines.defs.stages import RETRIES, make_retry_policy
from pokervod_pipelines.events.types import BLOCKS as ROOMS
from pokervod_pipelines.policies.blocks import BREAKER, POLICIES, list_services
from pokervod_pipelines.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "breakers.md"
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


def make_row(block: str) -> str:
    """Return the row of the page for a block."""
    policy = POLICIES[block]
    wait = f"{'grows from ' * policy.is_exponential}{policy.first_seconds:g} s"
    setting = f" (`retries.{policy.setting}`)" if policy.setting else ""
    services = ", ".join(service.title for service in policy.services)
    cells = (
        f"{block}: {', '.join(ROOMS[block])}",
        str(policy.attempts),
        wait + setting if policy.attempts > 1 else "",
        ", ".join(f"`{limit}`" for limit in policy.limits),
        (services or "yes") if policy.is_behind_breaker else "",
        "is rolled back" if policy.undoes else "",
    )
    return f"| {' | '.join(cells)} |"


def test_the_page_has_the_policy_of_each_block() -> None:
    rows = [make_row(block) for block in ROOMS]

    assert re.findall(r"^\| [A-Z]: .*\|$", PAGE.read_text(encoding="utf-8"), re.M) == rows, "paste:\n" + "\n".join(rows)


def test_the_page_says_how_long_a_service_is_left_alone() -> None:
    words = " ".join(PAGE.read_text(encoding="utf-8").split())

    assert f"**open**: for {BREAKER.open_seconds:g} s nobody calls" in words
    assert f"after {BREAKER.failures} calls in a row without an answer" in words


def test_a_first_wait_of_the_settings_counts(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(retries={"nas_seconds": 0, "sheets_seconds": 3, "clips_seconds": 7})

    delays = {stage: make(settings).delay for stage, make in RETRIES.items()}
    expected = {"nas": 0, "media": 0, "catalog": 0, "sheets": 3, "clips": 7, "statuses": 3}
    assert {stage: delays[stage] for stage in expected} == expected


def test_the_limits_of_an_attempt_are_settings(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory()
    for policy in POLICIES.values():
        for name in policy.limits:
            assert reduce(getattr, name.split("."), settings) > 0  # type: ignore[operator]


def test_every_service_and_every_channel_has_a_breaker(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(alerts={"channels": [{"name": "ops_mail"}, {"name": "slack"}]})

    names = [service.name for service in list_services(settings)]
    assert names == ["nexrender", "sheets", "drive", "channel:ops_mail", "channel:slack"]
