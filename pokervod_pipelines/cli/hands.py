"""Run ``pokervod hands``: import, list, show, export hands of the tables, and compare them with the sheets."""

from dataclasses import asdict, astuple
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.cli.known import require_known_part
from pokervod_pipelines.cli.options import (
    ByOption,
    DayOption,
    JsonOption,
    ReasonOption,
    SinceOption,
    UntilOption,
    read_actor,
    read_day,
)
from pokervod_pipelines.cli.output import count_nouns, err, make_hint, out, print_json, print_table
from pokervod_pipelines.cli.usage import LARGEST, MOST_LISTED
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.hands import clip_link_store, listing
from pokervod_pipelines.hands.cards import pretty
from pokervod_pipelines.hands.show import format_amount, show_hand
from pokervod_pipelines.periods import read_period
from pokervod_pipelines.settings import load_settings

if TYPE_CHECKING:
    from pokervod_pipelines.workflows.hand_places import HandPlace

app = typer.Typer(no_args_is_help=True)

PROBLEMS_SHOWN = 20

FIRST_STEP = "`pokervod hands import PATH` reads session files; `pokervod dev` reads the drop folders"

QUARANTINED = 2
"""Exit status of an import that quarantined a file."""

IdArgument = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=LARGEST, help="The hand_id that `pokervod hands list` shows.")
]


