"""Define ``pokervod alerts``: list messages and send them; acknowledge and resolve the incidents that they are of."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from pokervod_pipelines.alerts.alert import Alert, AlertKind, AlertSeverity
from pokervod_pipelines.alerts.listing import ListedAlert, list_alerts
from pokervod_pipelines.alerts.posting import post_to
from pokervod_pipelines.cli.options import ByOption, JsonOption, LimitOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_listed, make_hint, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, BadSettings, Unavailable
from pokervod_pipelines.events.kept_types import require_known_types
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.monitoring.incidents.announcing import announce, announce_all
from pokervod_pipelines.monitoring.incidents.old_keys import find_named
from pokervod_pipelines.paging import Page
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help="The key of the alert, or the number of its incident, as in `alerts list`.")
]


@app.command("list")
def list_(
    open_only: Annotated[bool, typer.Option("--open", help="Only alerts of incidents that last.")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List alerts, newest first, with the state of each delivery.

    Example: pokervod alerts list --open
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        listed = list_alerts(connection, is_open=True if open_only else None, page=Page(limit=limit))
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    rows = [
        (
            each.raised_at,
            f"{each.severity}\n{_name_state(each)}",
            f"{each.title}\n{_name_incident(each)}{each.key}",
            "\n".join(
                f"{delivery.channel}: {delivery.state}" + (f", {delivery.error}" if delivery.error else "")
                for delivery in each.deliveries
            ),
        )
        for each in listed
    ]
    columns = ("raised", "state", "alert and its key", "deliveries")
    hint = make_hint(len(rows), limit=limit) if rows else "Nothing lasts." if open_only else "No alert was raised yet."
    print_table(count_listed(len(rows), "alert", limit), columns, rows, hint=hint)


def _name_state(alert: ListedAlert) -> str:
    """Return how the incident of the alert is now, and of what kind the alert is where that says more."""
    kind = "" if alert.kind in {AlertKind.OPENED, AlertKind.MESSAGE} else alert.kind
    return "\n".join(dict.fromkeys(filter(None, (kind, alert.state))))


def _name_incident(alert: ListedAlert) -> str:
    return f"incident {alert.incident_id}: " if alert.incident_id else ""


@app.command("ack")
def ack(key: KeyArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Acknowledge the incident of an alert: somebody works on it. `pokervod incidents acknowledge` does the same.

    Example: pokervod alerts ack "rollout production week 4 escalated" --reason "on it"
    """
    actor, settings = read_actor(by, reason), load_settings()
    with open_database(settings) as engine, engine.begin() as connection:
        number = find_named(connection, key)
        if not lifecycle.acknowledge(connection, number, actor=actor):
            raise BadInput(f"incident {number} is over or acknowledged already: pokervod incidents show {number}")
    out.print(f"incident {number} is acknowledged", markup=False)


@app.command("resolve")
def resolve(key: KeyArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Resolve the incident of an alert, which comes back if it lasts. `pokervod incidents resolve` does the same.

    Example: pokervod alerts resolve "rollout production week 4 escalated" --reason "fixed"
    """
    actor, settings = read_actor(by, reason), load_settings()
    with open_database(settings) as engine, engine.begin() as connection:
        number = find_named(connection, key)
        if not lifecycle.resolve(connection, number, actor=actor):
            raise BadInput(f"incident {number} is over already: pokervod incidents show {number}")
        announce(connection, settings, now=datetime.now(UTC))
    out.print(f"incident {number} is resolved", markup=False)


@app.command("deliver")
def deliver() -> None:
    """Post and send what is due now; the sensor alert_delivery does so every 30 seconds.

    Example: pokervod alerts deliver
    """
    from pokervod_pipelines.alerts.channels import find_channels  # noqa: PLC0415 - as the next
    from pokervod_pipelines.alerts.delivery import deliver_alerts  # noqa: PLC0415 - loads much

    settings = load_settings()
    require_known_types(settings)
    with open_database(settings) as engine:
        announce_all(engine, settings, now=datetime.now(UTC))
        failures = deliver_alerts(engine, settings)
    if failures:
        listed = "\n".join(f"  {channel}: {reason}" for channel, reason in failures.items())
        kind = Unavailable if failures.keys() - find_channels(settings)[1].keys() else BadSettings
        raise kind(f"{len(failures)} of {len(settings.alerts.channels)} channels failed; retried later:\n{listed}")
    told = "everything due was sent" if settings.alerts.channels else "nobody is told: no channel is configured"
    out.print(told, markup=False)


@app.command("test")
def test() -> None:
    """Send a critical test alert to every channel, and print the result.

    Example: pokervod alerts test
    """
    settings = load_settings()
    require_known_types(settings)
    if not settings.alerts.channels:
        raise BadInput("no channel is configured. Add one under alerts.channels (docs/alerts.md).")
    key = f"test {uuid4().hex[:8]}"
    alert = Alert(key=key, severity=AlertSeverity.CRITICAL, title="A test of PokerVOD's alerts", body="It arrived.")
    names = [each.name for each in settings.alerts.channels]
    with open_database(settings) as engine, engine.begin() as connection:
        post_to(connection, alert, names)
    deliver()
