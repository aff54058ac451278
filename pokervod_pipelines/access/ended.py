"""Tell from the event log whose open streams have to be closed: what let them in has ended or means less now."""

from collections.abc import Mapping
from typing import Any

from pokervod_pipelines.access.principal import Method, Principal
from pokervod_pipelines.events.types import EventType

CLOSING = (
    EventType.API_USER_ADDED,
    EventType.API_USER_CHANGED,
    EventType.API_USER_DISABLED,
    EventType.API_KEY_REVOKED,
    EventType.API_SESSION_ENDED,
)
"""Events that may close a stream."""


def ends_access(type_: str, payload: Mapping[str, Any], principal: Principal) -> bool:
    """Return whether the event ends what the principal came in by; who asks again is told so, or has another role.

    With the first user nobody is let in without a login any more. What ends by its time has no event: ``expires_at``.
    """
    if type_ == EventType.API_USER_ADDED:
        return principal.how is Method.LOCAL
    if type_ == EventType.API_KEY_REVOKED:
        return principal.key_id is not None and principal.key_id == payload["key_id"]
    if type_ == EventType.API_SESSION_ENDED:
        return principal.session_id is not None and principal.session_id in payload["session_ids"]
    is_about = principal.user_id is not None and principal.user_id == payload.get("user_id")
    if type_ == EventType.API_USER_CHANGED:
        return is_about and bool({"role", "password"} & {*payload["changed"]})
    return is_about and type_ == EventType.API_USER_DISABLED
