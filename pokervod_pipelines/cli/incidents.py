"""Show incidents, and let people decide about them: ``pokervod incidents``."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeVar

import typer
from sqlalchemy import Connection, text

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.cli.incident_pages import (
    COLUMNS,
    describe_gaps,
    describe_state,
    describe_verdict,
    list_facts,
    list_steps,
    make_details,
    make_document,
    make_row,
)
from pokervod_pipelines.cli.known import require_known
from pokervod_pipelines.cli.options import ByOption, JsonOption, LimitOption, ReasonOption, SinceOption, read_actor
from pokervod_pipelines.cli.output import (
    count_listed,
    make_hint,
    out,
    print_json,
    print_record,
    print_table,
    show_time,
)
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.detectors.memory import read_memory
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.monitoring.incidents.announcing import announce
from pokervod_pipelines.monitoring.incidents.details import read_details
from pokervod_pipelines.monitoring.incidents.listing import (
    IncidentFilter,
    count_unresolved,
    find_incident,
    find_number,
    list_incidents,
)
from pokervod_pipelines.monitoring.incidents.shape import (
    BY_HAND,
    Incident,
    IncidentState,
    Subject,
    SubjectKind,
    Verdict,
)
from pokervod_pipelines.monitoring.remediation.shape import DETECTOR as REMEDIATION
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import COMING, read_coming, read_moment
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.suggestions import suggest_name

app = typer.Typer(no_args_is_help=True)

_Word = TypeVar("_Word", bound=StrEnum)

SHOWN = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
"""What is listed unless another state is asked for: nobody wants to hear of the rest now."""

IncidentArgument = Annotated[
    str, typer.Argument(metavar="INCIDENT", help="Its number, or its key, as `incidents list` shows both.")
]
IncidentsArgument = Annotated[
    list[str], typer.Argument(metavar="INCIDENT…", help="Numbers or keys, as `incidents list` shows both.")
]


@app.command("list")
def list_(
    states: Annotated[
        list[str] | None,
        typer.Option("--state", "-s", help="Open, acknowledged, muted, folded, resolved; default: the first two."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Also what is muted, folded or over.")] = False,
    severities: Annotated[
        list[str] | None, typer.Option("--severity", help="Info, warning, error or critical; may be repeated.")
    ] = None,
    detectors: Annotated[
        list[str] | None, typer.Option("--detector", "-d", help="Of this detector, or `person`; may be repeated.")
    ] = None,
    subject: Annotated[str, typer.Option("--subject", help="About this: `sheet clip_tracker`, `root nas`.")] = "",
    since: SinceOption = "",
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List incidents, the last opened first: what is open, with the number of effects folded under each.

    With --since those that were opened, acknowledged, resolved or judged from then on; with --all also those over.

    Example: pokervod incidents list

    Example: pokervod incidents list --all --since 8h --severity error --severity critical
    """
    settings, now = load_settings(), datetime.now(UTC)
    chosen = [_read_word("state", each, IncidentState) for each in states or ()]
    wanted = IncidentFilter(
        states=() if show_all and not chosen else tuple(chosen) or SHOWN,
        severities=tuple(_read_word("severity", each, AlertSeverity) for each in severities or ()),
        detectors=tuple(detectors or ()),
        subject=read_subject(subject) if subject else None,
        changed_since=read_moment("--since", since, settings.zone) if since else None,
    )
    with open_database(settings) as engine, engine.connect() as connection:
        listed = list_incidents(connection, wanted, page=Page(limit=limit), now=now)
        if not listed:
            _require_known(connection, wanted)
        hint = "" if as_json else _make_hint(connection, wanted, len(listed), limit=limit, now=now)
    if as_json:
        print_json([make_document(each) for each in listed])
        return
    title = count_listed(len(listed), "incident", limit)
    print_table(title, COLUMNS, [make_row(each, now) for each in listed], hint=hint)


def _require_known(connection: Connection, wanted: IncidentFilter) -> None:
    """Raise ``BadInput`` for a detector that nobody knows."""
    known = [
        *Detector,
        BY_HAND,
        REMEDIATION,
        *connection.scalars(text("select distinct detector from monitoring_events")),
    ]
    for name in wanted.detectors:
        require_known("detector", name, known)


def _make_hint(connection: Connection, wanted: IncidentFilter, count: int, *, limit: int, now: datetime) -> str:
    """Return what belongs below the list: what was left out by default, and what no detector can tell now."""
    if wanted != IncidentFilter(states=SHOWN):
        return make_hint(count, limit=limit, are_others=True)
    states = count_unresolved(connection).items()
    hidden = [f"{number:,} {state}" for state, number in states if state not in SHOWN]
    more = f"Not listed: {', '.join(hidden)}; see them with --all." if hidden else ""
    blind = describe_gaps(read_memory(connection), now)
    return " ".join(filter(None, (make_hint(count, limit=limit) if count else "Nothing is open.", more, blind)))


def read_subject(written: str) -> Subject:
    """Return the subject that a person wrote: its kind and its name. Raises ``BadInput``."""
    kind, _, name = written.strip().partition(" ")
    known = _read_word("kind of subject", kind, SubjectKind)
    if not name.strip():
        raise BadInput(f"expected a kind and a name such as `sheet clip_tracker`, got {written!r}")
    return Subject(kind=known, name=name)


