"""Make events with payloads that their types have."""

from datetime import date, datetime
from functools import cache
from types import NoneType
from typing import Any, get_args

from pokervod_pipelines.events import EventType, NewEvent
from pokervod_pipelines.events.payloads import find_payload

_VALUES = {
    bool: False,
    int: 1,
    float: 1.5,
    str: "text",
    datetime: "2031-07-01T18:00:00+00:00",
    date: "2031-07-01",
    tuple: [],
}


def make_event(type_: EventType, **payload: Any) -> NewEvent:
    """Return an event of that type; what it needs and is not given is made up."""
    return NewEvent(type_, _make_up(type_) | payload)


@cache
def _make_up(type_: EventType) -> dict[str, Any]:
    needed = {name: field for name, field in find_payload(type_).model_fields.items() if field.is_required()}
    return {field.alias or name: _make_value(field.annotation) for name, field in needed.items()}


def _make_value(annotation: Any) -> Any:
    if NoneType in get_args(annotation) or annotation is Any:
        return None
    origin = getattr(annotation, "__origin__", annotation)
    return _VALUES.get(origin, {})
