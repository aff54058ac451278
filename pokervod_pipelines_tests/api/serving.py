"""Serve the real application on a free port of this machine, with users of each role and something to read."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.api.app import build_app
from pokervod_pipelines.api.server import Listening, StreamServer
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.render.workers import register
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.access.people import make_people
from pokervod_pipelines_tests.render.render_database import RenderDatabase

CARDS = ("Ah", "Jd")
SECRET = "AhJd is the hand"
"""What a person wrote into a layer."""

HERE = Listening(host="127.0.0.1", port=0)

ADMIN, OPERATOR, VIEWER = Role.ADMIN, Role.OPERATOR, Role.VIEWER


@dataclass(kw_only=True)
class Served:
    """Ask the application as a program with a key of a role; None sends no key."""

    url: str
    app: FastAPI
    engine: Engine
    settings: Settings
    keys: dict[Role, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, role: Role | None = ADMIN, **options: Any) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if role is not None and self.keys:
            headers["X-API-Key"] = self.keys[role]
        return httpx2.request(method, f"{self.url}{path}", headers=headers, timeout=20, verify=False, **options)

    def get(self, path: str, role: Role | None = ADMIN, **options: Any) -> httpx2.Response:
        return self.ask("GET", path, role, **options)

    def read(self, path: str, role: Role | None = ADMIN) -> Any:
        """Return what is answered, which is no error."""
        response = self.get(path, role)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any, role: Role | None = ADMIN, **headers: str) -> httpx2.Response:
        return self.ask("POST", path, role, json=body, headers=headers)

    def add_keys(self) -> None:
        """Add a user, and keys of each role; from then on nobody is let in without one."""
        people = make_people(self.engine)
        people.add("anna")
        self.keys = {role: people.make_key("anna", role, name=role.value) for role in Role}


@contextmanager
def serve_app(
    settings: Settings,
    engine: Engine,
    build: Callable[[Settings], FastAPI] = build_app,
    listening_at: Listening = HERE,
) -> Iterator[Served]:
    """Serve the application from a thread until the end."""
    app = build(settings)
    server = StreamServer(app, listening_at)
    with socket.create_server((listening_at.host, 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield Served(
                url=f"{listening_at.address.rpartition(':')[0]}:{listening.getsockname()[1]}",
                app=app,
                engine=engine,
                settings=settings,
            )
        finally:
            server.should_exit = True
            thread.join(10)
    assert not thread.is_alive()


def fill(engine: Engine, settings: Settings) -> int:
    """Put a hand, its instruction with its cards, its file, a worker, and an open incident into it; return the hand."""
    database = RenderDatabase(engine=engine, settings=settings)
    hand = database.put_hand(cards=(*CARDS, "9h", "4s", "2c"), day=_find_day(settings))
    for template, state in (("winning_hand", "completed"), ("elimination", "failed"), ("elimination", "pending")):
        [[made]] = database.execute(_ADD, template=template, state=state, hand=hand, secret=SECRET)
        if state != "pending":
            database.set_state(made, state)
    database.execute(_ADD_OUTPUT, preview=SECRET.encode())
    put_file(settings.renders / "a" / "b.mov", SECRET.encode())
    database.execute(_ADD_EVENT, hand=hand, secret=SECRET)
    register(engine, "gfx-1", ["local"])
    with engine.begin() as connection:
        lifecycle.open_by_hand(
            connection,
            Subject(kind=SubjectKind.TEMPLATE, name="winning_hand"),
            severity=AlertSeverity.WARNING,
            summary=f"3 graphics failed: layer text {SECRET!r} does not fit",
            actor=Actor(who="anna", reason=f"saw {SECRET}"),
        )
    return hand


def put_file(path: Path, content: bytes) -> Path:
    """Write a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _find_day(settings: Settings) -> date:
    return BroadcastDays(settings.zone, settings.hands.day_starts_at).find_day(datetime.now(UTC))


_ADD = """
    insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
        renderer, hand_id, reason)
    values (:template, jsonb_build_object('text', cast(:secret as text)), jsonb_build_object('format', 'mov_alpha'), '',
        'premium_hand', cast(:hand as text) || ' ' || :state, current_date, 'test', 'local', :hand,
        'made of ' || :secret) returning id
"""

_ADD_OUTPUT = """
    insert into render_outputs (instruction_id, claim_id, path, sha256, size_bytes, mtime_ns, frames, width, height,
        fps, seconds, pixel_format, preview, made_by)
    select id, gen_random_uuid(), 'a/b.mov', repeat('0', 64), 4096, 1, 150, 1920, 1080, 30, 5, 'argb',
        cast(:preview as bytea), 'gfx-1'
    from render_instructions where state = 'completed'
"""

_ADD_EVENT = """
    insert into events (type, source, correlation_id, payload)
    values ('render.instruction.created', 'render', 'made', jsonb_build_object('instruction_id', 1,
        'template', 'winning_hand', 'reason', cast(:secret as text), 'hand_id', cast(:hand as bigint)))
"""
