"""Describe the services under rollout: their document, their addresses, their owner.

A secret in an address is never shown: ``show_address`` removes it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, get_args
from urllib.parse import urlsplit

from pokervod_pipelines.rollout.criteria.fields import RelativePath, Title
from pokervod_pipelines.settings.rollout import RolloutService

AddressKind = Literal["address", "mock", "production"]

SERVICE_VARIABLE = "POKERVOD_SERVICE_"
"""Prefix of the variables with addresses, such as ``POKERVOD_SERVICE_SEARCH_ADDRESS``; they may contain a password."""

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}


class ServiceUnderRollout(RolloutService):
    """Describe a service of a plan; an address from the environment may contain a user and password."""

    document: RelativePath | None = None
    owner: Title | None = None

    def find_address(self, kind: AddressKind) -> str | None:
        """Return its address of that kind, or None where none is known."""
        found: str | None = getattr(self, kind)
        return found


def list_addresses(services: Iterable[ServiceUnderRollout]) -> list[str]:
    """Return every address of the services."""
    return [address for each in services for kind in get_args(AddressKind) if (address := each.find_address(kind))]


def merge_services(
    services: Mapping[str, ServiceUnderRollout], given: Mapping[str, ServiceUnderRollout]
) -> dict[str, ServiceUnderRollout]:
    """Return the services with the fields given for them replaced, and the further services given."""
    merged = dict(services)
    for name, service in given.items():
        fields = {field: getattr(service, field) for field in service.model_fields_set}
        merged[name] = merged.get(name, ServiceUnderRollout()).model_copy(update=fields)
    return merged


def show_address(address: str) -> str:
    """Return the address without user and password."""
    return re.sub(r"(?<=://)[^/?#]*@", "", address)


def is_same_address(one: str, other: str) -> bool:
    """Return whether two addresses lead to the same service, whatever their scheme, case and name of this machine."""
    return _normalize(one) == _normalize(other)


def _normalize(address: str) -> tuple[str, int | None, str]:
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    return "localhost" if host in _LOCAL_HOSTS else host, parts.port or _PORTS.get(parts.scheme), parts.path.rstrip("/")
