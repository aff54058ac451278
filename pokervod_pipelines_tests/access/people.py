"""Make users, log them in, and let time pass."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, text

from pokervod_pipelines.access.authentication import Authenticator, NewSession
from pokervod_pipelines.access.keys import create_key
from pokervod_pipelines.access.principal import Credentials, Principal, Role
from pokervod_pipelines.access.users import User, add_user
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import AccessRefused
from pokervod_pipelines.settings.api import ApiSettings, ThrottleSettings

PASSWORD = "correct horse battery"
WRONG = "incorrect horse battery"
BOSS = Actor(who="boss", reason="as planned")
HERE, HOME, ELSEWHERE = "127.0.0.1", "10.0.0.7", "203.0.113.9"


@dataclass(kw_only=True)
class People:
    """Use one database as the service and the commands do."""

    engine: Engine
    settings: ApiSettings
    gate: Authenticator

    def add(self, name: str, role: Role = Role.ADMIN, password: str = PASSWORD) -> User:
        with self.engine.begin() as connection:
            return add_user(connection, name, password, role, BOSS)

    def change(self, act: Callable[..., object], *arguments: object, **options: object) -> object:
        """Call a function of the room in a transaction, signed by the boss."""
        with self.engine.begin() as connection:
            return act(connection, *arguments, BOSS, **options)

    def make_key(self, owner: str, role: Role = Role.VIEWER, name: str = "board") -> str:
        with self.engine.begin() as connection:
            return create_key(connection, owner, name, role, BOSS).token

    def log_in(self, name: str, password: str = PASSWORD, address: str = HOME) -> NewSession:
        return self.gate.log_in(name, password, address)

    def ask(self, address: str = HOME, **shown: str) -> Principal:
        return self.gate.authenticate(Credentials(address=address, **shown))

    def ask_basic(self, name: str, password: str = PASSWORD, address: str = HOME) -> Principal:
        return self.ask(address, authorization=make_basic(name, password))

    def refuse(self, act: Callable[[], object]) -> str:
        """Return the kind of the refusal."""
        try:
            act()
        except AccessRefused as error:
            return type(error).__name__
        return "let in"

    def execute(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def list_events(self, type_: str = "api") -> list[tuple[object, ...]]:
        """Return the type, who signed it and why, of the events of a family."""
        return self.execute(
            "select type, payload ->> 'by', payload ->> 'reason' from events where type like :type order by id",
            type=f"{type_}%",
        )

    def pass_waits(self) -> None:
        """Let the time pass that the next attempts would have to wait."""
        self.execute("update login_attempts set blocked_until = now() - interval '1 second'")


def make_basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def make_people(engine: Engine, **throttle: float) -> People:
    settings = ApiSettings(throttle=ThrottleSettings.model_validate(throttle))
    return People(engine=engine, settings=settings, gate=Authenticator(engine, settings))
