"""Check which workflow a request means, and what is said where it means none or several."""

from collections.abc import Callable
from typing import Any

import pytest

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.intent import choose_workflow

WORKFLOWS = list_workflows()


@pytest.fixture
def settings(settings_factory: Callable[..., Settings]) -> Settings:
    return settings_factory(sheets=[{"name": "one", "path": "/tmp/one.csv"}])


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("full_sync", {}, "full_sync"),
        (None, {"sheet": "one", "statuses": False}, "sheets_sync"),
        ("clips_update", {"sheet": "one"}, "clips_update"),
    ],
)
def test_the_name_decides_and_else_the_input(
    settings: Settings, name: str | None, given: dict[str, Any], expected: str
) -> None:
    workflow, checked = choose_workflow(WORKFLOWS, name, given, settings)
    assert workflow.name == expected
    assert checked.model_dump(exclude_defaults=True) == given


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("nas_sink", {}, "unknown workflow 'nas_sink'; did you mean `nas_sync`?"),
        (None, {"sheet": "one"}, "this input fits 2 workflows: clips_update, sheets_sync; name one of them"),
        (None, {"day": None}, "this input fits 2 workflows: hands_to_renders, renders; name one of them"),
        (None, {"sheet": "onne", "statuses": True}, "  sheets_sync: sheet: unknown sheet 'onne'; did you mean `one`?"),
        (None, {"tape": 1}, "this input fits no workflow:\n  catalog_update: tape is unknown\n"),
        (None, {}, "name a workflow, or give an input that one takes; known: catalog_update, "),
    ],
)
def test_none_or_several_are_answered_with_the_reasons(
    settings: Settings, name: str | None, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput) as refused:
        choose_workflow(WORKFLOWS, name, given, settings)
    assert says in str(refused.value)
