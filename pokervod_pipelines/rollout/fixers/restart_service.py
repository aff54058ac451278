"""Fix by a restart: of a service by its hook, its systemd unit or an allowed command, then wait until it is healthy.

A hook is an address that takes a POST, such as the one that deploys a new revision of a Cloud Run service.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from pokervod_pipelines.rollout.fixers.base import FailedCriterion, FixStep
from pokervod_pipelines.rollout.fixers.context import CannotFix, FixContext
from pokervod_pipelines.rollout.fixers.health import HealthFixer, call_once, describe_status, show_host
from pokervod_pipelines.rollout.services import AddressKind
from pokervod_pipelines.settings.fields import HttpAddress, Name
from pokervod_pipelines.settings.rollout import Unit

TokenVariable = Annotated[str, StringConstraints(pattern=r"^POKERVOD_HOOK_[A-Z0-9_]{1,60}$")]
"""A variable that contains a hook's token; the prefix keeps a plan from sending any other secret."""


class RestartService(HealthFixer):
    """Restart by exactly one of ``hook``, ``unit`` and ``command``, within ``seconds``; then wait for health.

    The hook is called with the token of the environment variable ``token_variable``, if given, and ``body``.
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
            message = f"expected one of hook, unit and command, got {' and '.join(ways) or 'none'}"
            raise ValueError(message)
        if self.hook is None and (self.token_variable is not None or self.body is not None):
            message = "token_variable: a token and a body are for a hook only"
            raise ValueError(message)
        return self

    def prepare(self, context: FixContext, failed: Sequence[FailedCriterion]) -> FixStep:
        """Return the restart. Raises ``CannotFix`` without a right, a token or an address of the health check."""
        health = show_host(self.health_address(context))
        if self.hook is not None:
            return self._by_hook(context, self.hook, health)
        if self.unit is not None:
            name, arguments = f"systemctl restart {self.unit}", self._find_unit(context, self.unit)
        else:
            name = str(self.command)
            arguments = context.find_command(name)

        def run() -> str:
            context.run_to_success(name, arguments, self.seconds)
            return f"ran {name!r}; {health} is {self.await_health(context)}"

        return FixStep(f"run {name!r} and wait until {health} is healthy", run)

    def _by_hook(self, context: FixContext, hook: str, health: str) -> FixStep:
        shown = show_host(hook)
        token = self._find_token(context)

        def run() -> str:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            status = call_once("POST", hook, self.seconds, headers=headers, json={} if self.body is None else self.body)
            if not 200 <= status < 300:
                raise CannotFix(f"the hook at {shown} answered {describe_status(status)}{self._advise(status)}")
            return f"called the hook at {shown}; {health} is {self.await_health(context)}"

        return FixStep(f"call the hook at {shown} and wait until {health} is healthy", run)

    def _find_token(self, context: FixContext) -> str | None:
        if self.token_variable is None:
            return None
        token = context.environment.get(self.token_variable, "").strip()
        if not token:
            raise CannotFix(f"{self.token_variable} is not set; set it to the hook's token")
        if not token.isascii() or not token.isprintable():
            raise CannotFix(f"{self.token_variable} contains characters that no token has; set it again")
        return token

    def _advise(self, status: int) -> str:
        if status not in {401, 403}:
            return ""
        where = f"in {self.token_variable}" if self.token_variable else "by token_variable in the plan"
        return f"; it requires a valid token {where}"

    @staticmethod
    def _find_unit(context: FixContext, unit: str) -> tuple[str, ...]:
        if unit not in context.rights.units:
            known = ", ".join(sorted(context.rights.units)) or "none"
            raise CannotFix(
                f"the unit {unit} is not allowed (allowed: {known}); an administrator adds it to rollout.fixers.units"
            )
        return ("systemctl", "--no-ask-password", "restart", unit)


class RebuildMocks(RestartService):
    """Rebuild the mock of the service, and expect the mock to be healthy."""

    kind: ClassVar[str] = "rebuild_mocks"

    at: AddressKind = "mock"
    seconds: float = Field(default=300.0, gt=0, le=3600)
