"""Fix by migrations: upgrade the schema to the newest revision, if every pending one declares that it keeps all data.

A migration declares it by ``KEEPS_DATA = True``; whoever writes it knows, and nobody has to guess from its SQL.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from alembic.script import Script, ScriptDirectory
from pydantic import Field
from sqlalchemy import Engine, event

from pokervod_pipelines.db import migrate
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import current_revision, newest_revision, upgrade_database
from pokervod_pipelines.rollout.fixers.base import FailedCriterion, Fixer, FixStep
from pokervod_pipelines.rollout.fixers.context import CannotFix, FixContext


class ApplyMigrations(Fixer):
    """Apply all pending migrations in one transaction, or none; waiting for locks counts in ``seconds``."""

    kind: ClassVar[str] = "apply_migrations"

    seconds: float = Field(default=300.0, gt=0, le=3600)

    def prepare(self, context: FixContext, failed: Sequence[FailedCriterion]) -> FixStep:
        """Return the migrations to apply. Raises ``CannotFix`` without any, or with one that a person must look at."""
        before = current_revision(context.engine)
        if before == newest_revision():
            raise CannotFix(f"no migration is pending (the schema is at {before}), so none can fix the failure")
        if before is not None and before > newest_revision():
            raise CannotFix(
                f"the database is at {before}, newer than this code ({newest_revision()}); run the newer code"
            )
        script = ScriptDirectory(str(migrate.MIGRATIONS))
        pending = [*reversed([*script.iterate_revisions("head", before or "base")])]
        undeclared = [step for step in pending if before and not getattr(step.module, "KEEPS_DATA", False)]
        if undeclared:
            raise CannotFix(
                f"nothing was applied, because pending migrations may lose data: {_name_steps(undeclared)}. "
                "Make a backup, read them, and apply them with 'pokervod db upgrade'"
            )
        names = _name_steps(pending)
        return FixStep(f"apply to the schema at {before or 'nothing'}: {names}", lambda: self._apply(context.engine))

    def _apply(self, engine: Engine) -> str:
        with _limit_time(engine, self.seconds) as limited:
            applied = upgrade_database(limited)
        if not applied:
            raise CannotFix("another process has just applied the pending migrations")
        return f"applied {', '.join(applied)}; the schema is at {newest_revision()}"


def _name_steps(steps: Sequence[Script]) -> str:
    return ", ".join(f"{step.revision} {step.doc}" for step in steps)


@contextmanager
def _limit_time(engine: Engine, seconds: float) -> Iterator[Engine]:
    """Yield another engine on which no statement lasts longer than the seconds, and none begins after them."""
    limited = make_engine(engine.url)
    event.listen(limited, "connect", _set_limit(seconds))
    event.listen(limited, "before_cursor_execute", _refuse_after(time.monotonic() + seconds, seconds))
    try:
        yield limited
    finally:
        limited.dispose()


def _set_limit(seconds: float) -> Callable[..., None]:
    def set_limit(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"set statement_timeout = {max(1, int(seconds * 1000))}")
        connection.commit()

    return set_limit


def _refuse_after(end: float, seconds: float) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        if time.monotonic() > end:
            raise CannotFix(f"the migrations did not finish within {seconds:g} s; the schema is unchanged")

    return refuse
