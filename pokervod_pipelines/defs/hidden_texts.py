"""Hide from viewers what Dagster tells inside the broadcast delay, in queries and in subscriptions.

Metadata shows premium hands and pictures of graphics, messages and errors quote layers. An event is younger than the
hand that it tells of, so its texts are shown when the delay after it is over. What a run printed has no time: it is
for operators.
"""

import time
from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    default_field_resolver,
)

Resolver = Callable[..., Any]

TEXTS = frozenset({"message", "description", "metadataEntries", "error", "skipReason", "failureMetadata"})
"""Fields, of types with a time, that may quote a hand."""

PRINTED = frozenset({"stdout", "stderr"})

WITHHELD = "for operators until the broadcast delay is over"

MILLISECONDS_FROM = 1e11
"""A larger time counts milliseconds: events have those, ticks and checks have seconds."""


def hide_texts(schema: GraphQLSchema, delay_seconds: float) -> None:
    """Let the schema withhold the texts of what happened within so many seconds."""
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        when = kind.fields.get("timestamp")
        for name, field in kind.fields.items():
            if name in PRINTED:
                field.resolve = _withhold(field)
            elif when is not None and name in TEXTS:
                field.resolve = _withhold_young(field, when.resolve or default_field_resolver, delay_seconds)


def _withhold(field: GraphQLField) -> Resolver:
    def resolve(*_: Any, **__: Any) -> Any:
        return make_empty(field.type)

    return resolve


def _withhold_young(field: GraphQLField, find_time: Resolver, delay_seconds: float) -> Resolver:
    show = field.resolve or default_field_resolver

    def resolve(root: Any, info: Any, **arguments: Any) -> Any:
        if is_young(_find_time(root, info, find_time), delay_seconds):
            return make_empty(field.type)
        return show(root, info, **arguments)

    return resolve


def _find_time(root: Any, info: Any, find_time: Resolver) -> Any:
    """Return when it happened: by the field, whose default looks for the attribute of another field's name."""
    if find_time is default_field_resolver:
        return getattr(root, "timestamp", None)
    return find_time(root, info)


def is_young(told: Any, delay_seconds: float) -> bool:
    """Return whether it happened within so many seconds; what tells no time counts as if it had happened just now.

    >>> is_young(time.time(), 60), is_young(str(int((time.time() - 90) * 1000)), 60), is_young(None, 60)
    (True, False, True)
    """
    try:
        at = float(told)
    except (TypeError, ValueError):
        return True
    return time.time() - (at / 1000 if at > MILLISECONDS_FROM else at) < delay_seconds


def make_empty(kind: Any) -> Any:
    """Return what a field of this type shows in place of its value."""
    if not isinstance(kind, GraphQLNonNull):
        return None
    inner = kind.of_type
    if isinstance(inner, GraphQLList):
        return []
    return WITHHELD if inner is GraphQLString else None
