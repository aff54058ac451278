"""``rebuild_mocks``: an allowed command makes a service's mock anew from its document; then it is well."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from pokervod_pipelines.rollout.fixers.base import FailedCriterion, Step
from pokervod_pipelines.rollout.fixers.calls import show_host
from pokervod_pipelines.rollout.fixers.commands import find_command, run_to_success
from pokervod_pipelines.rollout.fixers.health import HealthyFixer
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.rollout.services import At
from pokervod_pipelines.settings_rooms import Name


class RebuildMocks(HealthyFixer):
    """The command has ended well within ``seconds``, and the mock answers within ``wait_seconds`` after it."""

    kind: ClassVar[str] = "rebuild_mocks"

    at: At = "mock"
    command: Name
    seconds: float = Field(default=300.0, gt=0, le=3600)

    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed and a service without address."""
        arguments = find_command(world, self.command)
        health = show_host(self.health_address(world))

        def run() -> str:
            run_to_success(world, self.command, arguments, self.seconds)
            return f"ran {self.command!r}; the mock at {health} is {self.await_health(world)}"

        return Step(f"run {self.command!r} and wait until the mock at {health} is well", run)
