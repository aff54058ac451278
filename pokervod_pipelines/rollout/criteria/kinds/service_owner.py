"""``service_owner``: somebody answers for a service."""

from typing import Literal

from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence
from pokervod_pipelines.rollout.criteria.of_service import OfService
from pokervod_pipelines.rollout.criteria.world import World


class ServiceOwner(OfService):
    """The plan or the settings name the service's owner."""

    kind: Literal["service_owner"] = "service_owner"

    def check(self, world: World) -> Evidence:
        """Return who it is."""
        owner = world.service(self.service).owner
        if owner is None:
            said = f"nobody answers for {self.service}; set rollout.services.{self.service}.owner"
            return Evidence.fails(ErrorClass.DOCUMENT, said)
        return Evidence.passes(f"{owner} answers for {self.service}", figures={"owner": owner})
