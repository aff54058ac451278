"""An action with transactions of its own is done once for a key, also where the server is killed in the middle."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.access.principal import Method, Principal, Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest
from pokervod_pipelines.api.context import ApiContext
from pokervod_pipelines.api.database import Database
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.settings import Settings

ADMIN = Principal(who="anna", role=Role.ADMIN, how=Method.KEY)

ADD_EVENT = text(
    "insert into events (type, source, correlation_id, payload) values ('hand.changed', 'hands', :id, '{}')"
)

KILLED = """
import sys
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.test_actions_apart import be_killed
be_killed(Settings.model_validate_json(sys.stdin.read()), is_repeatable=bool(int(sys.argv[1])))
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    count: int
    token: str | None = None


@pytest.fixture
def context(api_settings: Settings, engine: Engine) -> Iterator[ApiContext]:
    with engine.begin() as connection:
        connection.execute(text("insert into users (name, password_hash, role) values ('anna', '', 'admin')"))
    made = open_context(api_settings)
    yield made
    made.database.close()


def open_context(settings: Settings) -> ApiContext:
    context = ApiContext(settings=settings, database=Database(settings))
    context.database.start(20)
    return context


def make_request(
    context: ApiContext, content: bytes = b"x", *, key: str | None = "key-0001", is_secret: bool = False
) -> ActionRequest:
    return ActionRequest(
        context=context, principal=ADMIN, correlation_id="request-1", key=key, content=content, is_secret=is_secret
    )


def count(engine: Engine, _actor: Actor) -> Answer:
    """Change something that cannot be undone, and tell how often that was done."""
    with engine.begin() as connection:
        connection.execute(text("insert into api_keys (user_id, name, prefix, digest, role) values"
                                " (1, gen_random_uuid(), '', uuid_send(gen_random_uuid()), 'viewer')"))  # fmt: skip
        return Answer(count=connection.execute(text("select count(*) from api_keys")).scalar_one())


def be_killed(settings: Settings, *, is_repeatable: bool) -> None:
    def act(engine: Engine, actor: Actor) -> Answer:
        count(engine, actor)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    request = make_request(open_context(settings))
    request.run_apart(Answer, "x", act, look_at="the keys", is_repeatable=is_repeatable)


def run(request: ActionRequest, *, is_repeatable: bool = False) -> Answer:
    return request.run_apart(Answer, "x", count, look_at="the keys", is_repeatable=is_repeatable)


def test_it_is_done_once_for_a_key(context: ApiContext) -> None:
    assert [run(make_request(context)).count for _ in range(3)] == [1, 1, 1]
    assert [run(make_request(context, key=None)).count for _ in range(2)] == [2, 3]
    with pytest.raises(Conflict, match="another request"):
        run(make_request(context, b"y"))


@pytest.mark.parametrize("is_repeatable", [False, True])
def test_a_server_that_was_killed_in_the_middle_is_told(context: ApiContext, *, is_repeatable: bool) -> None:
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(int(is_repeatable))],
        input=context.settings.model_dump_json(include={"home"})[:-1]
        + f', "database_url": "{context.settings.database_url.get_secret_value()}"}}',  # type: ignore[union-attr]
        text=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL

    if is_repeatable:
        assert [run(make_request(context), is_repeatable=True).count for _ in range(2)] == [2, 2]
        return
    for _ in range(2):
        with pytest.raises(Conflict, match=r"unknown how far .* look at the keys and at .*=request-1, then"):
            run(make_request(context))


def test_what_is_refused_may_be_sent_again(context: ApiContext) -> None:
    def refuse(_engine: Engine, _actor: Actor) -> Answer:
        raise BadInput("the share is away")

    with pytest.raises(BadInput):
        make_request(context).run_apart(Answer, "x", refuse, look_at="")
    assert run(make_request(context)).count == 1


@pytest.mark.parametrize("is_repeatable", [False, True])
@pytest.mark.parametrize("key", [None, "key-0001"])
def test_an_error_after_a_part_is_no_refusal(
    context: ApiContext, engine: Engine, key: str | None, *, is_repeatable: bool
) -> None:
    def fail_later(engine: Engine, actor: Actor) -> Answer:
        with engine.begin() as connection:
            connection.execute(ADD_EVENT, {"id": actor.correlation_id})
        raise BadInput("templates.yaml: expected a list")

    def ask() -> None:
        make_request(context, key=key).run_apart(Answer, "x", fail_later, look_at="it", is_repeatable=is_repeatable)

    for _ in range(1 if key is None else 2):
        with pytest.raises(BadInput if is_repeatable else Conflict, match=r"expected a list|unknown how far"):
            ask()
    with engine.connect() as connection:
        done = connection.execute(text("select count(*) from events where type = 'hand.changed'")).scalar_one()
    assert done == (2 if is_repeatable and key else 1)


def test_the_same_request_meanwhile_is_told_to_wait(context: ApiContext) -> None:
    def act(engine: Engine, actor: Actor) -> Answer:
        with pytest.raises(Conflict, match="being done at this moment"):
            run(make_request(context))
        return count(engine, actor)

    assert make_request(context).run_apart(Answer, "x", act, look_at="").count == 1


def test_a_secret_is_not_stored(context: ApiContext, engine: Engine) -> None:
    request = make_request(context, b"correct horse", is_secret=True)

    def ask() -> Answer:
        return request.run(
            Answer, "x", lambda *_: Answer(count=1, token="pvk_1"), conceal=lambda each: Answer(count=each.count)
        )

    assert [ask().token for _ in range(2)] == ["pvk_1", None]
    assert "correct horse" not in repr(request)
    with engine.connect() as connection:
        stored = connection.execute(text("select answer::text, encode(request, 'hex') from answered_requests")).one()
    assert "pvk_1" not in stored[0]
    assert stored[1] != make_request(context, b"correct horse")._make_digest().hex()
