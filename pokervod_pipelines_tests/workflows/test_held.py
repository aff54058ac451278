"""Check that what events ask for waits while a person holds its workflow, library or sheet, and runs afterwards."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.holds.placing import name_holdable, place_hold, release_holds
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.rotation import poll_sheets
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.held import require_free_input, require_free_workflow, require_holdable
from pokervod_pipelines.workflows.routing import hand_due
from pokervod_pipelines.workflows.run_requests import RunRequest, store_requests

ANNA = Actor(who="anna", reason="the share moves")
WORKFLOWS = list_workflows()


@pytest.fixture
def settings(settings_factory: Callable[..., Settings], tmp_path: Path) -> Settings:
    (tmp_path / "one.csv").write_text("no,x\n")
    (tmp_path / "two.csv").write_text("no,x\n")
    return settings_factory(
        sheets=[{"name": name, "path": str(tmp_path / f"{name}.csv")} for name in ("one", "two")],
        archive_roots=[{"name": "nas", "path": str(tmp_path)}],
        libraries=[{"name": name, "root": "nas", "folder": name} for name in ("wsop", "pad")],
    )


def hold(engine: Engine, kind: str, name: str) -> None:
    with engine.begin() as connection:
        place_hold(connection, name_holdable(kind, name), datetime.now(UTC) + timedelta(hours=1), ANNA)


def release(engine: Engine, kind: str, name: str) -> None:
    with engine.begin() as connection:
        release_holds(connection, name_holdable(kind, name), ANNA)


def ask(engine: Engine, *asked: tuple[str, Mapping[str, str]]) -> None:
    at = datetime.now(UTC) - timedelta(minutes=5)
    with engine.begin() as connection:
        store_requests(
            connection,
            [
                RunRequest(
                    workflow=workflow,
                    input=given,
                    correlation_id="one",
                    event_id=number,
                    first_at=at,
                    asked_at=at,
                    due_at=at,
                )
                for number, (workflow, given) in enumerate(asked)
            ],
        )


@pytest.mark.parametrize(
    ("kind", "name", "waits"),
    [
        ("workflow", "sheets_sync", {"sheets_sync one", "sheets_sync two"}),
        ("sheet", "one", {"sheets_sync one", "clips_update one"}),
        ("library", "wsop", {"nas_sync wsop"}),
        ("library", "pad", set()),
        ("workflow", "full_sync", set()),
    ],
)
def test_what_is_asked_for_waits_until_it_is_released(
    engine: Engine, settings: Settings, kind: str, name: str, waits: set[str]
) -> None:
    asked = {
        "sheets_sync one": "sheet",
        "sheets_sync two": "sheet",
        "clips_update one": "sheet",
        "nas_sync wsop": "library",
    }
    ask(engine, *((each.split()[0], {field: each.split()[1]}) for each, field in asked.items()))
    hold(engine, kind, name)

    def hand() -> set[str]:
        due = hand_due(engine, WORKFLOWS, settings).due
        return {f"{each.request.workflow} {next(iter(each.request.input.values()))}" for each in due}

    assert hand() == {*asked} - waits
    release(engine, kind, name)
    assert waits <= hand()


def test_a_held_sheet_is_not_looked_at_and_is_read_once_it_is_released(engine: Engine, settings: Settings) -> None:
    hold(engine, "sheet", "one")

    held = poll_sheets(engine, settings, {})
    release(engine, "sheet", "one")
    released = poll_sheets(engine, settings, held.memory)

    assert "one" not in {name for name, _, _ in held.due}
    assert held.reasons["one"].startswith("held by anna until ")
    assert held.reasons["one"].endswith(": the share moves")
    assert "one" in {name for name, _, _ in released.due} or released.quiet_seconds


def test_no_sheet_is_looked_at_while_the_workflow_that_reads_them_is_held(engine: Engine, settings: Settings) -> None:
    hold(engine, "workflow", "sheets_sync")

    decision = poll_sheets(engine, settings, {})

    assert decision.due == ()
    assert set(decision.reasons) == {"one", "two"}


def test_a_held_workflow_is_refused_to_a_person(engine: Engine, settings: Settings) -> None:
    require_free_workflow(engine, "renders", settings)
    hold(engine, "workflow", "renders")

    with pytest.raises(
        Conflict, match=r"the workflow renders is held by anna until .*: the share moves; it starts once"
    ):
        require_free_workflow(engine, "renders", settings)


@pytest.mark.parametrize(("given", "is_held"), [({"sheet": "one"}, True), ({"sheet": "two"}, False), ({}, False)])
def test_a_run_of_what_is_held_is_refused_to_a_person(
    engine: Engine, settings: Settings, given: dict[str, str], *, is_held: bool
) -> None:
    hold(engine, "sheet", "one")

    with pytest.raises(Conflict, match="sheet one is held by anna until") if is_held else nullcontext():
        require_free_input(engine, given, settings)


@pytest.mark.parametrize(
    ("kind", "name", "problem"),
    [
        ("sheet", "on", "unknown sheet 'on'; did you mean `one`"),
        ("library", "wsopp", "unknown library 'wsopp'; did you mean `wsop`"),
        ("workflow", "sheet_sync", "unknown workflow 'sheet_sync'; did you mean `sheets_sync`"),
    ],
)
def test_a_hold_of_nothing_is_refused(settings: Settings, kind: str, name: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        require_holdable(name_holdable(kind, name), settings)
