"""Check that the workflow of the page about workflows works as it stands there: one file, and nothing else edited."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.workflow_ends import record_ends
from pokervod_pipelines.defs.workflows import request_tags
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows import declared
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_lines, write_book

PAGE = Path(__file__).parents[2] / "docs" / "workflows.md"
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def example(tmp_path: Path) -> Iterator[None]:
    (code,) = CODE.findall(PAGE.read_text(encoding="utf-8"))
    folder = tmp_path / "declared"
    folder.mkdir()
    (folder / "after_show.py").write_text(code, encoding="utf-8")
    declared.__path__.append(str(folder))
    yield
    declared.__path__.remove(str(folder))


def test_the_example_runs_and_tells_the_channels(
    example: None, engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    write_book(tmp_path / "one.xlsx", {"Hands": [COLUMNS, *make_lines(1, 2)]})
    settings = settings_factory(
        sheets=[{"name": "one", "path": tmp_path / "one.xlsx"}],
        alerts={"channels": [{"name": "desk", "min_severity": "info"}]},
    )
    workflow = list_workflows()["sheet_after_show"]
    given = workflow.read_input({"sheet": "one"}, settings)
    began = datetime.now(UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        result = (
            build_defs(settings=settings, engine=engine)
            .resolve_job_def(workflow.name)
            .execute_in_process(
                instance=instance,
                partition_key=workflow.find_partition(given, settings),
                asset_selection=[dg.AssetKey(step) for step in workflow.select_steps(given)],
                tags=request_tags(given, correlation_id="show 1", priority=0),
            )
        )
        for _ in range(2):
            record_ends(instance, engine, list_workflows(), settings.alerts.channels, since=began)

    assert result.success
    assert {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key} == {
        "sheet_rows",
        "hand_clips",
    }
    with engine.connect() as connection:
        told = connection.execute(
            text("select a.title, d.channel from alerts a join alert_deliveries d on d.alert_id = a.id")
        ).all()
    assert [(title.rpartition(" after ")[0], channel) for title, channel in told] == [
        ("sheet_after_show one is done", "desk")
    ]
