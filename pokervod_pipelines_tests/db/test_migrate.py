"""The schema goes up, down and up again, equals the models, and never stays half changed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from pokervod_pipelines.db import migrate
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import (
    MIGRATIONS,
    VERSION_TABLE,
    current_revision,
    downgrade_database,
    newest_revision,
    upgrade_database,
)
from pokervod_pipelines.db.tables import Base
from pokervod_pipelines.errors import OperatorNeeded

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


def tables_of(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {VERSION_TABLE}


def test_the_history_is_one_line() -> None:
    script = ScriptDirectory(str(MIGRATIONS))

    assert script.get_heads() == [newest_revision()]
    assert script.get_bases() == ["0001"]


def test_the_migrated_schema_is_the_declared_one(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_every_step_goes_up_and_down_and_up_again(empty: Engine) -> None:
    applied = upgrade_database(empty)
    after_up = tables_of(empty)
    undone = downgrade_database(empty, "base")
    after_down = tables_of(empty)
    upgrade_database(empty)

    assert after_up == set(Base.metadata.tables)
    assert after_down == set()
    assert len(applied) == len(undone) == len(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))
    assert tables_of(empty) == after_up
    assert current_revision(empty) == newest_revision()


def test_a_database_that_is_up_to_date_is_left_alone(engine: Engine) -> None:
    assert upgrade_database(engine) == []


def test_two_starters_apply_each_step_once(empty: Engine) -> None:
    other = make_engine(empty.url)
    with ThreadPoolExecutor(2) as pool:
        steps = list(pool.map(upgrade_database, (empty, other)))
    other.dispose()

    assert sorted(map(len, steps)) == [0, len(max(steps, key=len))]
    assert current_revision(empty) == newest_revision()


def test_a_failing_step_leaves_the_schema_as_it_was_and_says_so(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    broken = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, broken)
    (broken / "versions" / "9999_broken.py").write_text(BROKEN.format(newest=newest_revision()))
    monkeypatch.setattr(migrate, "MIGRATIONS", broken)
    before = current_revision(engine)

    with pytest.raises(OperatorNeeded, match=r"9999.*rolled back whole.*no_such_function"):
        upgrade_database(engine)

    assert current_revision(engine) == before
    assert "half" not in tables_of(engine)


def test_a_database_newer_than_the_code_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = '9998'"))

    with pytest.raises(OperatorNeeded, match="revision 9998, this code knows only up to"):
        upgrade_database(engine)
