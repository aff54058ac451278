"""Check ``service_owner``: a service has an owner."""

from typing import Literal

from pokervod_pipelines.rollout.criteria.base import ServiceCriterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass


class ServiceOwner(ServiceCriterion):
    """Expect the plan or the settings to name the service's owner."""

    kind: Literal["service_owner"] = "service_owner"

    def check(self, context: CheckContext) -> CriterionResult:
        """Return the owner's name."""
        owner = context.find_service(self.service).owner
        if owner is None:
            message = f"{self.service} has no owner; set rollout.services.{self.service}.owner"
            return CriterionResult.fails(ErrorClass.DOCUMENT, message)
        return CriterionResult.passes(f"{owner} owns {self.service}", figures={"owner": owner})
