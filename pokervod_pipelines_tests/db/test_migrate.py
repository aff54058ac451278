"""Check that the schema goes up, down and up again, takes over old databases, and is never left half changed."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from pokervod_pipelines.db import migrate
from pokervod_pipelines.db.embedded.binaries import find_program
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import (
    MIGRATIONS,
    VERSION_TABLE,
    current_revision,
    downgrade_database,
    list_undone,
    newest_revision,
    upgrade_database,
)
from pokervod_pipelines.errors import BadInput, OperatorNeeded

CASES = Path(__file__).resolve().parents[1] / "cases" / "db"

BROKEN = '''
"""breaks half way"""
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade() -> None:
    op.execute("create table half (id int)")
    op.execute("select no_such_function()")


def downgrade() -> None:
    op.execute("drop table half")
'''


@pytest.fixture
def empty(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    engine = make_engine(make_database(False))
    yield engine
    engine.dispose()


@pytest.fixture
def own(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    """Yield a migrated database whose revision the test may change."""
    engine = make_engine(make_database(True))
    yield engine
    engine.dispose()


@pytest.fixture
def old(empty: Engine) -> Engine:
    """Return a database that the revisions 0001 to 0006 built, as they were before they became one, with rows."""
    with empty.begin() as connection:
        run_script(connection, "0006_schema.sql")
        run_script(connection, "0006_rows.sql")
        connection.execute(text(f"insert into {VERSION_TABLE} values ('0006')"))
    return empty


def run_script(connection: object, name: str) -> None:
    connection.execute(text((CASES / name).read_text().replace(":", "\\:")))  # type: ignore[attr-defined]


def tables_of(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {VERSION_TABLE}


def dump_schema(engine: Engine) -> list[str]:
    """Return the lines of pg_dump, sorted: a step down may put a column back at another place."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    command = [str(find_program("pg_dump")), "--schema-only", "--no-owner", url]
    script = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = (line.rstrip(",") for line in script.splitlines())
    return sorted(line for line in lines if line and not line.startswith(("--", "\\")))


def read_rows(engine: Engine) -> dict[str, list[str]]:
    """Return every row of every table as JSON."""
    with engine.connect() as connection:
        return {
            table: sorted(connection.scalars(text(f"select to_jsonb(t)::text from {table} t")))
            for table in tables_of(engine)
        }


def test_the_history_is_linear() -> None:
    script = ScriptDirectory(str(MIGRATIONS))

    assert script.get_heads() == [newest_revision()]
    assert script.get_bases() == ["0006"]


def test_every_step_goes_up_and_down_and_up_again(empty: Engine) -> None:
    applied = upgrade_database(empty)
    after_up = dump_schema(empty)
    listed = list_undone(empty, "base")
    undone = downgrade_database(empty, "base")
    after_down = tables_of(empty)
    upgrade_database(empty)

    assert after_down == set()
    assert [step[:4] for step in undone] == listed
    assert list_undone(empty, newest_revision()) == []
    assert len(applied) == len(undone) == len(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))
    assert dump_schema(empty) == after_up
    assert current_revision(empty) == newest_revision()


def test_the_rows_of_the_old_schema_fill_every_table(old: Engine) -> None:
    assert [table for table, rows in read_rows(old).items() if not rows] == []


def test_the_baseline_is_the_old_schema(old: Engine, make_database: Callable[[bool], str]) -> None:
    new = make_engine(make_database(False))
    upgrade_database(new, "0006")

    assert dump_schema(new) == dump_schema(old)
    new.dispose()


def test_an_old_database_is_upgraded_to_the_newest_schema(old: Engine, engine: Engine) -> None:
    upgrade_database(old)

    assert dump_schema(old) == dump_schema(engine)


def test_an_old_database_keeps_every_row_on_the_way_up_and_down(old: Engine) -> None:
    schema, rows = dump_schema(old), read_rows(old)

    upgrade_database(old)
    upgraded = read_rows(old)
    downgrade_database(old, "0006")

    assert len(upgraded["monitoring_events"]) == len(rows["alerts"]) == 1, "an alert that people closed is an incident"
    assert len(upgraded["hub_tournaments"]) == len(rows["tournaments"]) == 1, "programs see our tournaments"
    assert sum(map(len, upgraded.values())) == sum(map(len, rows.values())) + 2
    assert read_rows(old) == rows
    assert dump_schema(old) == schema


def test_the_override_in_force_is_kept_on_the_way_down(old: Engine) -> None:
    upgrade_database(old)
    with old.begin() as connection:
        (plan,) = connection.scalars(text("select plan from rollout_overrides limit 1"))
        subject = f"""{{"plan": "{plan}", "week": 2, "criterion": "speed"}}"""
        for undoes, reason in ((None, "first"), (None, "second"), (0, "undone")):
            connection.execute(
                text("""
                    insert into decisions (kind, subject, value, by, reason, undoes)
                    values ('rollout.override', cast(:subject as jsonb), 'true', 'eva', :reason,
                        (select max(id) from decisions where kind = 'rollout.override' and :undoes = 0))
                """),
                {"subject": subject, "reason": reason, "undoes": undoes},
            )

    downgrade_database(old, "0006")

    with old.connect() as connection:
        kept = connection.scalars(text("select reason from rollout_overrides where criterion = 'speed'")).all()
    assert kept == ["first"]


@pytest.mark.parametrize("revision", ["0001", "0005"])
def test_a_database_older_than_the_baseline_is_refused(own: Engine, revision: str) -> None:
    with own.begin() as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = '{revision}'"))

    with pytest.raises(OperatorNeeded, match=rf"revision {revision}, this version upgrades from 0006"):
        upgrade_database(own)


@pytest.mark.parametrize("change", [upgrade_database, downgrade_database])
def test_an_unknown_revision_is_refused(engine: Engine, change: Callable[[Engine, str], list[str]]) -> None:
    with pytest.raises(BadInput, match=r"unknown revision 0003; known: base, 0006, 0007"):
        change(engine, "0003")


def test_a_current_database_is_not_changed(engine: Engine) -> None:
    assert upgrade_database(engine) == []


def test_concurrent_starters_apply_each_step_once(empty: Engine) -> None:
    other = make_engine(empty.url)
    with ThreadPoolExecutor(2) as pool:
        steps = list(pool.map(upgrade_database, (empty, other)))
    other.dispose()

    assert sorted(map(len, steps)) == [0, len(max(steps, key=len))]
    assert current_revision(empty) == newest_revision()


def test_a_failing_step_leaves_the_schema_unchanged_and_is_named(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, broken)
    (broken / "versions" / "9999_broken.py").write_text(BROKEN.format(newest=newest_revision()))
    monkeypatch.setattr(migrate, "MIGRATIONS", broken)
    before = current_revision(engine)

    with pytest.raises(OperatorNeeded, match=r"9999.*rolled back.*no_such_function"):
        upgrade_database(engine)

    assert current_revision(engine) == before
    assert "half" not in tables_of(engine)


def test_a_database_newer_than_the_code_is_refused(own: Engine) -> None:
    with own.begin() as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = '9998'"))

    with pytest.raises(OperatorNeeded, match="revision 9998, this version knows only up to"):
        upgrade_database(own)
