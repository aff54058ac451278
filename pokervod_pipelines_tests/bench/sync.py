"""Measure the full sync by its command: seconds and peak memory of our process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines_tests.bench.figure import Figure, make_tree, scratch

COMMAND = [sys.executable, "-c", "from pokervod_pipelines.cli import main; main()"]
HEADER = "File No.,File Name,Nas Folder Link,In,Out,Hand Grade,Winner,Hands,Tag (Player),Tag (Poker Play),Tag (Emotion)"


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Sync 2,000 files with 2,500 rows, then the same rows beside ten and a hundred times the files."""
    for files in (2_000,) if is_small else (2_000, 20_000, 200_000):
        with scratch() as folder:
            _lay_out(folder, files, rows=2_500)
            for what, target in (("first", "< 600, aim < 30"), ("second, nothing changed", "aim < 10")):
                seconds, megabytes, inside = _sync(folder)
                name = f"{files:,} files + 2,500 rows, {what}"
                yield Figure(
                    f"{name}: s (of which the run)", f"{seconds:.1f} ({inside:.1f})", target if files == 2_000 else ""
                )
                yield Figure(f"{name}: peak MB", f"{megabytes:.0f}", "< 512, aim < 256")
            EmbeddedServer(folder / ".pokervod" / "postgres").erase()


def _lay_out(folder: Path, files: int, rows: int) -> None:
    make_tree(folder / "archive", files)
    names = sorted(path.stem for path in (folder / "archive").rglob("*.mp4"))[:rows]
    lines = [
        f"{n},{names[n % len(names)]},,0:{n % 50:02}:10,0:{n % 50:02}:55,★★,JJ,JJ vs AKo,Stone,Bluff,Tilt"
        for n in range(rows)
    ]
    (folder / "rows.csv").write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    settings = {
        "archive_roots": [{"name": "nas", "path": "archive"}],
        "sheets": [{"name": "rows", "path": "rows.csv"}],
    }
    (folder / "pokervod.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def _sync(folder: Path) -> tuple[float, float, float]:
    started = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, "sync", "--json"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    document = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return time.perf_counter() - started, usage.ru_maxrss / scale, document["seconds"]
