"""Fix a database that is behind its code; in process, since every command of ours migrates it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine, text

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import current_revision, newest_revision, upgrade_database
from pokervod_pipelines.rollout.handler import PlanHandler
from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.runner import read_clock
from pokervod_pipelines.settings import Settings

WEEK = {
    "number": 1,
    "title": "Directives",
    "summary": "The table of directives exists.",
    "criteria": [{"kind": "database_table", "name": "directives", "table": "sheet_directives"}],
}
PLAN = {
    "name": "behind",
    "title": "A database that is behind",
    "starts": "2020-01-06",
    "weeks": [WEEK],
    "fixers": [{"kind": "apply_migrations", "on": ["schema"]}],
}


@pytest.fixture
def behind(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    """Make a database at an earlier revision, with a row."""
    engine = make_engine(make_database(False))
    upgrade_database(engine, "0006")
    with engine.begin() as connection:
        connection.execute(text("insert into players (key, name) values ('eva', 'Eva')"))
    yield engine
    engine.dispose()


def test_pending_migrations_are_applied_and_no_row_is_lost(
    behind: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    written = yaml.safe_dump(PLAN).replace("'2020-01-06'", "2020-01-06")
    (tmp_path / "plan.yaml").write_text(written, encoding="utf-8")
    settings = settings_factory(rollout={"plans": [tmp_path / "plan.yaml"]})
    handler = PlanHandler(engine=behind, settings=settings, plan=find_plan(settings), clock=read_clock)

    before = handler.evaluate(1)
    previewed = handler.preview_fixes(1, before)
    revision = current_revision(behind)
    fixes = [*handler.fix(1, before, ())]
    after = handler.evaluate(1)

    assert [(each.passed, each.error_class) for each in before] == [(False, "schema")]
    assert revision == "0006", "a preview changes nothing"
    assert "would apply to the schema at 0006" in previewed["apply_migrations"]
    assert [(fix.fixer, fix.done) for fix in fixes] == [("apply_migrations", True)]
    assert current_revision(behind) == newest_revision()
    assert [each.passed for each in after] == [True]
    with behind.connect() as connection:
        assert connection.scalar(text("select name from players")) == "Eva"
