"""Define ``pokervod alerts``: list, acknowledge, resolve, send."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.lifecycle import acknowledge_alert, raise_alert, resolve_alert
from pokervod_pipelines.alerts.listing import ListedAlert, list_alerts
from pokervod_pipelines.cli.options import ByOption, JsonOption, LimitOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_listed, make_hint, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, BadSettings, Unavailable
from pokervod_pipelines.paging import Page
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="As shown by `alerts list`.")]


@app.command("list")
def list_(
    open_only: Annotated[bool, typer.Option("--open", help="Only alerts that are not resolved.")] = False,
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
            f"{each.title}\n{each.key}",
            "\n".join(
                f"{delivery.channel}: {delivery.state}" + (f", {delivery.error}" if delivery.error else "")
                for delivery in each.deliveries
            ),
        )
        for each in listed
    ]
    columns = ("raised", "state", "alert and its key", "deliveries")
    hint = make_hint(len(rows), limit=limit) if rows else f"No alert {'is open' if open_only else 'was raised yet'}."
    print_table(count_listed(len(rows), "alert", limit), columns, rows, hint=hint)


def _name_state(alert: ListedAlert) -> str:
    return "resolved" if alert.resolved_at else "acknowledged" if alert.acknowledged_at else "open"


@app.command("ack")
def ack(key: KeyArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Acknowledge an open alert: somebody works on it.

    Example: pokervod alerts ack "rollout production week 4 escalated" --reason "on it"
    """
    with open_database(load_settings()) as engine, engine.begin() as connection:
        is_new = acknowledge_alert(connection, key, actor=read_actor(by, reason))
    if not is_new:
        raise BadInput(f"no open, unacknowledged alert with key {key!r}. List open ones: pokervod alerts list --open")
    out.print("acknowledged", markup=False)


@app.command("resolve")
def resolve(key: KeyArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Resolve an alert; the same condition raises a new one.

    Example: pokervod alerts resolve "rollout production week 4 escalated" --reason "fixed"
    """
    with open_database(load_settings()) as engine, engine.begin() as connection:
        is_new = resolve_alert(connection, key, actor=read_actor(by, reason))
    if not is_new:
        raise BadInput(f"no open alert with key {key!r}. List open ones: pokervod alerts list --open")
    out.print("resolved", markup=False)


@app.command("deliver")
def deliver() -> None:
    """Send what is due now; the sensor alert_delivery does so every 30 seconds.

    Example: pokervod alerts deliver
    """
    from pokervod_pipelines.alerts.channels import find_channels  # noqa: PLC0415 - as the next
    from pokervod_pipelines.alerts.delivery import deliver_alerts  # noqa: PLC0415 - loads much

    settings = load_settings()
    with open_database(settings) as engine:
        failures = deliver_alerts(engine, settings)
    if failures:
        listed = "\n".join(f"  {channel}: {reason}" for channel, reason in failures.items())
        kind = Unavailable if failures.keys() - find_channels(settings)[1].keys() else BadSettings
        raise kind(f"{len(failures)} of {len(settings.alerts.channels)} channels failed; retried later:\n{listed}")
    out.print("everything due was sent", markup=False)


@app.command("test")
def test() -> None:
    """Send a critical test alert to every channel, and print the result.

    Example: pokervod alerts test
    """
    settings = load_settings()
    if not settings.alerts.channels:
        raise BadInput("no channel is configured. Add one under alerts.channels (docs/alerts.md).")
    key = f"test {uuid4().hex[:8]}"
    alert = Alert(key=key, severity=AlertSeverity.CRITICAL, title="A test of PokerVOD's alerts", body="It arrived.")
    with open_database(settings) as engine:
        with engine.begin() as connection:
            raise_alert(connection, alert, settings.alerts.channels, now=datetime.now(UTC))
        try:
            deliver()
        finally:
            with engine.begin() as connection:
                resolve_alert(connection, key, actor=read_actor("", "it was a test"))
