"""Check that a further block is a room, a file of definitions, a file of tables and a line in the list of blocks.

The test adds one to a copy of the package and then asks the copy, in processes of its own, for everything that a
block has: no other file of the copy differs.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import pokervod_pipelines
from pokervod_pipelines.db.migrate import newest_revision
from pokervod_pipelines_tests.sync.installation import build_installation

PACKAGE = Path(pokervod_pipelines.__file__).parent
TOP = PACKAGE.parent
LINE = '    "G": ("db",),\n'

ROOM = {
    "__init__.py": '"""Find what can be seen in the frames of a video."""\n',
    "events.py": """
from pokervod_pipelines.events.payloads.base import Payload

class SeenFrame(Payload):
    path: str

EVENTS = {"vision.frame.seen": SeenFrame}
""",
    "contract.py": """
from sqlalchemy import text
from pokervod_pipelines.checks import report_part
from pokervod_pipelines.events import NewEvent, append_events

def initialize(engine, settings):
    with engine.begin() as connection:
        connection.execute(text("insert into vision_frames values ('first') on conflict do nothing"))

def process(engine, settings, event):
    if event.type != "nas.scan.completed":
        return False
    with engine.begin() as connection:
        frame = NewEvent("vision.frame.seen", {"path": event.payload["library"]})
        append_events(connection, "vision", event.correlation_id, [frame])
    return True

def health(engine, settings):
    return [report_part("camera", "no lens", "buy one")]
""",
}
DEFINITIONS = """
import dagster as dg

def define_vision(settings):
    @dg.asset(group_name="vision")
    def seen_frames():
        "Keep what was seen."
    return [seen_frames]
"""
TABLES = """
from alembic import op

revision, down_revision = "{new}", "{old}"

def upgrade():
    op.execute("create table vision_frames (path text primary key)")

def downgrade():
    op.execute("drop table vision_frames")
"""


@dataclass(frozen=True)
class Copy:
    """Run programs of the copy in the folder of an installation."""

    top: Path
    folder: Path
    database_url: str

    def run(self, *arguments: str, expect: int = 0) -> str:
        environ = {**os.environ, "PYTHONPATH": str(self.top), "POKERVOD_DATABASE_URL": self.database_url}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == expect, done.stderr
        return done.stdout

    def command(self, *arguments: str, expect: int = 0) -> str:
        return self.run("-m", "pokervod_pipelines.cli", *arguments, expect=expect)


@pytest.fixture
def copy(tmp_path: Path, make_database: Callable[[bool], str]) -> Copy:
    """Copy the package and add the block to the copy."""
    package = tmp_path / "code" / "pokervod_pipelines"
    shutil.copytree(PACKAGE, package)
    (package / "vision").mkdir()
    for name, content in ROOM.items():
        (package / "vision" / name).write_text(content, encoding="utf-8")
    (package / "defs" / "vision.py").write_text(DEFINITIONS, encoding="utf-8")
    old = newest_revision()
    new = f"{int(old) + 1:04}"
    tables = package / "db" / "migrations" / "versions" / f"{new}_vision.py"
    tables.write_text(TABLES.format(old=old, new=new), encoding="utf-8")
    listed = package / "events" / "types.py"
    source = listed.read_text(encoding="utf-8")
    assert source.count(LINE) == 1
    listed.write_text(source.replace(LINE, f'{LINE}    "H": ("vision",),\n'), encoding="utf-8")
    folder = tmp_path / "installation"
    folder.mkdir()
    build_installation(folder)
    return Copy(package.parent, folder, make_database(False))


ASK = """
import json
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.defs.assembly import build_defs
from pokervod_pipelines.events.log import EventFilter, read_latest
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.blocks import check_block, process_event

settings = load_settings()
with open_database(settings) as engine, engine.connect() as connection:
    scans = [*read_latest(connection, EventFilter(types=("nas.scan.completed",)), limit=None)]
    processed = [process_event(engine, settings, scan) for scan in scans]
    health = check_block("H", engine, settings)
    frames = connection.exec_driver_sql("select path from vision_frames").scalars().all()
graph = build_defs(settings=settings).resolve_asset_graph()
[key] = [each for each in graph.get_all_asset_keys() if each.to_user_string() == "seen_frames"]
print(json.dumps({
    "processed": [*map(sorted, processed)], "health": [health.state, health.summary], "initialized": frames,
    "asset": [graph.get(key).group_name, graph.get(key).tags["pokervod/block"], [*graph.get(key).owners]],
}))
"""


@pytest.mark.long
def test_a_further_block_needs_no_edit_but_its_line_in_the_list(copy: Copy) -> None:
    copy.command("sync", "--json")

    said = json.loads(copy.run("-c", ASK))

    assert said["processed"] == [["catalog", "media", "vision"]] * 3
    assert said["health"] == ["failed", "camera: no lens"]
    assert said["initialized"] == ["first"]
    assert said["asset"] == ["vision", "H", ["team:archive"]]
    for selection in (("--block", "H"), ("--block", "vision"), ("--type", "vision.frame")):
        events = [json.loads(line) for line in copy.command("events", "tail", *selection, "--json").splitlines()]
        assert [(each["source"], each["payload"]["path"]) for each in events] == [
            ("vision", name) for name in ("WSOP", "PAD", "rest")
        ], selection
    block = json.loads(copy.command("status", "--json"))["blocks"]["H"]
    assert (block["rooms"], block["exists"], block["status"]) == (["vision"], True, "idle")
    assert {"part": "camera", "ok": False, "found": "no lens", "fix": "buy one"} in json.loads(
        copy.command("doctor", "--json", expect=1)
    )
