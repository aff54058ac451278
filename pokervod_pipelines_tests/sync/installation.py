"""Build a small installation on disk: an archive, a sheet and settings; and run the real command in it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Connection, text
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import EXIT_CODES, app
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import load_settings

COMMAND = [sys.executable, "-c", "from pokervod_pipelines.cli import main; main()"]

SETTINGS = """
archive_roots: [{name: nas, path: archive}]
libraries:
  - {name: WSOP, root: nas, folder: ARCHIVE/WSOP}
  - {name: PAD, root: nas, folder: ARCHIVE/PAD}
  - {name: rest, root: nas}
sheets:
  - {name: notes, path: sheets/notes.csv}
scan: {settle_seconds: 0, stall_seconds: 5}
retries: {nas_seconds: 0, sheets_seconds: 0, clips_seconds: 0}
media: {enabled: false}
"""

HEADER = (
    "File No.,File Name,Nas Folder Link,In,Out,Hand Grade,Winner,Hands,Tag (Player),Tag (Player),Tag (Poker Play)\n"
)


@dataclass(frozen=True)
class Installation:
    """Run ``pokervod`` in a folder, each time in a process of its own."""

    folder: Path
    database_url: str = ""

    @property
    def environ(self) -> dict[str, str]:
        """Return what the command finds in its environment: a server, or nothing and thus the embedded one."""
        return {"POKERVOD_DATABASE_URL": self.database_url} if self.database_url else {}

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def sheet(self) -> Path:
        return self.folder / "sheets" / "notes.csv"

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start the command in a process group of its own."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        process = self.start(*arguments, **environ)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def sync(self, *, expect: int = 0, full: bool = True) -> dict[str, Any]:
        """Run ``pokervod sync``, expect that exit status, and return the JSON that it prints."""
        done = self.run("sync", "--full" if full else "--incremental", "--json")
        assert done.returncode == expect, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def kill_everything(self, process: subprocess.Popen[str]) -> None:
        """Kill the command and the database server at once, as a power loss does."""
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pid = EmbeddedServer(self.folder / ".pokervod" / "postgres").status().pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows that the database answers."""
        with open_database(load_settings(self.environ, self.folder)) as engine, engine.connect() as connection:
            return ask(connection, query)


def ask(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """Return the rows as plain tuples."""
    return [tuple(row) for row in connection.execute(text(query))]


class InProcess(Installation):
    """Run ``pokervod`` in this process, and let Dagster keep its runs in files: seconds less for every run."""

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        (self.folder / "dagster.yaml").write_text("telemetry: {enabled: false}", encoding="utf-8")
        with contextlib.chdir(self.folder), mock.patch.dict(os.environ, {**self.environ, **environ}):
            result = CliRunner().invoke(app, arguments)
        error = result.exception
        if error and not isinstance(error, PokervodError | SystemExit):
            raise error
        status = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), result.exit_code)
        return subprocess.CompletedProcess(arguments, status, result.stdout, f"{result.stderr}{error or ''}")


def build_installation(
    folder: Path, *, database_url: str = "", kind: type[Installation] = Installation
) -> Installation:
    """Write 60 videos in three libraries, some junk, and a sheet with a row for every third video."""
    installation = kind(folder, database_url)
    names = [
        *(
            f"ARCHIVE/WSOP/WSOP {year}/wsop-{year}-me-nobug{suffix}.mp4"
            for year in range(1973, 1993)
            for suffix in ("",)
        ),
        *(f"ARCHIVE/PAD/PAD S12/pad-s12-ep{number:02}-002.mp4" for number in range(1, 21)),
        *(f"Clips/{number}-wsop-2024-be-ev-{number}-1500-nlh-ft-Stone-doubles.mp4" for number in range(1, 21)),
    ]
    for number, name in enumerate(names):
        write_file(installation.archive / name, 1_000_000 + number)
    for junk in ("ARCHIVE/.DS_Store", "ARCHIVE/PAD/PAD S12/._pad-s12-ep01-002.mp4"):
        write_file(installation.archive / junk, 4_096)
    installation.sheet.parent.mkdir(parents=True)
    lines = [
        f"{number},{Path(name).stem},,0:{number:02}:10,0:{number:02}:55,★★,JJ,JJ vs AKo,Stone,Rivers,Bad beat\n"
        for number, name in enumerate(names[::3])
    ]
    installation.sheet.write_text(HEADER + "".join(lines), encoding="utf-8")
    (folder / "pokervod.yaml").write_text(SETTINGS, encoding="utf-8")
    return installation


def write_file(path: Path, size: int) -> None:
    """Write a sparse file with a fixed time in the past."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    os.utime(path, (1_600_000_000 + size % 1_000, 1_600_000_000 + size % 1_000))
