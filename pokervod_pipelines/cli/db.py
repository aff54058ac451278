"""Run the commands ``pokervod db``: schema and backup."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pokervod_pipelines.cli.options import PreviewOption, write_to
from pokervod_pipelines.cli.output import count_nouns, out
from pokervod_pipelines.db.engine import open_database, open_unmigrated, serve_database
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


@app.command("hub-role")
def hub_role(
    name: Annotated[str, typer.Argument(help="The role that the program connects as, such as capture.")],
    hole_cards: Annotated[
        bool, typer.Option("--hole-cards", help="It sees hole cards inside the broadcast delay, too.")
    ] = False,
) -> None:
    """Make a database role for a program of the old shared library, or bring it up to date.

    Its password comes from POKERVOD_HUB_PASSWORD, or is asked for; it is never an argument.

    Example: pokervod db hub-role capture
    """
    from pokervod_pipelines.db.hub_roles import make_hub_role  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.workflows.hub_facts import publish_hub  # noqa: PLC0415 - as above

    settings, password = load_settings(), _read_hub_password()
    with open_database(settings) as engine:
        role = make_hub_role(engine, name, password=password, sees_hole_cards=hole_cards)
        templates = publish_hub(engine, settings)
        url = engine.url
    state = "created" if role.is_new else "up to date"
    out.print(f"{role.name} is {state}; {count_nouns(templates, 'template')} published to it")
    out.print(f"POSTGRES_HOST={url.host or url.query.get('host', '')}", soft_wrap=True)
    out.print(
        f"POSTGRES_PORT={url.port or 5432}\nPOSTGRES_DB={url.database}\nPOSTGRES_USER={role.name}", soft_wrap=True
    )
    if settings.database_url is None:
        out.print("This is the embedded PostgreSQL: only programs of this machine and user reach it, by its socket.")
        out.print("For others set POKERVOD_DATABASE_URL to a PostgreSQL server, and run this again.")
    elif password is None:
        out.print("No password was given; without one the server lets it in only where pg_hba.conf trusts it.")


def _read_hub_password() -> str | None:
    """Return the password from the environment, or from the person at the terminal; None where there is neither."""
    if given := os.environ.get("POKERVOD_HUB_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        return None
    password: str = typer.prompt("Password (empty: as it is)", default="", hide_input=True, show_default=False)
    return password or None


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
