"""``apply_migrations``: the schema is brought up to the newest revision, unless a step would lose data."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from pydantic import Field
from sqlalchemy import Engine, event

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import current_revision, newest_revision, upgrade_database
from pokervod_pipelines.rollout.fixers.base import CannotFix, FailedCriterion, Fixer, Step
from pokervod_pipelines.rollout.fixers.migration_dangers import list_pending_steps
from pokervod_pipelines.rollout.fixers.world import FixerWorld


class ApplyMigrations(Fixer):
    """All pending steps are applied in one transaction, or none; waiting for locks counts in ``seconds``."""

    kind: ClassVar[str] = "apply_migrations"

    seconds: float = Field(default=300.0, gt=0, le=3600)

    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        """Return the steps to apply. Raises ``CannotFix`` when there is none, or one that a person must look at."""
        before = current_revision(world.engine)
        if before == newest_revision():
            raise CannotFix(f"no migration is pending, the schema is at {before}: what is wrong is something else")
        if before is not None and before > newest_revision():
            raise CannotFix(f"the database is at {before}, newer than this code ({newest_revision()}): run the newer")
        pending = list_pending_steps(before)
        if dangers := [f"{step.name} {step.danger}" for step in pending if step.danger]:
            raise CannotFix(
                f"nothing was applied, as pending migrations may lose data: {'; '.join(dangers)}. "
                "Make a backup, read them, and apply them with 'pokervod db upgrade'"
            )
        names = ", ".join(step.name for step in pending)
        return Step(f"apply to the schema at {before or 'nothing'}: {names}", lambda: self._apply(world.engine))

    def _apply(self, engine: Engine) -> str:
        with _limit_time(engine, self.seconds) as limited:
            applied = upgrade_database(limited)
        if not applied:
            raise CannotFix("another process applied the pending migrations meanwhile")
        return f"applied {', '.join(applied)}; the schema is at {newest_revision()}"


@contextmanager
def _limit_time(engine: Engine, seconds: float) -> Iterator[Engine]:
    """Yield an engine of its own: no statement on it lasts longer than what is left, and none begins after."""
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
            raise CannotFix(f"the migrations did not end within {seconds:g} s; the schema is as before")

    return refuse