def _read_word(what: str, written: str, kind: type[_Word]) -> _Word:
    """Return the word of the kind that a person wrote. Raises ``BadInput`` with the one that was meant."""
    try:
        return kind(written.strip().lower())
    except ValueError:
        raise BadInput(f"unknown {what} {written!r}; {suggest_name(written, [*kind])}") from None


@app.command("show")
def show(incident: IncidentArgument, as_json: JsonOption = False) -> None:
    """Show an incident with its figures, effects, timeline, messages and what was done by itself.

    Example: pokervod incidents show 1
    """
    now = datetime.now(UTC)
    with open_database(load_settings()) as engine, engine.connect() as connection:
        details = read_details(connection, find_number(connection, incident), now=now)
    if as_json:
        print_json(make_details(details))
        return
    found = details.incident
    out.print(f"incident {found.id}, {found.severity}, {found.state}: {found.summary}", markup=False)
    print_record(list_facts(found, now))
    for line in list_steps(details):
        out.print(line, markup=False)


@app.command("open")
def open_(
    summary: Annotated[str, typer.Argument(metavar="SENTENCE", help="What is wrong.")],
    subject: Annotated[str, typer.Option("--subject", help="What it is about: `sheet clip_tracker`, `show Final`.")],
    severity: Annotated[str, typer.Option("--severity", help="Info, warning, error or critical.")] = "warning",
    missed: Annotated[
        str, typer.Option("--missed", help="The detector that ought to have found it; its scoreboard counts it.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it is opened by hand; default: the sentence.")] = "",
    by: ByOption = "",
) -> None:
    """Open an incident that no detector found, and print its number; you resolve it.

    Example: pokervod incidents open "No hands since 19:40" --subject "show Final table" --missed no_data
    """
    about, grade = read_subject(subject), _read_word("severity", severity, AlertSeverity)
    if missed:
        missed = _read_word("detector", missed, Detector)
    actor = read_actor(by, reason or summary)
    settings = load_settings()
    with open_database(settings) as engine, engine.begin() as connection:
        number = lifecycle.open_by_hand(connection, about, severity=grade, summary=summary, actor=actor, missed=missed)
        announce(connection, settings, now=datetime.now(UTC))
    out.print(f"incident {number} is open: pokervod incidents show {number}", markup=False)


@app.command("acknowledge")
def acknowledge(incidents: IncidentsArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Say that you work on open incidents: their messages are not repeated, and nothing asks for a person.

    Example: pokervod incidents acknowledge 1 --reason "calling the truck"
    """
    actor = read_actor(by, reason)
    _decide(
        incidents, "acknowledged", lambda connection, number: lifecycle.acknowledge(connection, number, actor=actor)
    )


@app.command("mute")
def mute(
    incidents: IncidentsArgument,
    until: Annotated[str, typer.Option("--until", metavar="TIME", help=f"Until then: {COMING}.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Silence incidents until a time, also when they come back meanwhile.

    Example: pokervod incidents mute 1 --until 2h --reason "the NAS is being moved"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    end = read_coming("--until", until, settings.zone)
    done = f"muted until {show_time(end)}"
    _decide(incidents, done, lambda connection, number: lifecycle.mute(connection, number, until=end, actor=actor))


@app.command("unmute")
def unmute(incidents: IncidentsArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """End the silence of incidents.

    Example: pokervod incidents unmute 1 --reason "the move is done"
    """
    actor = read_actor(by, reason)
    _decide(incidents, "unmuted", lambda connection, number: lifecycle.unmute(connection, number, actor=actor))


@app.command("resolve")
def resolve(incidents: IncidentsArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Say that incidents are over; one whose cause lasts longer than the grace of the settings comes back.

    Example: pokervod incidents resolve 1 --reason "the cable was out"
    """
    actor = read_actor(by, reason)
    _decide(incidents, "resolved", lambda connection, number: lifecycle.resolve(connection, number, actor=actor))


@app.command("verdict")
def verdict(
    incident: IncidentArgument,
    said: Annotated[str, typer.Argument(metavar="VERDICT", help="Real, expected (planned work, a test) or noise.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Say whether an incident was real, expected or noise: `pokervod detectors` counts it for its detector.

    Example: pokervod incidents verdict 1 noise --reason "the sheet was read all the time"
    """
    chosen, actor = _read_word("verdict", said, Verdict), read_actor(by, reason)
    _decide(
        [incident],
        f"judged: {chosen}",
        lambda connection, number: lifecycle.give_verdict(connection, number, chosen, actor=actor),
        describe_verdict,
    )


def _decide(
    incidents: Iterable[str],
    done: str,
    decide: Callable[[Connection, int], bool],
    describe: Callable[[Incident], str] = describe_state,
) -> None:
    """Decide about all of them or, where one is refused, none, and print what became of each.

    ``describe`` returns how an incident is that was so already.
    """
    settings = load_settings()
    with open_database(settings) as engine, engine.begin() as connection:
        numbers = dict.fromkeys(find_number(connection, each) for each in incidents)
        changed = {number: decide(connection, number) for number in numbers}
        found = {number: describe(find_incident(connection, number)) for number in numbers}
        announce(connection, settings, now=datetime.now(UTC))
    for number, is_new in changed.items():
        what = done if is_new else f"nothing to change, it is {found[number]}"
        out.print(f"incident {number}: {what}", markup=False)
