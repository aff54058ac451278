"""Describe the services under rollout: their document, their addresses, their owner.

A secret in an address is never shown: ``show_address`` removes it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, get_args
from urllib.parse import urlsplit

from pokervod_pipelines.settings.rollout import RolloutService

AddressKind = Literal["address", "mock", "production"]

SERVICE_VARIABLE = "POKERVOD_SERVICE_"
"""Prefix of the variables with addresses, such as ``POKERVOD_SERVICE_SEARCH_ADDRESS``; they may contain a password."""

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}


def list_addresses(services: Iterable[RolloutService]) -> list[str]:
    """Return every address of the services."""
    return [address for each in services for kind in get_args(AddressKind) if (address := getattr(each, kind))]


def merge_services(
    services: Mapping[str, RolloutService], given: Mapping[str, RolloutService]
) -> dict[str, RolloutService]:
    """Return the services with the fields given for them replaced, and the further services given."""
    merged = dict(services)
    for name, service in given.items():
        merged[name] = merged.get(name, service).model_copy(update=service.model_dump(exclude_unset=True))
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
