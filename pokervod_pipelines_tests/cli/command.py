"""Describe how a command ended, and escalate a rollout."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder

WHY = ("--reason", "the table was filled by hand", "--by", "eva")


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """Hold what a command printed on both outputs, the error that it ended with or "", and its exit status."""

    printed: str
    errors: str
    error: str
    status: int

    @property
    def json(self) -> Any:
        return json.loads(self.printed)


RunCommand = Callable[..., CommandResult]


def escalate(plans: PlanFolder, pokervod: RunCommand) -> CommandResult:
    """Make week 2 of the rollout fail for the last time."""
    plans.write(attempts=1)
    plans.prove(1, 3, 4)
    return pokervod("rollout", "run")
