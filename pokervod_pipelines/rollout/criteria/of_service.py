"""What the criteria share that look at a service: its name, and which of its addresses."""

from abc import ABC
from collections.abc import Iterator

from pokervod_pipelines.rollout.criteria.base import Criterion, Fault, House
from pokervod_pipelines.rollout.services import At


class OfService(Criterion, ABC):
    """A criterion about one service of the plan. ``service: all`` in a plan makes one for each."""

    service: str

    def find_faults(self, house: House) -> Iterator[Fault]:
        """Tell whether the service is one that the plan or the settings name."""
        if self.service not in house.services:
            known = ", ".join(house.services) or "none"
            yield ("service",), f"service: there is no {self.service!r}; there are {known}"


class OfAddress(OfService, ABC):
    """A criterion about what a service answers at one of its addresses."""

    at: At = "address"
