"""Run the command in a folder with plans and a database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import EXIT_CODES, app
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.cli.command import CommandResult, RunCommand
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder
from pokervod_pipelines_tests.workflows.render_day import RenderDay


@pytest.fixture
def render_day(engine: Engine, settings_factory: Callable[..., Settings]) -> RenderDay:
    return RenderDay(engine=engine, settings=settings_factory())


@pytest.fixture
def plans(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlanFolder:
    made = PlanFolder(engine=engine, folder=tmp_path, alerts={"channels": [{"name": "here", "min_severity": "info"}]})
    made.write()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("POKERVOD_HOME", "home")
    monkeypatch.setenv("POKERVOD_ALERT_HERE", "console://")
    return made


@pytest.fixture
def pokervod(plans: PlanFolder) -> RunCommand:
    """Return ``pokervod(*words)``, which runs ``pokervod …``."""

    def invoke(*words: str) -> CommandResult:
        plans.write_settings()
        result = CliRunner().invoke(app, words)
        error = result.exception
        if error and not isinstance(error, PokervodError | SystemExit):
            raise error
        status = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), result.exit_code)
        text = str(error) if isinstance(error, PokervodError) else ""
        return CommandResult(printed=result.stdout, errors=result.stderr, error=text, status=status)

    return invoke
