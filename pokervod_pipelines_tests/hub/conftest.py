"""Give a test the role of an old program in its own database."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.db.hub_roles import make_hub_role
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.hub_facts import publish_hub
from pokervod_pipelines_tests.hub.old_library import OldLibrary


@dataclass
class Hub:
    """Hold the database as we see it, and make connections as programs have them."""

    engine: Engine
    settings: Settings
    roles: list[str] = field(default_factory=list)

    def make_role(self, *, sees_hole_cards: bool = False) -> str:
        name = f"hub_{uuid.uuid4().hex[:12]}"
        make_hub_role(self.engine, name, password=None, sees_hole_cards=sees_hole_cards)
        self.roles.append(name)
        return name

    def find_url(self, role: str) -> str:
        """Return the address by which a program connects."""
        ours = self.engine.url
        host, port = ours.host or ours.query["host"], ours.port or ours.query.get("port", 5432)
        return f"postgresql+asyncpg://{role}@/{ours.database}?host={host}&port={port}"

    def connect(self, role: str | None = None) -> OldLibrary:
        return OldLibrary(self.find_url(role or self.roles[0]))

    def read(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """Read our own side."""
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]


@pytest.fixture
def hub(engine: Engine, settings_factory: Callable[..., Settings]) -> Iterator[Hub]:
    made = Hub(engine, settings_factory())
    publish_hub(engine, made.settings)
    made.make_role()
    yield made
    with engine.begin() as connection:
        for role in made.roles:
            connection.execute(text(f"drop owned by {role}"))
            connection.execute(text(f"drop role {role}"))
