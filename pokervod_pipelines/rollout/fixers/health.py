"""Where a plan says that a service's health is asked: an address, or a path of a service that the plan names."""

from typing import Self

from pydantic import Field, model_validator

from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.fixers.base import CannotFix, Fixer
from pokervod_pipelines.rollout.fixers.calls import wait_until_healthy
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.rollout.services import At
from pokervod_pipelines.settings_rooms import HttpAddress


class HealthyFixer(Fixer):
    """A fixer after which a service must be well: ``health_path`` of ``service``, or the whole address ``health``."""

    service: str | None = Field(default=None, min_length=1, max_length=80)
    at: At = "address"
    health_path: UrlPath = "/health"
    health: HttpAddress | None = None
    wait_seconds: float = Field(default=120.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _is_asked_somewhere(self) -> Self:
        if (self.service is None) == (self.health is None):
            message = "health: give either the service, whose address the plan has, or the address itself"
            raise ValueError(message)
        return self

    def health_address(self, world: FixerWorld) -> str:
        """Return where health is asked. Raises ``CannotFix`` for a service without an address."""
        if self.health is not None:
            return self.health
        service = world.services.get(str(self.service))
        address = service.at(self.at) if service else None
        if address is None:
            raise CannotFix(
                f"nobody said where {self.service} is, so nobody could see whether it is well; "
                f"set rollout.services.{self.service}.{self.at} in the settings or the plan"
            )
        return address + self.health_path

    def await_health(self, world: FixerWorld) -> str:
        """Return a sentence once the service is well. Raises ``CannotFix`` when it is not in ``wait_seconds``."""
        return wait_until_healthy(self.health_address(world), self.wait_seconds)
