"""``pokervod alerts``: what people were told, and whether it arrived."""

import getpass
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from pokervod_pipelines.cli.output import out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, BadSettings, Unavailable
from pokervod_pipelines.settings import load_settings

if TYPE_CHECKING:
    from pokervod_pipelines.alerts.listing import ListedAlert

app = typer.Typer(no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="As `alerts list` shows it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with it.")]
ByOption = Annotated[str, typer.Option("--by", help="Who; default: the user of this terminal.")]


@app.command("list")
def list_(
    open_only: Annotated[bool, typer.Option("--open", help="Only those that nobody resolved.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List alerts, newest first, with what became of each delivery.

    Example: pokervod alerts list --open
    """
    from pokervod_pipelines.alerts.listing import list_alerts  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine, engine.connect() as connection:
        listed = list_alerts(connection, is_open=True if open_only else None, limit=limit)
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
    print_table(f"{len(rows)} alerts", ("raised", "state", "alert and its key", "told"), rows)


def _name_state(alert: "ListedAlert") -> str:
    return "resolved" if alert.resolved_at else "acknowledged" if alert.acknowledged_at else "open"


@app.command("ack")
def ack(key: KeyArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Say that somebody cares for an alert.

    Example: pokervod alerts ack "rollout production week 4 escalated" --reason "on it"
    """
    from pokervod_pipelines.alerts.raising import acknowledge  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine, engine.begin() as connection:
        is_news = acknowledge(connection, key, by=by or getpass.getuser(), reason=reason)
    if not is_news:
        raise BadInput(f"no open alert {key!r} waits for somebody; `pokervod alerts list --open` shows those there are")
    out.print("acknowledged", markup=False)


@app.command("resolve")
def resolve(key: KeyArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Say that an alert is over; the same again is then told anew.

    Example: pokervod alerts resolve "rollout production week 4 escalated" --reason "mended"
    """
    from pokervod_pipelines.alerts.raising import resolve_alert  # noqa: PLC0415 - kept out of --help

    with open_database(load_settings()) as engine, engine.begin() as connection:
        is_news = resolve_alert(connection, key, by=by or getpass.getuser(), reason=reason)
    if not is_news:
        raise BadInput(f"no alert {key!r} is open; `pokervod alerts list --open` shows those there are")
    out.print("resolved", markup=False)


@app.command("deliver")
def deliver() -> None:
    """Send what is due, now; the sensor alert_delivery does it by itself.

    Example: pokervod alerts deliver
    """
    from pokervod_pipelines.rollout.publish import deliver_alerts, find_channels  # noqa: PLC0415 - for --help

    settings = load_settings()
    with open_database(settings) as engine:
        faults = deliver_alerts(engine, settings)
    if faults:
        listed = "\n".join(f"  {channel}: {fault}" for channel, fault in faults.items())
        kind = Unavailable if faults.keys() - find_channels(settings)[1].keys() else BadSettings
        raise kind(f"not taken by {len(faults)} of {len(settings.alerts.channels)} channels, tried again:\n{listed}")
    out.print("everything due was sent", markup=False)


@app.command("test")
def test() -> None:
    """Send a critical test alert to every channel, and say what became of it.

    Example: pokervod alerts test
    """
    from pokervod_pipelines.alerts.alert import Alert, Severity  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.alerts.raising import raise_alert, resolve_alert  # noqa: PLC0415

    settings = load_settings()
    if not settings.alerts.channels:
        raise BadInput("no channel is configured; name one under alerts.channels (docs/alerts.md)")
    key = f"test {uuid4().hex[:8]}"
    with open_database(settings) as engine:
        with engine.begin() as connection:
            raise_alert(
                connection,
                Alert(key=key, severity=Severity.CRITICAL, title="A test of PokerVOD's alerts", body="It arrived."),
                settings.alerts.channels,
                now=datetime.now(UTC),
            )
        try:
            deliver()
        finally:
            with engine.begin() as connection:
                resolve_alert(connection, key, by=getpass.getuser(), reason="it was a test")