@app.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Session files (.json), hand histories (.phh, .phhs, .csv), or folders."),
    ],
    day: Annotated[
        date | None,
        typer.Option("--day", metavar="DAY", parser=read_day, help="The day of hand histories that name none."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Import hands; unchanged files are skipped, and the order of files does not matter.

    Exit status 2: a file was quarantined; the others are imported.

    Example: pokervod hands import /mnt/tables/table-1
    """
    from pokervod_pipelines.workflows.day_stages import (  # noqa: PLC0415 - loads the rules engine
        make_touched_instructions,
    )
    from pokervod_pipelines.workflows.hands import import_and_link_hands  # noqa: PLC0415

    settings, correlation_id = load_settings(), new_correlation_id()
    with open_database(settings) as engine:
        report = import_and_link_hands(engine, settings, paths, correlation_id=correlation_id, day=day)
        made = make_touched_instructions(engine, settings, correlation_id=correlation_id)
    if as_json:
        text = asdict(report)
        text["imported"]["problems"] = [astuple(problem) for problem in report.imported.problems]
        print_json({**text, "instructions": [asdict(each) for each in made]})
        raise typer.Exit(QUARANTINED if report.imported.quarantined else 0)
    done, played = report.imported, report.replayed
    out.print(
        f"{count_nouns(done.files, 'file')}: {done.read} read, {done.unchanged} unchanged, "
        f"{done.waiting} still being written, {done.quarantined} quarantined, {done.unreadable} unreadable"
    )
    out.print(f"{count_nouns(done.hands, 'hand')}: {done.created} new, {done.changed} changed; {done.seconds:.1f} s")
    out.print(f"{played.hands} replayed by the rules, {played.doubtful} with findings; {played.seconds:.1f} s")
    disagreements = count_nouns(report.links.disagreements, "new disagreement")
    out.print(f"{count_nouns(report.links.linked, 'clip')} linked; {disagreements}")
    instructions = count_nouns(sum(each.created for each in made), "new render instruction")
    out.print(f"{instructions}, on {count_nouns(len(made), 'day')}")
    if not done.files:
        err.print("no file was found; expected files that end in .json, .phh, .phhs or .hands.csv")
    for problem in done.problems[:PROBLEMS_SHOWN]:
        err.print(str(problem), markup=False)
    if done.problem_count > PROBLEMS_SHOWN:
        err.print(f"and {done.problem_count - PROBLEMS_SHOWN} more; --json lists them")
    if done.quarantined:
        err.print("correct the quarantined files and import them again; each has its reason beside it")
        raise typer.Exit(QUARANTINED)


@app.command("list")
def list_(
    day: DayOption = None,
    session: Annotated[int | None, typer.Option("--session", max=LARGEST, help="Only of this session.")] = None,
    grade: Annotated[str, typer.Option("--grade", "-g", help="Only of these grades: A, or AB.")] = "",
    premium: Annotated[
        bool | None, typer.Option("--premium/--not-premium", help="Only premium hands, or only the others.")
    ] = None,
    table: Annotated[str, typer.Option("--table", help="Only of tables with this text in their name.")] = "",
    tests: Annotated[bool, typer.Option("--tests/--no-tests", help="Include hands played to test the table.")] = True,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Only hands that were withdrawn.")] = False,
    since: SinceOption = "",
    until: UntilOption = "",
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, max=MOST_LISTED, help="Show at most this many.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List hands in the order they were played.

    Example: pokervod hands list --day 2026-05-04 --grade AB

    Example: pokervod hands list --since 2h
    """
    settings = load_settings()
    grades = tuple(letter for letter in grade.upper() if letter.isalpha())
    if set(grades) - set("ABC"):
        raise typer.BadParameter(f"expected grades from A to C such as AB, got {grade!r}", param_hint="'--grade'")
    filters = listing.HandFilter(
        day=day,
        session=session,
        grades=grades,
        premium=premium,
        table=table,
        tests=tests,
        withdrawn=withdrawn,
        period=read_period(since, until, settings.zone),
    )
    with open_database(settings) as engine, engine.connect() as connection:
        hands = listing.list_hands(connection, filters, limit=limit)
        if table and not hands:
            require_known_part(
                "table", table, {hand.table for hand in listing.list_hands(connection, listing.HandFilter())}
            )
        are_others = not hands and bool(listing.list_hands(connection, listing.HandFilter(), limit=1))
    if as_json:
        print_json([_describe_hand(hand) for hand in hands])
        return
    _print_hands(hands, make_hint(len(hands), limit=limit, are_others=are_others, first_step=FIRST_STEP))


def _describe_hand(hand: listing.ListedHand) -> dict[str, Any]:
    """Return the hand for programs; ``decimals`` only where ``pot`` is not in whole chips."""
    return {name: value for name, value in asdict(hand).items() if name != "decimals" or value}


def _print_hands(hands: list[listing.ListedHand], hint: str) -> None:
    rows = [
        (
            str(hand.hand_id),
            hand.started_at,
            hand.table,
            f"#{hand.hand_number}",
            pretty(hand.board),
            (hand.best_rank or "").replace("_", " "),
            ", ".join(hand.winner_names),
            format_amount(hand.pot, hand.decimals),
            "test" if hand.is_test else f"{hand.grade}{' ★' if hand.is_premium else ''}",
            hand.findings or None,
            hand.clips or None,
        )
        for hand in hands
    ]
    columns = ("id", "start", "table", "hand", "board", "best", "won by", "pot", "grade", "findings", "clips")
    print_table(count_nouns(len(rows), "hand"), columns, rows, right=("id", "pot", "findings", "clips"), hint=hint)


@app.command("show")
def show(hand_id: IdArgument, as_json: JsonOption = False) -> None:
    """Show one hand street by street, its findings, and the clips that show it: file, times, frames and timecode.

    Example: pokervod hands show 17
    """
    from pokervod_pipelines.workflows.hand_places import locate_hand  # noqa: PLC0415 - loads the rules engine

    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        hand = listing.read_hand(connection, hand_id)
        findings = listing.read_findings(connection, hand_id)
        clips = listing.read_linked_clips(connection, hand_id)
        places = locate_hand(connection, settings, hand, clips)
    if as_json:
        placed = {clip_id: asdict(place) for clip_id, place in places.items()}
        shown = [asdict(each) | {"place": placed.get(each.clip_id)} for each in clips]
        extra = {"findings": [asdict(each) for each in findings], "clips": shown}
        print_json({"hand_id": hand_id, **hand.to_content(), **extra})
        return
    out.print(show_hand(hand), markup=False)
    for finding in findings:
        if finding.found_by == "rules":
            place = f" ({finding.street})" if finding.street else ""
            out.print(f"! {finding.code}{place}, by the rules: {finding.message}", markup=False)
    for clip in clips:
        _print_clip(clip, places.get(clip.clip_id))


def _print_clip(clip: listing.LinkedClip, place: "HandPlace | None") -> None:
    path, row = place.file if place else clip.path or "no video", f"{clip.sheet}, {clip.tab} row {clip.row_number}"
    out.print(f"Clip {clip.clip_id}: {path} · {row} · by {clip.how}", markup=False, soft_wrap=True)
    ends = [("clip", place.clip_in, place.clip_out), ("hand", place.hand_start, place.hand_end)] if place else []
    for name, begin, end in ends:
        if begin and end:
            out.print(f"  {name} from {begin}", markup=False)
            out.print(f"       to   {end}", markup=False)


@app.command("export")
def export(
    hand_ids: Annotated[list[int], typer.Argument(metavar="ID…", help="The hands' ids.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder for the files.")],
) -> None:
    """Write hands as PHH files, the open hand history format, one file for each hand.

    Example: pokervod hands export 17 18 --to /tmp/hands
    """
    from pokervod_pipelines.hands.phh_export import export_hands  # noqa: PLC0415 - loads the rules engine

    with open_database(load_settings()) as engine, engine.connect() as connection:
        hands = [(hand_id, listing.read_hand(connection, hand_id)) for hand_id in dict.fromkeys(hand_ids)]
    for file in export_hands(hands, to):
        out.print(str(file), markup=False)


@app.command("withdraw")
def withdraw(hand_id: IdArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Withdraw a hand that must not count: it makes no graphic and is linked to no clip.

    Example: pokervod hands withdraw 17 --reason "the table was tested"
    """
    from pokervod_pipelines.workflows.hand_decisions import withdraw_hand  # noqa: PLC0415 - loads the rules engine

    settings = load_settings()
    with open_database(settings) as engine:
        withdraw_hand(engine, settings, hand_id, actor=read_actor(by, reason))
    out.print(f"hand {hand_id} is withdrawn", markup=False)


@app.command("correct")
def correct(
    hand_id: IdArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The corrected PHH file of `pokervod hands export`.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Correct a hand by an edited PHH file: what it says stays, whatever the table's file says.

    Example: pokervod hands correct 17 corrected.phh --reason "misread card"
    """
    from pokervod_pipelines.hands.imports import make_rules  # noqa: PLC0415 - loads the rules engine
    from pokervod_pipelines.hands.phh_import import read_one  # noqa: PLC0415
    from pokervod_pipelines.workflows.hand_decisions import correct_hand  # noqa: PLC0415

    settings = load_settings()
    rules = make_rules(settings)
    corrected = read_one(file, rules.grade, rules.days)
    with open_database(settings) as engine:
        correct_hand(engine, settings, hand_id, corrected, actor=read_actor(by, reason))
    out.print(f"hand {hand_id} is corrected", markup=False)


@app.command("restore")
def restore(hand_id: IdArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Undo the withdrawal and the correction of a hand.

    Example: pokervod hands restore 17 --reason "the record was right"
    """
    from pokervod_pipelines.workflows.hand_decisions import restore_hand  # noqa: PLC0415 - loads the rules engine

    settings = load_settings()
    with open_database(settings) as engine:
        restore_hand(engine, settings, hand_id, actor=read_actor(by, reason))
    out.print(f"hand {hand_id} is restored", markup=False)


@app.command("disagreements")
def disagreements(
    settled: Annotated[bool, typer.Option("--settled", help="List the settled ones, with who, when and why.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List where a hand and its sheet row report different values, for a person to decide.

    Example: pokervod hands disagreements
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        listed = clip_link_store.list_disagreements(connection, settled=settled)
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    rows = [
        (
            str(each.id),
            f"{each.hand_id} (#{each.hand_number})",
            f"{each.sheet}, {each.tab} row {each.row_number}",
            each.field,
            each.hand_says,
            each.sheet_says,
            f"{each.by}: {each.reason}" if settled else each.at,
        )
        for each in listed
    ]
    last = "settled by" if settled else "since"
    columns = ("id", "hand", "sheet row", "about", "the hand", "the sheet", last)
    hint = "" if rows or settled else "Nothing to decide."
    print_table(count_nouns(len(rows), "disagreement"), columns, rows, right=("id",), hint=hint)


@app.command("settle")
def settle(
    disagreement_id: Annotated[
        int, typer.Argument(metavar="ID", help="The id that `pokervod hands disagreements` shows.")
    ],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Settle a disagreement; it opens again only when hand or sheet change.

    Example: pokervod hands settle 3 --reason "the sheet names the wrong winner"
    """
    actor = read_actor(by, reason)
    with open_database(load_settings()) as engine, engine.begin() as connection:
        clip_link_store.settle_disagreement(connection, disagreement_id, actor=actor)
    out.print(f"disagreement {disagreement_id} is settled", markup=False)
