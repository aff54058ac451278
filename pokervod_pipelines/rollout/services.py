"""The services that a plan speaks of: their document, their addresses, who owns them.

A secret in an address never leaves here: ``show_address`` is how one is told to a person.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pokervod_pipelines.rollout.criteria.fields import RelativePath, Title

At = Literal["address", "mock", "production"]
"""Which of a service's addresses is meant."""

_HOME = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}


def _check_address(text: str) -> str:
    parts = _split(text)
    if parts is None:
        message = f"{show_address(text)!r} is no address such as 'https://search.example.org', without query or blank"
        raise ValueError(message)
    return text.rstrip("/")


def _split(text: str) -> SplitResult | None:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        return None
    try:
        parts = urlsplit(text)
        is_sound = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port out of range, or half an IPv6 address
        return None
    return parts if is_sound else None


Address = Annotated[str, AfterValidator(_check_address)]
"""The root of a service, without a slash at its end. A user and password may stand in it, though not in a plan."""


class Service(BaseModel):
    """A service: the OpenAPI document it keeps to, where it runs, where its mock runs, who answers for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: RelativePath | None = Field(default=None, description="Its OpenAPI document, below the plan's folder.")
    address: Address | None = Field(default=None, description="Where it runs.")
    mock: Address | None = Field(default=None, description="Where what stands in for it runs.")
    production: Address | None = Field(default=None, description="Where it runs in production.")
    owner: Title | None = Field(default=None, description="Who answers for it.")

    def at(self, place: At) -> str | None:
        """Return its address there, None where none is known."""
        return {"address": self.address, "mock": self.mock, "production": self.production}[place]


def change_services(services: Mapping[str, Service], given: Mapping[str, Service]) -> dict[str, Service]:
    """Return the services, each with what is given of it in place of what it had, and the further ones given."""
    changed = dict(services)
    for name, service in given.items():
        told = {field: getattr(service, field) for field in service.model_fields_set}
        changed[name] = changed.get(name, Service()).model_copy(update=told)
    return changed


def has_user(address: str) -> bool:
    """Return whether a user or password stands in the address."""
    return "@" in address.partition("://")[2].partition("/")[0]


def show_address(address: str) -> str:
    """Return the address as it may be shown: without user, password and query."""
    shown = re.sub(r"(?<=://)[^/?#]*@", "", address)
    return re.split(r"[?#]", shown, maxsplit=1)[0]


def is_same_place(one: str, other: str) -> bool:
    """Return whether two addresses lead to the same place: scheme, case and the names of this machine apart."""
    return _place(one) == _place(other)


def _place(address: str) -> tuple[str, int | None, str]:
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    return "localhost" if host in _HOME else host, parts.port or _PORTS.get(parts.scheme), parts.path.rstrip("/")
