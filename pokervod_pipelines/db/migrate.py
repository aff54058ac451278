"""The schema's history, applied: up at every start, down and to a given revision by command.

One transaction holds a lock and all steps, so two starters apply them once, and a failing step leaves the schema as
it was. Alembic is imported only when there is something to apply.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from pokervod_pipelines.errors import OperatorNeeded

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "pokervod_schema_version"
_LOCK = 0x706F6B65


def newest_revision() -> str:
    """The revision that this code expects; revisions are numbered and linear (``0001_…``, ``0002_…``)."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).split("_")[0]


def current_revision(engine: Engine) -> str | None:
    """The revision the database is at; None where nothing was applied yet."""
    with engine.connect() as connection:
        return _revision(connection)


def upgrade_database(engine: Engine, revision: str = "head") -> list[str]:
    """The database is at ``revision``; returns the names of the steps applied, none when it was there already.

    Raises ``OperatorNeeded`` when a step fails (the schema is then as before) or the database is newer than the code.
    """
    if revision == "head" and current_revision(engine) == newest_revision():
        return []
    from alembic import command  # noqa: PLC0415 - 0.2 s that an up-to-date start does not pay

    return _run_locked(engine, lambda config: command.upgrade(config, revision))


def downgrade_database(engine: Engine, revision: str) -> list[str]:
    """The database is back at ``revision`` (``base`` for none); returns the names of the steps undone."""
    from alembic import command  # noqa: PLC0415 - as above

    return _run_locked(engine, lambda config: command.downgrade(config, revision))


def _run_locked(engine: Engine, run: "Callable[[Config], None]") -> list[str]:
    from alembic.config import Config  # noqa: PLC0415 - as above

    steps: list[str] = []
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["steps"] = steps
    try:
        with engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _refuse_newer(connection)
            config.attributes["connection"] = connection
            run(config)
    except SQLAlchemyError as error:
        raise OperatorNeeded(
            f"migration {_failing_step(error)} failed and was rolled back whole, the schema is as before: "
            f"{str(getattr(error, 'orig', error)).strip().splitlines()[0]}"
        ) from error
    return steps


def _failing_step(error: BaseException) -> str:
    """The file of the step that raised, as the innermost frame in a ``versions`` folder names it."""
    files = [Path(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return next((file.stem for file in reversed(files) if file.parent.name == "versions"), "of the schema")


def _refuse_newer(connection: Connection) -> None:
    revision = _revision(connection)
    if revision is not None and revision > newest_revision():
        raise OperatorNeeded(
            f"the database is at revision {revision}, this code knows only up to {newest_revision()}: "
            "run the newer PokerVOD, or go back with its 'pokervod db downgrade' first"
        )


def _revision(connection: Connection) -> str | None:
    if connection.scalar(text("select to_regclass(:name)"), {"name": VERSION_TABLE}) is None:
        return None
    revision: str | None = connection.scalar(text(f"select version_num from {VERSION_TABLE}"))  # noqa: S608 - constant
    return revision
