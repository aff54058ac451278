"""Run the commands ``pokervod db``: schema and backup."""

import errno
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pokervod_pipelines.cli.options import PreviewOption, write_to
from pokervod_pipelines.cli.output import count_nouns, out
from pokervod_pipelines.db.engine import open_unmigrated, serve_database
from pokervod_pipelines.db.migrate import (
    current_revision,
    downgrade_database,
    list_undone,
    newest_revision,
    upgrade_database,
)
from pokervod_pipelines.errors import OperatorNeeded, Unavailable
from pokervod_pipelines.files import find_full_disk
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)


@app.command("current")
def current() -> None:
    """Print the revision of the database, and the newest one of this version.

    Example: pokervod db current
    """
    with open_unmigrated(load_settings()) as engine:
        out.print(f"{current_revision(engine) or 'none'} (newest: {newest_revision()})")


@app.command("upgrade")
def upgrade(
    revision: Annotated[str, typer.Argument(help="The revision to reach; default: the newest.")] = "head",
) -> None:
    """Apply the missing schema steps; every start does this automatically.

    Example: pokervod db upgrade
    """
    with open_unmigrated(load_settings()) as engine:
        steps = upgrade_database(engine, revision)
    out.print("\n".join(f"applied {step}" for step in steps) or "already at that revision")


@app.command("downgrade")
def downgrade(
    revision: Annotated[str, typer.Argument(help="The revision to return to; 'base' removes all tables.")],
    preview: PreviewOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; the data of the undone steps is lost.")] = False,
) -> None:
    """Undo schema steps. Make a backup first: the data that the undone steps stored is lost.

    Example: pokervod db backup && pokervod db downgrade 0006
    """
    if preview:
        _print_undone(revision)
        return
    if not yes:
        typer.confirm("This deletes the tables and columns of the undone steps with their data. Continue?", abort=True)
    with open_unmigrated(load_settings()) as engine:
        steps = downgrade_database(engine, revision)
    out.print("\n".join(f"undone {step}" for step in steps) or "already at that revision")


def _print_undone(revision: str) -> None:
    with open_unmigrated(load_settings()) as engine:
        undone = list_undone(engine, revision)
    steps = f": {', '.join(undone)}, with the data that they stored" if undone else ""
    out.print(f"{count_nouns(len(undone), 'step')} would be undone{steps}")


@app.command("backup")
def backup(
    target: Annotated[Path | None, typer.Argument(help="The file to write; default: a dated one here.")] = None,
) -> None:
    """Write PokerVOD's database to a file for `pg_restore`.

    Example: pokervod db backup before-upgrade.dump
    """
    from pokervod_pipelines.db.embedded.binaries import find_program  # noqa: PLC0415 - kept out of --help

    path = target or Path(f"pokervod-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump")
    part = path.with_name(path.name + ".part")
    with write_to(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)  # pg_dump keeps the mode of a file that exists
    with serve_database(load_settings()) as urls:
        url = urls.pokervod.set(drivername="postgresql")
        command = [str(find_program("pg_dump")), "--format=custom", f"--file={part}"]
        environ = {"PGPASSWORD": url.password or "", "PATH": "/usr/bin:/bin"}
        uri = url.set(password=None).render_as_string(hide_password=False)
        result = subprocess.run([*command, uri], env=environ, capture_output=True, text=True, check=False)
    if result.returncode:
        part.unlink(missing_ok=True)
        text = f"pg_dump failed: {result.stderr.strip()}"
        if os.strerror(errno.ENOSPC) in text:
            disk = find_full_disk(OSError(errno.ENOSPC, text), path)
            raise OperatorNeeded(f"{text}: free space on {disk}, then run it again")
        raise Unavailable(text)
    part.replace(path)
    out.print(f"{path}: {path.stat().st_size:,} bytes")
