"""Manage users, their sessions and keys."""

from pokervod_pipelines.access.sessions import begin_session
from pokervod_pipelines.settings.api import ApiSettings
from pokervod_pipelines_tests.access.people import PASSWORD, make_people
from pokervod_pipelines_tests.api.parity import ParityCase, World


def add_ben(world: World) -> dict[str, object]:
    return {"name": make_people(world.engine).add("ben").name}


def disable_ben(world: World) -> dict[str, object]:
    names = add_ben(world)
    world.execute("update users set disabled_at = now() where name = 'ben'")
    return names


def log_ben_in(world: World) -> dict[str, object]:
    """Open two sessions of ben, with tokens that are always the same."""
    user = make_people(world.engine).add("ben")
    for token in ("first", "second"):
        with world.engine.begin() as connection:
            session = begin_session(connection, user.id, 1, token, "10.0.0.7", ApiSettings())
            assert session is not None
    return {"name": "ben", "session": session.id}


def make_key(world: World) -> dict[str, object]:
    make_people(world.engine).make_key("anna", name="scoreboard")
    return {"name": "scoreboard"}


USER = "/api/users/{name}"

CASES = [
    ParityCase(
        path="/api/users",
        body={"name": "dora", "password": PASSWORD, "role": "viewer", "language": "ko"},
        command=["users", "add", "dora", "--role", "viewer", "--language", "ko"],
        stdin=f"{PASSWORD}\n",
    ),
    ParityCase(
        path=f"{USER}/set-role",
        prepare=add_ben,
        body={"role": "viewer"},
        command=["users", "set-role", "ben", "--role", "viewer"],
    ),
    ParityCase(
        path=f"{USER}/set-password",
        prepare=add_ben,
        body={"password": PASSWORD},
        command=["users", "set-password", "ben"],
        stdin=f"{PASSWORD}\n",
    ),
    ParityCase(
        path=f"{USER}/set-language",
        prepare=add_ben,
        body={"language": "ko"},
        command=["users", "set-language", "ben", "ko"],
    ),
    ParityCase(path=f"{USER}/disable", prepare=add_ben, command=["users", "disable", "ben"]),
    ParityCase(path=f"{USER}/enable", prepare=disable_ben, command=["users", "enable", "ben"]),
    ParityCase(path=f"{USER}/log-out", prepare=log_ben_in, command=["users", "log-out", "ben"]),
    ParityCase(
        path=f"{USER}/log-out",
        prepare=log_ben_in,
        body={"session": "{session}"},
        command=["users", "log-out", "ben", "--session", "{session}"],
        name="one session",
    ),
    ParityCase(
        path="/api/keys",
        prepare=add_ben,
        body={"name": "scoreboard", "user": "ben", "role": "viewer", "expires": "30d"},
        command=["keys", "create", "scoreboard", "--user", "ben", "--role", "viewer", "--expires", "30d"],
        is_secret=True,
    ),
    ParityCase(path="/api/keys/{name}/revoke", prepare=make_key, command=["keys", "revoke", "scoreboard"]),
]
