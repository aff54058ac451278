"""Fix by migrations: upgrade the schema to the newest revision, if every pending one declares that it keeps all data.

A migration declares it by ``KEEPS_DATA = True``; whoever writes it knows, and nobody has to guess from its SQL.
"""

import time
from typing import Any, ClassVar

from pydantic import Field
from sqlalchemy import Engine, event

from pokervod_pipelines.db import migrate
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import current_revision, newest_revision, upgrade_database
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.fixers.base import CannotFix, Fixer, FixStep

MAX_NAMED = 5
"""Of more migrations the report names the first and the last."""


class ApplyMigrations(Fixer):
    """Apply all pending migrations in one transaction, or none; waiting for locks counts in ``seconds``."""

    kind: ClassVar[str] = "apply_migrations"

    seconds: float = Field(default=300.0, gt=0, le=3600)

    def prepare(self, context: RolloutContext) -> FixStep:
        """Return the migrations to apply. Raises ``CannotFix`` without any, or with one that a person must look at."""
        before, newest = current_revision(context.engine), newest_revision()
        if before == newest:
            raise CannotFix(f"no migration is pending (the schema is at {before}), so none can fix the failure")
        if before is not None and before > newest:
            raise CannotFix(f"the database is at {before}, newer than this code ({newest}); run the newer code")
        from alembic.script import ScriptDirectory  # noqa: PLC0415 - 10 MB that only this fix needs

        script = ScriptDirectory(str(migrate.MIGRATIONS))
        pending = [*reversed([*script.iterate_revisions("head", before or "base")])]
        undeclared = [step for step in pending if before and not getattr(step.module, "KEEPS_DATA", False)]
        names = ", ".join(f"{step.revision} {step.doc}" for step in undeclared or pending)
        if undeclared:
            raise CannotFix(
                f"nothing was applied, because pending migrations may lose data: {names}. "
                "Make a backup, read them, and apply them with 'pokervod db upgrade'"
            )
        return FixStep(f"apply to the schema at {before or 'nothing'}: {names}", lambda _: self._apply(context.engine))

    def _apply(self, engine: Engine) -> str:
        limited = make_engine(engine.url)
        end = time.monotonic() + self.seconds

        @event.listens_for(limited, "before_cursor_execute")
        def limit(_: object, cursor: Any, *__: object) -> None:
            left = int((end - time.monotonic()) * 1000)
            if left <= 0:
                raise CannotFix(f"the migrations did not finish within {self.seconds:g} s; the schema is unchanged")
            cursor.execute(f"set statement_timeout = {left}")

        try:
            applied = upgrade_database(limited)
        finally:
            limited.dispose()
        if not applied:
            raise CannotFix("another process has just applied the pending migrations")
        named = applied if len(applied) <= MAX_NAMED else [applied[0], f"{len(applied) - 2} more", applied[-1]]
        return f"applied {', '.join(named)}; the schema is at {newest_revision()}"
