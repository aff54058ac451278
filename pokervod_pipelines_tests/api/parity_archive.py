"""Decide about files, libraries, sheets and roots, the catalog, clips, players and weeks."""

from typing import Any

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.corrections import correct_file
from pokervod_pipelines.catalog.creation import create_entry
from pokervod_pipelines.clips.aliases import add_alias
from pokervod_pipelines.clips.edits import tag_clip
from pokervod_pipelines.workflows.clip_edits import NewClip, create_clip
from pokervod_pipelines.workflows.sheet_decisions import pin_row
from pokervod_pipelines_tests.api.parity import ParityCase, World
from pokervod_pipelines_tests.sheets.harness import COLUMNS, SheetHarness, make_line, write_book

BEN = Actor(who="ben", reason="prepared", correlation_id="prepared")
VIDEO = "archive/show 1.mp4"
NEW = NewClip(
    video=VIDEO, time_in="0:30:00", time_out="0:30:20", title="Hero call", players=("Ana Ruiz",), tags=("Hero call",)
)

MAKE_MEASURED = """
    insert into media_facts (file_id, size, mtime_ns, status, reason, duration_ms, rate_num, rate_den)
    select id, size, mtime_ns, 'ok', '', 3600000, 25, 1 from nas_files
"""


def put_files(world: World) -> dict[str, Any]:
    """Put two videos into the inventory, and something readable into the archive root."""
    (world.folder / "nas" / "keep.txt").write_text("x")
    _make_harness(world).add_files(VIDEO, "archive/show 2.mp4")
    world.execute("update nas_files set library = 'shows'")
    world.execute(MAKE_MEASURED)
    [[video]] = world.execute("select id from nas_files where path = :path", path=VIDEO)
    return {"video_id": video, "below": "archive"}


def lose_files(world: World) -> dict[str, Any]:
    names = put_files(world)
    world.execute("update nas_files set state = 'missing'")
    return names


def hold_files(world: World) -> dict[str, Any]:
    names = put_files(world)
    world.execute("update nas_files set state = 'unseen'")
    return names


def remove_library(world: World) -> dict[str, Any]:
    put_files(world)
    world.execute("update nas_files set library = 'old', root = 'old'")
    return {"library": "old"}


def put_rows(world: World) -> dict[str, Any]:
    """Make a clip of the first video, and one whose row has none."""
    names = put_files(world)
    harness = _make_harness(world)
    harness.path.unlink(missing_ok=True)
    lines = [make_line(1), make_line(7, **{"Tag_(Player)": "The Kid"})]
    write_book(harness.path, {"Hands": [COLUMNS, *lines]})
    harness.sync()
    harness.build()
    [[clip]] = world.execute("select min(id) from hand_clips")
    return {**names, "clip_id": clip, "row_id": harness.ids()["show 7"]}


def pin(world: World) -> dict[str, Any]:
    names = put_rows(world)
    pin_row(world.engine, world.settings, row_id=names["row_id"], path=VIDEO, actor=BEN)
    return names


def remove_sheet(world: World) -> dict[str, Any]:
    put_rows(world)
    for table in ("sheet_rows", "hand_clips", "sheet_states"):
        world.execute(f"update {table} set sheet = 'old'")
    return {"sheet": "old"}


def correct(world: World) -> dict[str, Any]:
    names = put_files(world)
    made = correct_file(world.engine, path_or_id=names["video_id"], field="project", value="WSOP", actor=BEN)
    return {"decision_id": made.id}


def create(world: World) -> dict[str, Any]:
    return {"decision_id": create_entry(world.engine, ["project=WSOP", "year=2027"], actor=BEN).decision}


def tag(world: World) -> dict[str, Any]:
    names = put_rows(world)
    [decision] = tag_clip(world.engine, names["clip_id"], add=["Hero call"], actor=BEN).decisions
    return {"decision_id": decision}


def make_clip(world: World) -> dict[str, Any]:
    put_rows(world)
    return {"decision_id": create_clip(world.engine, world.settings, NEW, actor=BEN).decision}


def alias(world: World) -> dict[str, Any]:
    put_rows(world)
    add_alias(world.engine, "The Kid", "Ana Ruiz", actor=BEN)
    return {}


