"""Run the steps on the connection, and in the transaction, that ``migrate`` passes."""

from typing import Any

from alembic import context

from pokervod_pipelines.db.migrate import VERSION_TABLE


def _note_step(*, step: Any, **_: Any) -> None:
    steps: list[str] = context.config.attributes["steps"]
    steps.append(f"{step.up_revision_id} {step.up_revision.doc}")


context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transaction_per_migration=False,
    on_version_apply=_note_step,  # type: ignore[arg-type]
)
context.run_migrations()
