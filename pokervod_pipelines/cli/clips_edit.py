"""Define ``pokervod clips create``, ``tag``, ``undo`` and ``decisions``: what people decide about clips."""

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table
from pokervod_pipelines.cli.usage import LARGEST
from pokervod_pipelines.clips.edits import ClipDecision, find_clip, list_decisions, tag_clip
from pokervod_pipelines.clips.timecode import format_ms
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings

ClipArgument = Annotated[int, typer.Argument(metavar="CLIP", min=1, max=LARGEST, help="As `clips list` shows it.")]
CategoryOption = Annotated[
    str,
    typer.Option("--category", help="Of a word that no list has, such as emotion or adjective."),
]


def create(
    video: Annotated[str, typer.Option("--video", help="Its path from the archive root, or the end of it.")],
    time_in: Annotated[str, typer.Option("--in", help="0:12:34, or 0:12:34:05 with frames.")],
    time_out: Annotated[str, typer.Option("--out", help="As --in.")],
    title: Annotated[str, typer.Option("--title", help="Of the clip.")],
    reason: ReasonOption,
    players: Annotated[list[str] | None, typer.Option("--player", "-p", help="A player; repeat it for more.")] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", "-t", help="A tag; repeat it for more.")] = None,
    category: CategoryOption = "",
    grade: Annotated[int | None, typer.Option("--grade", "-g", min=1, max=3, help="Stars.")] = None,
    hands: Annotated[str, typer.Option("--hands", help='The hole cards, as in a sheet: "AA vs KK".')] = "",
    winner: Annotated[str, typer.Option("--winner", help="The cards that won.")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a clip that is in no sheet; syncs leave it as it is.

    Example: pokervod clips create --video Clips/IMG_4471.MOV --in 0:00:02 --out 0:00:04 --title Fold --reason trailer
    """
    from pokervod_pipelines.workflows.clip_edits import NewClip, create_clip  # noqa: PLC0415 - it loads four rooms

    settings = load_settings()
    new = NewClip(
        video=video,
        time_in=time_in,
        time_out=time_out,
        title=title,
        players=tuple(players or ()),
        tags=tuple(tags or ()),
        category=category or None,
        grade=grade,
        hands=hands,
        winner=winner,
    )
    with open_database(settings) as engine:
        made = create_clip(engine, settings, new, actor=read_actor(by, reason))
    if as_json:
        print_json(asdict(made))
        return
    stretch = f"{format_ms(made.in_ms)} - {format_ms(made.out_ms)} of {made.path}"
    end = f"undo: `pokervod clips undo {made.decision}`" if made.decision else "it exists already"
    out.print(f"clip {made.clip_id}: {stretch}; {end}", markup=False)
    if made.remark:
        out.print(f"note: {made.remark}", markup=False)


def tag(
    clip: ClipArgument,
    action: Annotated[Literal["add", "remove"], typer.Argument(metavar="add|remove", help="What to do.")],
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="In any spelling.")],
    reason: ReasonOption,
    category: CategoryOption = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add tags to a clip or remove some; what a person decides wins over the sheet until somebody undoes it.

    Example: pokervod clips tag 12 add "big fold" --reason "seen in the edit"
    """
    with open_database(load_settings()) as engine:
        changed = tag_clip(
            engine,
            clip,
            add=tags if action == "add" else (),
            remove=tags if action == "remove" else (),
            category=category or None,
            actor=read_actor(by, reason),
        )
    if as_json:
        print_json(asdict(changed))
        return
    undo_ = ", ".join(f"`pokervod clips undo {each}`" for each in changed.decisions)
    end = f"; undo: {undo_}" if undo_ else "; nothing changed"
    out.print(f"clip {clip} has {', '.join(changed.tags) or 'no tag'}{end}", markup=False)


def undo(
    decision: Annotated[int, typer.Argument(metavar="ID", min=1, max=LARGEST, help="As `clips decisions` lists it.")],
    reason: ReasonOption,
    by: ByOption = "",
) -> None:
    """Undo what a person decided: a tag is as the sheet says again, a clip that was made by hand is retired.

    Example: pokervod clips undo 3 --reason "it was another hand"
    """
    from pokervod_pipelines.workflows.clip_edits import undo_clip_decision  # noqa: PLC0415 - as above

    settings = load_settings()
    with open_database(settings) as engine:
        clip = undo_clip_decision(engine, settings, decision, actor=read_actor(by, reason))
    tags_ = ", ".join(name for _, name in clip.tags) or "no tag"
    out.print(f"clip {clip.id} {'is retired' if clip.is_retired else f'has {tags_}'}", markup=False)


def decisions(
    clip: Annotated[int | None, typer.Argument(metavar="[CLIP]", min=1, max=LARGEST, help="Only of this clip.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the clips and tags that people decided: who, when and why.

    Example: pokervod clips decisions
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        history = list_decisions(connection, clip)
        if clip is not None and not history:
            find_clip(connection, clip)  # refuses an unknown clip
    if as_json:
        print_json([asdict(each) for each in history])
        return
    rows = [
        (
            str(each.id),
            each.at,
            each.by,
            str(each.clip_id),
            each.title,
            _describe(each),
            "in force" if each.is_in_force else "",
            each.reason,
        )
        for each in history
    ]
    hint = make_hint(len(rows), first_step="`pokervod clips tag` adds a tag, `clips create` makes a clip")
    columns = ("id", "when", "who", "clip", "title", "what", "", "why")
    print_table(count_nouns(len(rows), "decision"), columns, rows, right=("id", "clip"), hint=hint)


def _describe(decision: ClipDecision) -> str:
    if decision.undoes is not None:
        return f"undoes {decision.undoes}"
    if decision.tag is None:
        return "made"
    return f"{decision.tag} {'added' if decision.value else 'removed'}"
