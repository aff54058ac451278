"""Show administrators the settings in force, without secrets, and who reads the event log how far."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import SecretStr

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.events.cursors import CursorState, read_cursor
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.text.redaction import hide_known
from pokervod_pipelines.workflows.pending_events import list_all_consumers

router = APIRouter(prefix="/api", tags=["settings"], route_class=ReadRoute)

EXAMPLES = read_examples("settings")

READ_AT = datetime.now(UTC)
"""When this process read its settings: they are read once, at its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSettings:
    """Hold the settings in force; each process reads them when it starts.

    `needs_restart` names those that differ in the file and the environment now: they count after a restart of
    `pokervod serve`, and of `pokervod dev` or the services. `problem` says why the file cannot be read now.
    """

    source: str | None
    read_at: datetime
    settings: dict[str, Any]
    needs_restart: list[str]
    problem: str


@router.get("/settings", **needs(Role.ADMIN, example=EXAMPLES["settings"]))
def read_effective(context: ContextOf) -> EffectiveSettings:
    """Return every setting with its value in force; secrets only as whether they are set."""
    settings, problem = context.settings, ""
    changed: list[str] = []
    try:
        changed = find_changes(settings, load_settings())
    except BadSettings as error:
        problem = hide_known(str(error), ())
    return EffectiveSettings(
        source=str(settings.source) if settings.source else None,
        read_at=READ_AT,
        settings=show_settings(settings),
        needs_restart=changed,
        problem=problem,
    )


def show_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON without secrets, also where an address or a command has one."""
    secrets = tuple(sorted({each for each in _list_secrets(settings.model_dump()) if each}, key=len, reverse=True))
    shown: dict[str, Any] = _show(settings.model_dump(mode="json"), secrets)
    return shown


def _list_secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _list_secrets(each)


def _show(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {name: _show(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [_show(each, secrets) for each in value]
    return hide_known(value, secrets) if isinstance(value, str) else value


def find_changes(before: Settings, now: Settings) -> list[str]:
    """Return the names of the settings that differ, with dots; also of secrets, which are compared and not shown."""
    was, is_ = (dict(_flatten("", each.model_dump())) for each in (before, now))
    return sorted(name for name in was.keys() | is_.keys() if was.get(name) != is_.get(name))


def _flatten(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _flatten(f"{name}.{key}" if name else str(key), each)
    else:
        yield name, value.get_secret_value() if isinstance(value, SecretStr) else value


@router.get("/consumers", **needs(Role.VIEWER, example=[EXAMPLES["consumer"]]))
def list_consumers(connection: Reading) -> list[CursorState]:
    """List who reads the event log by a durable cursor: how far each is behind, what it tries again and gave up."""
    return [read_cursor(connection, each) for each in list_all_consumers(connection)]