def prepare_week(_: World) -> dict[str, Any]:
    return {"week": "2026-W40"}


def _make_harness(world: World) -> SheetHarness:
    path = world.folder / "tracker.xlsx"
    return SheetHarness(engine=world.engine, settings=world.settings, path=path, sheet="tracker")


PLACE = ["--library", "shows", "--below", "archive"]
MISSING = {"library": "shows", "below": "{below}", "expected": 2}
UNDO = "/api/catalog/decisions/{decision_id}/undo"
UNDO_CLIP = "/api/clips/decisions/{decision_id}/undo"
NEW_WORDS = ["--video", VIDEO, "--in", "0:30:00", "--out", "0:30:20", "--title", "Hero call", "--player", "Ana Ruiz"]
NEW_BODY = {"video": VIDEO, "time_in": "0:30:00", "time_out": "0:30:20", "title": "Hero call", "players": ["Ana Ruiz"]}

CASES = [
    ParityCase(
        path="/api/missing-files/clear",
        prepare=lose_files,
        body=MISSING,
        command=["nas", "clear", *PLACE],
    ),
    ParityCase(
        path="/api/missing-files/confirm-loss",
        prepare=hold_files,
        body=MISSING,
        command=["nas", "confirm-loss", *PLACE],
    ),
    ParityCase(
        path="/api/libraries/{library}/retire",
        prepare=remove_library,
        body={"expected": 2},
        command=["nas", "retire", "old"],
    ),
    ParityCase(
        path="/api/roots/{root}/accept",
        prepare=lambda world: {**put_files(world), "root": "nas"},
        command=["nas", "accept-folder", "--root", "nas"],
    ),
    ParityCase(
        path="/api/sheets/{sheet}/retire",
        prepare=remove_sheet,
        body={"expected": 2},
        command=["sheets", "retire", "old"],
    ),
    ParityCase(
        path="/api/rows/{row_id}/pin",
        prepare=put_rows,
        body={"path": "show 2.mp4"},
        command=["sheets", "pin", "{row_id}", "show 2.mp4"],
    ),
    ParityCase(path="/api/rows/{row_id}/unpin", prepare=pin, command=["sheets", "unpin", "{row_id}"]),
    ParityCase(
        path="/api/videos/{video_id}/correct",
        prepare=put_files,
        body={"field": "project", "value": "WSOP"},
        command=["catalog", "correct", VIDEO, "project", "WSOP"],
    ),
    ParityCase(
        path="/api/catalog/entries",
        body={"fields": {"project": "WSOP", "year": "2027"}},
        command=["catalog", "create", "project=WSOP", "year=2027"],
    ),
    ParityCase(path=UNDO, name="correction", prepare=correct, command=["catalog", "undo", "{decision_id}"]),
    ParityCase(
        path=UNDO,
        name="creation",
        prepare=create,
        command=["catalog", "undo", "{decision_id}"],
        is_audited=False,  # the decision says who and why
    ),
    ParityCase(path="/api/clips", prepare=put_rows, body=NEW_BODY, command=["clips", "create", *NEW_WORDS]),
    ParityCase(
        path="/api/clips/{clip_id}/tag",
        prepare=put_rows,
        body={"add": ["Hero call"]},
        command=["clips", "tag", "{clip_id}", "add", "Hero call"],
    ),
    ParityCase(path=UNDO_CLIP, name="tag", prepare=tag, command=["clips", "undo", "{decision_id}"]),
    ParityCase(path=UNDO_CLIP, name="clip", prepare=make_clip, command=["clips", "undo", "{decision_id}"]),
    ParityCase(
        path="/api/players/alias",
        prepare=put_rows,
        body={"alias": "The Kid", "player": "Ana Ruiz"},
        command=["players", "alias", "The Kid", "Ana Ruiz"],
        is_audited=False,  # its event has who, the decision why
    ),
    ParityCase(
        path="/api/players/unalias",
        prepare=alias,
        body={"alias": "The Kid"},
        command=["players", "unalias", "The Kid"],
        is_audited=False,  # as above
    ),
    ParityCase(path="/api/weeks/{week}/close", prepare=prepare_week, command=["weeks", "close", "2026-W40"]),
]
