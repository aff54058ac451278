"""Compare an action of the API with its command: each is done to the same database, and every row after it is equal.

A group of routes lists its ``CASES`` in ``parity_GROUP.py``, which ``test_parity.py`` names. Names such as
``"{instruction}"`` in path, body and command are what ``prepare`` returned. ``reason`` and ``--reason``, ``--by`` are
added here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import yaml
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.cli.app import app
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines_tests.api.serving import Served, fill, serve_app
from pokervod_pipelines_tests.render.render_database import RenderDatabase
from pokervod_pipelines_tests.worker_database import WorkerDatabase

REASON = "as planned"
WHO = "anna"
KEY = "parity-key-1"

SETTINGS: Mapping[str, Any] = {
    "archive_roots": [{"name": "nas", "path": "nas"}],
    "libraries": [{"name": "shows", "root": "nas"}],
    "sheets": [{"name": "tracker", "path": "tracker.xlsx"}],
}
"""The settings of all cases; a group may add to them."""

NOT_COMPARED = frozenset({"answered_requests", "login_attempts"})

VARYING = frozenset({
    ("events", "txid"), ("api_keys", "last_used_at"), ("api_keys", "digest"), ("api_keys", "prefix"),
    ("users", "password_hash"), ("users", "last_login_at"), ("sheet_states", "matched_up_to"),
    ("event_cursors", "txid"), ("event_cursors", "snapshot"),
})  # fmt: skip
"""Columns that differ between two equal actions; times and random ids are made equal everywhere."""

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d(:?\d\d)?|Z)?")
RANDOM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|pvk_[0-9a-f]{8}")

Rows = dict[str, list[dict[str, Any]]]


@dataclass(kw_only=True)
class World:
    """Prepare what a case needs, in the database or in the folder of the settings."""

    engine: Engine
    settings: Settings
    folder: Path

    @property
    def render(self) -> RenderDatabase:
        return RenderDatabase(engine=self.engine, settings=self.settings)

    def execute(self, sql: str, **parameters: Any) -> list[Any]:
        return self.render.execute(sql, **parameters)


def prepare_nothing(_: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class ParityCase:
    """Say how a route is asked, which command does the same, and what both need before.

    ``path`` is that of the document. Without ``is_signed`` the command has no ``--reason`` and ``--by``.
    A body that is no JSON is given as ``content``. ``observe`` returns what else has to be equal, such as files.
    """

    path: str
    command: Sequence[str]
    body: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    method: str = "POST"
    prepare: Callable[[World], Mapping[str, Any]] = prepare_nothing
    observe: Callable[[World], Any] = lambda _: None
    content: str = ""
    media_type: str = ""
    stdin: str | None = None
    name: str = ""
    is_signed: bool = True
    is_secret: bool = False
    is_audited: bool = True
    exit_code: int = 0

    @property
    def id(self) -> str:
        """Return the name of the case in the list of tests."""
        return f"{self.method} {self.path}{self.query}{f' {self.name}' if self.name else ''}"


@dataclass(kw_only=True)
class ParityServer:
    """Serve one database to all cases, and bring it back to its first rows before each half of a case."""

    served: Served
    world: World
    connection: psycopg.Connection
    kept: dict[str, bytes]
    sequences: Sequence[tuple[str, int | None]]

    def restore(self) -> None:
        """Bring every table and sequence back."""
        tables = ", ".join(_list_tables(self.connection))
        for table in _list_tables(self.connection):
            self.connection.execute(f"delete from {table}")
        assert tables
        for table, content in self.kept.items():
            with self.connection.cursor().copy(f"copy {table} from stdin") as copy:
                copy.write(content)
        for name, value in self.sequences:
            arguments = f"'{name}', {value or 1}, {value is not None}"
            self.connection.execute(f"select setval({arguments})")

    def ask(self, case: ParityCase, names: Mapping[str, Any], role: Role) -> httpx2.Response:
        """Send the request of the case with a key of its own."""
        path = case.path.format(**names) + case.query.format(**names)
        headers = {"Idempotency-Key": KEY}
        if case.content:
            headers["Content-Type"] = case.media_type
            return self.served.ask(case.method, path, role, content=case.content, headers=headers)
        body = {"reason": REASON, **fill_in(dict(case.body), names)}
        return self.served.ask(case.method, path, role, json=body, headers=headers)

    def run(self, case: ParityCase, names: Mapping[str, Any]) -> None:
        """Run the command of the case."""
        signed = ["--reason", REASON, "--by", WHO] if case.is_signed else []
        words = [*(str(fill_in(each, names)) for each in case.command), *signed]
        result = CliRunner().invoke(app, words, input=case.stdin)
        assert result.exit_code == case.exit_code, (words, result.output, result.exception)

    def read(self, case: ParityCase) -> tuple[Rows, Any]:
        """Return every row of the database, and what the case observes."""
        rows: Rows = {}
        with self.world.engine.connect() as connection:
            for table in sorted({*_list_tables(self.connection)} - NOT_COMPARED):
                found = connection.execute(text(f"select to_jsonb(t) from {table} t order by t::text"))
                rows[table] = sorted((_make_equal(table, row) for row in found.scalars()), key=json.dumps)
        return {table: found for table, found in rows.items() if found}, case.observe(self.world)

    def list_audited(self, since: int) -> list[tuple[str, str]]:
        """Return who signed the events after that one, and why."""
        rows = self.world.execute(
            "select payload ->> 'by', payload ->> 'reason' from events where id > :id order by id", id=since
        )
        return [tuple(row) for row in rows]

    def find_last_event(self) -> int:
        return int(self.world.execute("select coalesce(max(id), 0) from events")[0][0])


def fill_in(value: Any, names: Mapping[str, Any]) -> Any:
    """Return the value with the names in it replaced; a lone name keeps its type."""
    if isinstance(value, str):
        alone = re.fullmatch(r"\{(\w+)\}", value)
        return names[alone[1]] if alone else value.format(**names) if "{" in value else value
    if isinstance(value, Mapping):
        return {name: fill_in(each, names) for name, each in value.items()}
    return [fill_in(each, names) for each in value] if isinstance(value, list | tuple) else value


def _make_equal(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _hide_varying(value) for name, value in row.items() if (table, name) not in VARYING}


def _hide_varying(value: Any) -> Any:
    if isinstance(value, str):
        return RANDOM.sub("<id>", TIME.sub("<time>", value))
    if isinstance(value, dict):
        return {name: _hide_varying(each) for name, each in value.items()}
    return [_hide_varying(each) for each in value] if isinstance(value, list) else value


def _list_tables(connection: psycopg.Connection) -> list[str]:
    """Return the tables that have pages; the version of the schema stays as it is."""
    found = connection.execute("""
        select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
            and pg_relation_size(oid) > 0 and relname not like '%version%' order by relname
    """)
    return [row[0] for row in found.fetchall()]


@contextmanager
def serve_parity(database: WorkerDatabase, folder: Path) -> Iterator[ParityServer]:
    """Serve a filled database with the settings above from the folder, and keep its rows."""
    (folder / "nas").mkdir()
    (folder / "pokervod.yaml").write_text(yaml.safe_dump(dict(SETTINGS)), encoding="utf-8")
    database.empty()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("POKERVOD_DATABASE_URL", database.url)
        patch.setenv("POKERVOD_HOME", "home")
        settings = load_settings()
        with serve_app(settings, database.engine) as served:
            fill(served.engine, settings)
            served.add_keys()
            url = database.server.url(database.name, "postgresql")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("set session_replication_role = replica")
                yield ParityServer(
                    served=served,
                    world=World(engine=served.engine, settings=settings, folder=folder),
                    connection=connection,
                    kept=_copy_rows(connection),
                    sequences=_read_sequences(connection),
                )
    database.reset_engine()


def _copy_rows(connection: psycopg.Connection) -> dict[str, bytes]:
    kept = {}
    for table in _list_tables(connection):
        with connection.cursor().copy(f"copy {table} to stdout") as copy:
            kept[table] = b"".join(bytes(each) for each in copy)
    return kept


def _read_sequences(connection: psycopg.Connection) -> list[tuple[str, int | None]]:
    found = connection.execute(
        "select format('%I.%I', schemaname, sequencename), last_value from pg_sequences where schemaname = 'public'"
    )
    return [tuple(row) for row in found.fetchall()]
