"""Check that pending migrations keep the rows, and that one which may lose data is left to a person."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from pokervod_pipelines.db import migrate
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import MIGRATIONS, VERSION_TABLE, current_revision, newest_revision, upgrade_database
from pokervod_pipelines.rollout.fixers.apply_migrations import ApplyMigrations
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext

STEP = '''
"""{doc}"""
from alembic import op

revision = "{revision}"
down_revision = "{before}"
KEEPS_DATA = True


def upgrade() -> None:
    {body}


def downgrade() -> None:
    op.execute("select 1")
'''

LOSES = "del KEEPS_DATA"

FIRST = "0006"

TOO_LONG = "statement timeout|did not finish within 1 s"
"""Texts for a statement that is stopped, or the next one that is not started."""


@pytest.fixture
def old(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    """Yield a database at the first revision, with rows in it."""
    engine = make_engine(make_database(False))
    upgrade_database(engine, FIRST)
    with engine.begin() as connection:
        rows = "select 'c', 'tag ' || n, true from generate_series(1, 100) n"
        connection.execute(text(f"insert into tags (category, name, is_known) {rows}"))
    yield engine
    engine.dispose()


@pytest.fixture
def own(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    """Yield a migrated database of the test's own, whose schema it may change."""
    engine = make_engine(make_database(True))
    yield engine
    engine.dispose()


@pytest.fixture
def add_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return ``add_steps(body, …)``, which adds migrations after those of the package."""

    def add(*bodies: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder)
        before = newest_revision()
        for number, body in enumerate(bodies, 9001):
            step = STEP.format(doc=f"step {number}", revision=number, before=before, body=body)
            (folder / "versions" / f"{number}_step.py").write_text(step)
            before = str(number)
        monkeypatch.setattr(migrate, "MIGRATIONS", folder)

    return add


def dump_tables(engine: Engine) -> dict[str, list[str]]:
    """Return all tables with their columns and rows."""
    found = inspect(engine)
    with engine.connect() as connection:
        return {
            table: [
                *(f"{column['name']} {column['type']}" for column in found.get_columns(table)),
                *map(str, connection.execute(text(f'select * from "{table}" as t order by t::text'))),
            ]
            for table in found.get_table_names()
        }


def test_a_database_that_is_behind_is_upgraded_and_keeps_its_rows(old: Engine, make_context: MakeContext) -> None:
    rows = dump_tables(old)["tags"]

    report = ApplyMigrations().fix(make_context(engine=old), dry_run=False)

    assert report.done, report.summary
    assert report.summary.startswith("applied 0007 ")
    assert f"at {newest_revision()}" in report.summary
    assert current_revision(old) == newest_revision()
    assert dump_tables(old)["tags"] == rows


def test_an_empty_database_gets_the_whole_schema(
    make_database: Callable[[bool], str], make_context: MakeContext
) -> None:
    engine = make_engine(make_database(False))

    report = ApplyMigrations().fix(make_context(engine=engine), dry_run=False)

    assert report.done, report.summary
    assert current_revision(engine) == newest_revision()
    engine.dispose()


def test_a_dry_run_names_the_migrations_and_changes_nothing(old: Engine, make_context: MakeContext) -> None:
    before = dump_tables(old)

    report = ApplyMigrations().fix(make_context(engine=old), dry_run=True)

    assert not report.done
    assert report.summary.startswith("would apply to the schema at 0006: 0007 ")
    assert dump_tables(old) == before


def test_nothing_pending_is_reported(engine: Engine, make_context: MakeContext) -> None:
    report = ApplyMigrations().fix(make_context(engine=engine), dry_run=False)

    assert not report.done
    assert "no migration is pending" in report.summary


def test_a_database_newer_than_the_code_is_left_alone(own: Engine, make_context: MakeContext) -> None:
    with own.begin() as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = '9998'"))

    report = ApplyMigrations().fix(make_context(engine=own), dry_run=False)

    assert not report.done
    assert "newer than this code" in report.summary


@pytest.mark.parametrize("declared", [LOSES, "KEEPS_DATA = False"], ids=["nothing", "no"])
def test_a_migration_that_does_not_declare_that_it_keeps_data_stops_all(
    declared: str, old: Engine, add_steps: Callable[..., None], make_context: MakeContext
) -> None:
    before = dump_tables(old)
    add_steps('op.execute("create table fine (id int)")', f'op.drop_table("tags")\n\n\n{declared}')

    report = ApplyMigrations().fix(make_context(engine=old), dry_run=False)

    assert report == ApplyMigrations().fix(make_context(engine=old), dry_run=True)
    assert not report.done
    assert "nothing was applied, because pending migrations may lose data: 9002 step 9002. " in report.summary
    assert "pokervod db upgrade" in report.summary
    assert dump_tables(old) == before


def test_an_applied_migration_is_not_asked_again(
    own: Engine, add_steps: Callable[..., None], make_context: MakeContext
) -> None:
    add_steps(f'op.execute("delete from tags")\n\n\n{LOSES}', 'op.execute("create table fine (id int)")')
    upgrade_database(own, "9001")

    report = ApplyMigrations().fix(make_context(engine=own), dry_run=False)

    assert report.done, report.summary
    assert report.summary.startswith("applied 9002 step 9002;")


def test_a_failing_migration_is_rolled_back_and_named(
    old: Engine, add_steps: Callable[..., None], make_context: MakeContext
) -> None:
    before = dump_tables(old)
    add_steps('op.execute("create table half (id int)"); op.execute("select no_such_function()")')

    report = ApplyMigrations().fix(make_context(engine=old), dry_run=False)

    assert not report.done
    assert "migration 9001_step failed and was rolled back" in report.summary
    assert dump_tables(old) == before


@pytest.mark.parametrize(
    "body",
    ['op.execute("select pg_sleep(60)")', '[op.execute("select pg_sleep(0.1)") for _ in range(600)]'],
)
def test_migrations_that_last_too_long_are_stopped(
    body: str, engine: Engine, add_steps: Callable[..., None], make_context: MakeContext
) -> None:
    before = dump_tables(engine)
    add_steps(body)

    report = ApplyMigrations(seconds=1).fix(make_context(engine=engine), dry_run=False)

    assert not report.done
    assert re.search(TOO_LONG, report.summary)
    assert dump_tables(engine) == before


def test_the_wait_for_a_locked_table_is_limited(old: Engine, make_context: MakeContext) -> None:
    with old.connect() as holder:
        holder.execute(text("lock table sheet_rows in access exclusive mode"))
        report = ApplyMigrations(seconds=1).fix(make_context(engine=old), dry_run=False)

    assert not report.done
    assert re.search(TOO_LONG, report.summary)
    assert current_revision(old) == FIRST


def test_a_database_that_does_not_answer_is_reported_without_its_password(make_context: MakeContext) -> None:
    report = ApplyMigrations().fix(make_context(), dry_run=False)

    assert not report.done
    assert "OperationalError" in report.summary
    assert "database-password" not in report.summary
