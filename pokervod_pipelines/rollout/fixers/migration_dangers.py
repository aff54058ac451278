"""Find out whether a migration may lose data: its SQL is written out, never run, and searched.

What cannot be read counts as dangerous. Words in comments, in quotes and in the rules of foreign keys are ignored; the
body of a function is searched like any other SQL. A migration that copies the rows of what it drops declares
``KEEPS_DATA = True``, and is not searched.
"""

import io
import re
from dataclasses import dataclass

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory

from pokervod_pipelines.db import migrate

_NO_STATEMENT = re.compile(
    r"--[^\n]*|/\*.*?\*/|\be'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\$(?P<tag>\w*)\$(?P<body>.*?)\$(?P=tag)\$|\bon\s+delete\s+(?:cascade|restrict|no\s+action|set\s+(?:null|default))"
    r"|\b(?:before|after|or)\s+(?:delete|truncate)\b|\"(?:[^\"]|\"\")*\"",
    re.IGNORECASE | re.DOTALL,
)

_KEPT_BY_DROP = r"(?:constraint|default|not\s+null|expression|identity)\b"

DANGERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("drops a table", r"\bdrop\s+(?:foreign\s+)?table\b"),
        ("drops a column", rf"\balter\s+(?:foreign\s+)?table\b[^;]*\bdrop\s+(?!{_KEPT_BY_DROP})"),
        ("truncates a table", r"\btruncate\b"),
        ("deletes rows", r"\bdelete\b"),
        ("drops a schema or database", r"\bdrop\s+(?:schema|database|owned|tablespace)\b"),
        ("drops what depends on something", r"\bdrop\b[^;]*\bcascade\b"),
        ("recomputes a column", r"\balter\s+table\b[^;]*\btype\b[^;]*\busing\b"),
        ("runs a block whose effect is unknown", r"(?:^|;)\s*do\b"),
        ("runs text as a statement", r"\bexecute\s+(?!function\b|procedure\b|on\b)"),
    )
)
"""What a migration must not do without a person, and the SQL that does it."""


@dataclass(frozen=True, slots=True)
class PendingMigration:
    """Name a migration that the database does not have yet; ``danger`` says how it may lose data, None if it cannot."""

    name: str
    danger: str | None


def list_pending_migrations(current: str | None) -> list[PendingMigration]:
    """Return the migrations after the revision (None: an empty database) in order, each with its danger."""
    script = ScriptDirectory(str(migrate.MIGRATIONS))
    pending = reversed(list(script.iterate_revisions("head", current or "base")))
    return [PendingMigration(f"{step.revision} {step.doc}", _inspect(step)) for step in pending]


def find_danger(sql: str) -> str | None:
    """Return how the SQL may lose data, such as "drops a table", or None if it cannot."""
    plain = _strip(sql)
    return next((name for name, pattern in DANGERS if pattern.search(plain)), None)


def _strip(sql: str) -> str:
    return _NO_STATEMENT.sub(_replace, sql)


def _replace(found: re.Match[str]) -> str:
    """Keep a word for a quoted name, so that the grammar around it can be read, and the SQL of a function's body."""
    if found["body"] is not None:
        return f" ;{_strip(found['body'])}; "
    return " name " if found[0].startswith('"') else " "


def _inspect(step: Script) -> str | None:
    if getattr(step.module, "KEEPS_DATA", False):
        return None
    try:
        return find_danger(_write_out(step))
    except Exception as error:  # noqa: BLE001 - a migration is any code, and may need a database
        return f"cannot be read without running it ({type(error).__name__})"


def _write_out(step: Script) -> str:
    written = io.StringIO()
    options = {"as_sql": True, "output_buffer": written}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        step.module.upgrade()
    return written.getvalue()
