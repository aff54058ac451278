"""Read what a sensor kept as a text: Dagster's UI lets a person edit it, and another version may have written it."""

import logging
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")

_log = logging.getLogger(__name__)


def read_cursor(kind: TypeAdapter[T], cursor: str | None, sensor: str) -> T | None:
    """Return what the cursor holds, None for an empty one and for one that is not of that kind, which is logged."""
    if not cursor:
        return None
    try:
        return kind.validate_json(cursor)
    except ValidationError as error:
        _log.warning("the cursor of %s cannot be read, it begins anew: %s", sensor, error.errors()[0]["msg"])
        return None
