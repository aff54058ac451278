"""Publish to the schema ``hub`` what only files have: the templates, by which it checks instructions, and settings."""

import json
import logging
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.render.drafts import make_output
from pokervod_pipelines.render.templates import TemplateCache, TemplateFiles, find_template_folders, read_templates
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.render import RenderOutput

_log = logging.getLogger(__name__)


class HubPublisher:
    """Publish again whenever a template has changed; what cannot be read now is published later."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings
        self._cache: TemplateCache | None = None
        self._published: TemplateFiles | None = None
        self._has_warned = False

    def publish(self) -> None:
        """Publish what has changed since the last call."""
        try:
            self._cache = self._cache or TemplateCache(find_template_folders(self._settings))
            files = self._cache.read()
        except PokervodError as error:
            if not self._has_warned:
                _log.warning("templates are not published to programs of the hub: %s", error)
            self._has_warned = True
            return
        if files is not self._published:
            publish_facts(self._engine, self._settings, files)
            self._published = files


def publish_hub(engine: Engine, settings: Settings) -> int:
    """Publish templates and settings as they are now; return how many templates programs may use.

    Raises ``BadTemplate`` or ``Unavailable`` where the folder of templates cannot be read.
    """
    files = read_templates(find_template_folders(settings))
    publish_facts(engine, settings, files)
    return len(files.valid)


def publish_facts(engine: Engine, settings: Settings, files: TemplateFiles) -> None:
    """Store the templates and the settings; what is as before is not written again."""
    rows = [*_describe_valid(settings, files), *_describe_broken(files)]
    with engine.begin() as connection:
        lock_until_commit(connection, "hub facts")
        connection.execute(_PUT_SETTINGS, _list_settings(settings))
        _replace_templates(connection, rows)


def _list_settings(settings: Settings) -> dict[str, Any]:
    return {
        "time_zone": settings.time_zone,
        "day_starts_at": settings.hands.day_starts_at,
        "minutes": settings.api.broadcast_delay_minutes,
        "outputs": str(settings.renders.absolute()),
    }


_PUT_SETTINGS = text("""
    insert into hub_settings as s (time_zone, day_starts_at, broadcast_delay, outputs)
    values (:time_zone, :day_starts_at, :minutes * interval '1 minute', :outputs)
    on conflict (id) do update set time_zone = excluded.time_zone, day_starts_at = excluded.day_starts_at,
        broadcast_delay = excluded.broadcast_delay, outputs = excluded.outputs
    where (s.time_zone, s.day_starts_at, s.broadcast_delay, s.outputs) is distinct from
        (excluded.time_zone, excluded.day_starts_at, excluded.broadcast_delay, excluded.outputs)
""")


def _describe_valid(settings: Settings, files: TemplateFiles) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "renderer": each.renderer,
            "formats": each.formats,
            "layers": {name: layer.model_dump(by_alias=True) for name, layer in each.layers.items()},
            "output": make_output(settings.render, each, RenderOutput()),
            "problem": None,
        }
        for each in files.valid.values()
    ]


def _describe_broken(files: TemplateFiles) -> list[dict[str, Any]]:
    return [
        {"name": name, "renderer": "", "formats": [], "layers": {}, "output": {}, "problem": problem}
        for name, problem in files.problems.items()
    ]


def _replace_templates(connection: Connection, rows: list[dict[str, Any]]) -> None:
    parameters = {"rows": json.dumps(rows, ensure_ascii=False)}
    connection.execute(_DELETE, parameters)
    connection.execute(_UPSERT, parameters)


_DELETE = text("""
    delete from hub_templates where name not in (
        select name from jsonb_to_recordset(cast(:rows as jsonb)) as given(name text))
""")
_UPSERT = text("""
    insert into hub_templates as t (name, renderer, formats, layers, output, problem)
    select name, renderer, formats, layers, output, problem
    from jsonb_populate_recordset(null::hub_templates, cast(:rows as jsonb))
    on conflict (name) do update set renderer = excluded.renderer, formats = excluded.formats,
        layers = excluded.layers, output = excluded.output, problem = excluded.problem
    where (t.renderer, t.formats, t.layers, t.output, t.problem) is distinct from
        (excluded.renderer, excluded.formats, excluded.layers, excluded.output, excluded.problem)
""")
