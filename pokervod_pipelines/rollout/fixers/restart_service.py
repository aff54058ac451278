"""``restart_service``: a service is started anew by its hook, its systemd unit or an allowed command; then it is well.

A hook is an address that takes a POST, such as the one that brings out a new revision of a Cloud Run service.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from pokervod_pipelines.rollout.fixers.base import CannotFix, FailedCriterion, Step
from pokervod_pipelines.rollout.fixers.calls import describe_status, is_success, post, show_host
from pokervod_pipelines.rollout.fixers.commands import find_command, run_to_success
from pokervod_pipelines.rollout.fixers.health import HealthyFixer
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.settings_rollout import Unit
from pokervod_pipelines.settings_rooms import HttpAddress, Name

TokenVariable = Annotated[str, StringConstraints(pattern=r"^POKERVOD_HOOK_[A-Z0-9_]{1,60}$")]
"""A variable that holds a hook's token; by its name no other secret can be sent away."""


class RestartService(HealthyFixer):
    """Exactly one of ``hook``, ``unit`` and ``command``; ``seconds`` bounds it, ``wait_seconds`` the wait for health.

    The hook is called with the token of the environment variable ``token_variable``, if there is one, and ``body``.
    """

    kind: ClassVar[str] = "restart_service"

    hook: HttpAddress | None = None
    token_variable: TokenVariable | None = None
    body: Mapping[str, Any] | None = None
    unit: Unit | None = None
    command: Name | None = None
    seconds: float = Field(default=60.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        ways = [way for way in ("hook", "unit", "command") if getattr(self, way) is not None]
        if len(ways) != 1:
            message = f"give one of hook, unit and command; there {'is none' if not ways else 'are ' + ', '.join(ways)}"
            raise ValueError(message)
        if self.hook is None and (self.token_variable is not None or self.body is not None):
            message = "token_variable: a token and a body are for a hook only"
            raise ValueError(message)
        return self

    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        """Return the restart. Raises ``CannotFix`` for what is not allowed, no token and no address of health."""
        health = show_host(self.health_address(world))
        if self.hook is not None:
            return self._by_hook(world, self.hook, health)
        if self.unit is not None:
            name, arguments = f"systemctl restart {self.unit}", self._find_unit(world, self.unit)
        else:
            name = str(self.command)
            arguments = find_command(world, name)

        def run() -> str:
            run_to_success(world, name, arguments, self.seconds)
            return f"ran {name!r}; {health} is {self.await_health(world)}"

        return Step(f"run {name!r} and wait until {health} is well", run)

    def _by_hook(self, world: FixerWorld, hook: str, health: str) -> Step:
        shown = show_host(hook)
        token = self._find_token(world)

        def run() -> str:
            status = post(hook, token=token, body=self.body, seconds=self.seconds)
            if not is_success(status):
                raise CannotFix(
                    f"the hook at {shown} answered {status} {describe_status(status)}{self._advise(status)}"
                )
            return f"called the hook at {shown}; {health} is {self.await_health(world)}"

        return Step(f"call the hook at {shown} and wait until {health} is well", run)

    def _find_token(self, world: FixerWorld) -> str | None:
        if self.token_variable is None:
            return None
        token = world.environment.get(self.token_variable, "").strip()
        if not token:
            raise CannotFix(f"{self.token_variable} is not set: put the hook's token there")
        if not token.isascii() or not token.isprintable():
            raise CannotFix(f"{self.token_variable} holds signs that no token has: set it anew")
        return token

    def _advise(self, status: int) -> str:
        if status not in {401, 403}:
            return ""
        where = f"in {self.token_variable}" if self.token_variable else "by token_variable in the plan"
        return f": it wants a valid token {where}"

    @staticmethod
    def _find_unit(world: FixerWorld, unit: str) -> tuple[str, ...]:
        if unit not in world.rights.units:
            known = ", ".join(sorted(world.rights.units)) or "none"
            raise CannotFix(
                f"the unit {unit} is not allowed (allowed: {known}); an administrator adds it to rollout.fixers.units"
            )
        return ("systemctl", "--no-ask-password", "restart", unit)
