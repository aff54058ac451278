"""Reads what a migration would do, before it does it: its SQL is written out, never run, and looked through.

It errs on the side of a person: what cannot be read counts as dangerous. Words in comments, in quotes and in the rules
of foreign keys are no statements; the text of a function is read like any other.
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
        ("drops whatever hangs on something", r"\bdrop\b[^;]*\bcascade\b"),
        ("computes a column anew", r"\balter\s+table\b[^;]*\btype\b[^;]*\busing\b"),
        ("runs a block whose effect cannot be read", r"(?:^|;)\s*do\b"),
        ("runs text as a statement", r"\bexecute\s+(?!function\b|procedure\b|on\b)"),
    )
)
"""What a step must not do unseen, and how its SQL shows it."""


@dataclass(frozen=True, slots=True)
class PendingStep:
    """A step that the database does not have yet; ``danger`` is what it would do that no fixer may, None if nothing."""

    name: str
    danger: str | None


def list_pending_steps(current: str | None) -> list[PendingStep]:
    """Return the steps from the revision (None: an empty database) to the newest, in order, each looked through."""
    script = ScriptDirectory(str(migrate.MIGRATIONS))
    pending = reversed(list(script.iterate_revisions("head", current or "base")))
    return [PendingStep(f"{step.revision} {step.doc}", _find_danger(step)) for step in pending]


def find_danger(sql: str) -> str | None:
    """Return what the SQL would do that no fixer may, such as "drops a table"; None when there is nothing."""
    plain = _strip(sql)
    return next((name for name, pattern in DANGERS if pattern.search(plain)), None)


def _strip(sql: str) -> str:
    return _NO_STATEMENT.sub(_replace, sql)


def _replace(found: re.Match[str]) -> str:
    """A quoted name stays a word, or what is said of it could not be read; a function's text is SQL of its own."""
    if found["body"] is not None:
        return f" ;{_strip(found['body'])}; "
    return " name " if found[0].startswith('"') else " "


def _find_danger(step: Script) -> str | None:
    try:
        return find_danger(_write_out(step))
    except Exception as error:  # noqa: BLE001 - it is code of anybody's, which may need a database to go on
        return f"cannot be read without running it ({type(error).__name__})"


def _write_out(step: Script) -> str:
    written = io.StringIO()
    options = {"as_sql": True, "output_buffer": written}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        step.module.upgrade()
    return written.getvalue()
