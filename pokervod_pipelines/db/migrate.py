"""Apply the steps of the schema: up at every start, up or down to a given revision by command.

One transaction holds a lock and all steps, so two starters apply them once, and a failing step leaves the schema as
it was. Alembic is imported only when there is something to apply.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, OperatorNeeded

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "pokervod_schema_version"


def list_revisions() -> list[str]:
    """Return the revisions of this code, oldest first; they are numbered and linear (``0006_…``, ``0007_…``)."""
    return sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest_revision() -> str:
    """Return the revision that this code expects."""
    return list_revisions()[-1]


def current_revision(engine: Engine) -> str | None:
    """Return the revision of the database; None where no step was applied."""
    with engine.connect() as connection:
        return _read_revision(connection)


def upgrade_database(engine: Engine, revision: str = "head") -> list[str]:
    """Apply the steps up to ``revision``; return their names, none when the database was already there.

    Raises ``BadInput`` for an unknown revision, and ``OperatorNeeded`` when a step fails (the schema is then as before)
    or the database is newer than the code, or older than the oldest step.
    """
    if revision == "head" and current_revision(engine) == newest_revision():
        return []
    from alembic import command  # noqa: PLC0415 - 0.2 s that an up-to-date start does not pay

    _require_known(revision, "head")
    return _run_locked(engine, lambda config: command.upgrade(config, revision))


def downgrade_database(engine: Engine, revision: str) -> list[str]:
    """Undo the steps after ``revision`` (``base``: all steps); return their names. Raises as ``upgrade_database``."""
    from alembic import command  # noqa: PLC0415 - as above

    _require_known(revision, "base")
    return _run_locked(engine, lambda config: command.downgrade(config, revision))


def list_undone(engine: Engine, revision: str) -> list[str]:
    """Return the revisions that ``downgrade_database`` would undo, newest first. Raises ``BadInput`` as it does."""
    _require_known(revision, "base")
    first, last = "" if revision == "base" else revision, current_revision(engine) or ""
    return [each for each in reversed(list_revisions()) if first < each <= last]


def _require_known(revision: str, alias: str) -> None:
    known = ["base", *list_revisions()]
    if revision not in {alias, *known}:
        raise BadInput(f"unknown revision {revision}; known: {', '.join(known)}")


def _run_locked(engine: Engine, run: "Callable[[Config], None]") -> list[str]:
    from alembic.config import Config  # noqa: PLC0415 - as above

    steps: list[str] = []
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["steps"] = steps
    try:
        with engine.begin() as connection:
            lock_until_commit(connection, "pokervod.schema")
            _require_supported(connection)
            config.attributes["connection"] = connection
            run(config)
    except SQLAlchemyError as error:
        raise OperatorNeeded(
            f"migration {_find_failed_step(error)} failed and was rolled back, the schema is unchanged: "
            f"{str(getattr(error, 'orig', error)).strip().splitlines()[0]}"
        ) from error
    return steps


def _find_failed_step(error: BaseException) -> str:
    """Return the name of the file of the step that raised: the innermost frame in a ``versions`` folder."""
    files = [Path(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return next((file.stem for file in reversed(files) if file.parent.name == "versions"), "of the schema")


def _require_supported(connection: Connection) -> None:
    revision, known = _read_revision(connection), list_revisions()
    if revision is None:
        return
    if revision > known[-1]:
        raise OperatorNeeded(
            f"the database is at revision {revision}, this version knows only up to {known[-1]}: "
            "run the newer PokerVOD, or run its 'pokervod db downgrade' first"
        )
    if revision < known[0]:
        raise OperatorNeeded(
            f"the database is at revision {revision}, this version upgrades from {known[0]}: "
            f"run 'pokervod db upgrade {known[0]}' of the PokerVOD version before this one first"
        )


def _read_revision(connection: Connection) -> str | None:
    if connection.scalar(text("select to_regclass(:name)"), {"name": VERSION_TABLE}) is None:
        return None
    revision: str | None = connection.scalar(text(f"select version_num from {VERSION_TABLE}"))  # noqa: S608 - constant
    return revision
