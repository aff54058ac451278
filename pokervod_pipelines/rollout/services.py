"""Describe the services under rollout: their document, their addresses, their owner.

A secret in an address is never shown: ``show_address`` removes it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pokervod_pipelines.rollout.criteria.fields import RelativePath, Title

AddressKind = Literal["address", "mock", "production"]

SERVICE_VARIABLE = "POKERVOD_SERVICE_"
"""Prefix of the variables with addresses, such as ``POKERVOD_SERVICE_SEARCH_ADDRESS``; they may contain a password."""

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}


def _check_address(text: str) -> str:
    if _split(text) is None:
        shown = "one with `@`, not shown for its password" if "@" in text else repr(show_address(text))
        message = f"expected an address such as 'https://search.example.org' without query and blanks, got {shown}"
        raise ValueError(message)
    return text.rstrip("/")


def _split(text: str) -> SplitResult | None:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        return None
    try:
        parts = urlsplit(text)
        is_valid = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port out of range, or half an IPv6 address
        return None
    return parts if is_valid else None


Address = Annotated[str, AfterValidator(_check_address)]
"""The root of a service, without a slash at its end. From the environment it may contain a user and password."""


class ServiceUnderRollout(BaseModel):
    """Describe a service: its OpenAPI document, where it runs, where its mock runs, who owns it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: RelativePath | None = Field(default=None, description="Its OpenAPI document, below the plan's folder.")
    address: Address | None = Field(default=None, description="Where it runs.")
    mock: Address | None = Field(default=None, description="Where its mock runs.")
    production: Address | None = Field(default=None, description="Where it runs in production.")
    owner: Title | None = Field(default=None, description="Who owns it.")

    def find_address(self, kind: AddressKind) -> str | None:
        """Return its address of that kind, or None where none is known."""
        return {"address": self.address, "mock": self.mock, "production": self.production}[kind]


def list_addresses(services: Iterable[ServiceUnderRollout]) -> list[str]:
    """Return every address of the services."""
    return [address for each in services for address in (each.address, each.mock, each.production) if address]


def merge_services(
    services: Mapping[str, ServiceUnderRollout], given: Mapping[str, ServiceUnderRollout]
) -> dict[str, ServiceUnderRollout]:
    """Return the services with the fields given for them replaced, and the further services given."""
    merged = dict(services)
    for name, service in given.items():
        fields = {field: getattr(service, field) for field in service.model_fields_set}
        merged[name] = merged.get(name, ServiceUnderRollout()).model_copy(update=fields)
    return merged


def has_user(address: str) -> bool:
    """Return whether the address contains a user or password."""
    return "@" in address.partition("://")[2].partition("/")[0]


def show_address(address: str) -> str:
    """Return the address without user, password and query, which may be secret."""
    shown = re.sub(r"(?<=://)[^/?#]*@", "", address)
    return re.split(r"[?#]", shown, maxsplit=1)[0]


def is_same_address(one: str, other: str) -> bool:
    """Return whether two addresses lead to the same service, whatever their scheme, case and name of this machine."""
    return _normalize(one) == _normalize(other)


def _normalize(address: str) -> tuple[str, int | None, str]:
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    return "localhost" if host in _LOCAL_HOSTS else host, parts.port or _PORTS.get(parts.scheme), parts.path.rstrip("/")
