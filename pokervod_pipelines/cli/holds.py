"""Define ``pokervod hold``, ``release`` and ``holds``: what a person keeps the system from working on."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.holds.listing import HOLDABLE, Hold, find_hold, list_holds
from pokervod_pipelines.holds.placing import end_expired, name_holdable, place_hold, release_holds
from pokervod_pipelines.periods import COMING, read_coming
from pokervod_pipelines.render.listing import show_versions
from pokervod_pipelines.render.states import State
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines.workflows.held import require_holdable

app = typer.Typer()

COLUMNS = ("kind", "name", "held by", "since", "until", "reason")
PAST_COLUMNS = (*COLUMNS, "ended", "by", "why")
UNTIL_RELEASED = "released"

KindArgument = Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join(HOLDABLE[:-1])} or {HOLDABLE[-1]}.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Its name; of an instruction its number.")]


@app.command("hold")
def hold(
    kind: KindArgument,
    name: NameArgument,
    reason: ReasonOption,
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help=f"{COMING}; `{UNTIL_RELEASED}` without an end.")
    ],
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep an instruction, sheet, library, worker or workflow from being worked on, until a time or until released.

    What is being worked on at that moment may finish. Each person has a hold of their own: it is free when the last
    of these has ended.

    Example: pokervod hold sheet clip_tracker --until 18:00 --reason "its columns are rebuilt"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    subject = name_holdable(kind, name)
    require_holdable(subject, settings)
    end = None if until == UNTIL_RELEASED else read_coming("--until", until, settings.zone)
    with open_database(settings) as engine, engine.begin() as connection:
        placed = place_hold(connection, subject, end, actor)
        notes = list(_list_notes(connection, placed, settings))
    if as_json:
        print_json(_make_document(placed))
        return
    out.print(f"{subject} is {placed.describe(settings.zone)}", markup=False)
    for note in notes:
        out.print(note, markup=False)


def _list_notes(connection: Connection, hold: Hold, settings: Settings) -> list[str]:
    """Return what goes on with the thing although it is held now, and who holds it for longer."""
    notes = []
    if hold.subject.kind is SubjectKind.INSTRUCTION:
        number = int(hold.subject.name)
        row = next(each for each in show_versions(connection, number) if each.id == number)
        if row.state == State.PROCESSING:
            notes.append(
                f"{row.claimed_by} is rendering it, which may finish; `pokervod render cancel {number}` stops it"
            )
    last = find_hold(connection, hold.subject.kind, hold.subject.name)
    if last is not None and last.by != hold.by:
        notes.append(f"it is {last.describe(settings.zone)}, too")
    return notes


@app.command("release")
def release(
    kind: KindArgument,
    name: NameArgument,
    reason: ReasonOption,
    everyone: Annotated[bool, typer.Option("--everyone", help="Also what others hold.")] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Release what you hold, with `--everyone` what anybody holds; the system works on it again at once.

    Example: pokervod release sheet clip_tracker --reason "the columns are ready"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    subject = name_holdable(kind, name)
    with open_database(settings) as engine, engine.begin() as connection:
        ended = release_holds(connection, subject, actor, everyone=everyone)
        left = find_hold(connection, subject.kind, subject.name)
    if as_json:
        print_json({"released": [_make_document(each) for each in ended], "held": left and _make_document(left)})
    elif ended or left is None:
        out.print(f"{subject} {'is released' if ended else 'was not held'}", markup=False)
    if left is not None:
        _tell_left(subject, left, settings, has_released=bool(ended), as_json=as_json)


def _tell_left(subject: Subject, left: Hold, settings: Settings, *, has_released: bool, as_json: bool) -> None:
    """Say that another person holds it still. Raises ``Conflict`` where nothing was released."""
    told = f"{subject} is {left.describe(settings.zone)}; `--everyone` releases that too"
    if not has_released:
        raise Conflict(told)
    if not as_json:
        out.print(f"still {told}", markup=False)


@app.command("holds")
def holds(
    show_all: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what is held, by whom, until when and why: the hold that ends first is the first.

    Example: pokervod holds --all
    """
    with open_database(load_settings()) as engine:
        with engine.begin() as connection:
            end_expired(connection)
        with engine.connect() as connection:
            listed = list_holds(connection, with_past=show_all)
    if as_json:
        print_json([_make_document(each) for each in listed])
        return
    rows = [_make_row(each, with_past=show_all) for each in listed]
    hint = make_hint(len(rows), first_step="`pokervod hold` keeps a thing from being worked on")
    print_table(count_nouns(len(rows), "hold"), PAST_COLUMNS if show_all else COLUMNS, rows, hint=hint)


def _make_row(hold: Hold, *, with_past: bool) -> tuple[Any, ...]:
    until = show_time(hold.until) if hold.until else "released"
    row = (hold.subject.kind, hold.subject.name, hold.by, hold.placed_at, until, hold.reason)
    return (*row, hold.ended_at, hold.ended_by, hold.end_reason) if with_past else row


def _make_document(hold: Hold) -> dict[str, Any]:
    values = asdict(hold)
    del values["subject"]
    return {"kind": hold.subject.kind, "name": hold.subject.name} | values
