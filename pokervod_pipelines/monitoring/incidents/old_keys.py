"""Find incidents by the keys that alerts had before they were messages of incidents, which people have in scripts."""

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.incidents.listing import find_number


def make_alert_key(detector: str, subject: str, key: str) -> str:
    """Return the key of an incident's alerts: its own, or the one that they had before, which receivers sort by.

    >>> make_alert_key("rollout", "production week 4", "rollout rollout production week 4")
    'rollout production week 4 escalated'
    >>> make_alert_key("run_failures", "nas_sync WSOP", "run_failures workflow nas_sync WSOP 0c1d2e3f4a5b")
    'run_failures nas_sync WSOP: 0c1d2e3f4a5b'
    """
    match detector:
        case "rollout":
            return f"rollout {subject} escalated"
        case "run_failures":
            return f"run_failures {subject}: {key.rpartition(' ')[2]}"
        case "alert":
            return subject
        case _:
            return key


def find_named(connection: Connection, name: str) -> int:
    """Return the number of the incident named by its number, its key or its former key, of a key the newest.

    Raises ``BadInput``, also for the key of a message that is about nothing that lasts.
    """
    number = connection.scalar(_FIND, {"key": name.strip()})
    if number is not None:
        return int(number)
    if connection.scalar(_IS_MESSAGE, {"key": name.strip()}):
        raise BadInput(f"the alert {name!r} is a message, not an incident: there is nothing to acknowledge or resolve")
    return find_number(connection, name)


_FIND = text("""
    select id from monitoring_events
    where detector = 'rollout' and :key = 'rollout ' || subject || ' escalated'
        or detector = 'run_failures' and :key = 'run_failures ' || subject || ': ' || substring(key from '[^ ]*$')
        or detector = 'alert' and :key = subject
    order by id desc limit 1
""")

_IS_MESSAGE = text("select exists (select from alerts where key = :key and incident_id is null)")
