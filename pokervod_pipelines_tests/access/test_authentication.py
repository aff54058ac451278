"""Check who is let in by what a request shows, and who is not."""

import getpass
import threading
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine

from pokervod_pipelines.access import logins
from pokervod_pipelines.access.authentication import Authenticator
from pokervod_pipelines.access.principal import Credentials, Method, Role
from pokervod_pipelines.access.users import disable_user, set_password, set_role
from pokervod_pipelines.errors import BadInput, NotLoggedIn
from pokervod_pipelines.settings.api import ApiSettings
from pokervod_pipelines_tests.access.people import (
    ELSEWHERE,
    HERE,
    HOME,
    PASSWORD,
    WRONG,
    People,
    make_basic,
    make_people,
)


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        (HERE, "let in"),
        ("::1", "let in"),
        ("::ffff:127.0.0.1", "let in"),
        ("127.8.8.8", "let in"),
        (HOME, "NotLoggedIn"),
        ("2001:db8::1", "NotLoggedIn"),
        ("localhost", "NotLoggedIn"),  # only a number is certain
        ("127.0.0.1, 10.0.0.7", "NotLoggedIn"),
        ("", "NotLoggedIn"),
        ("\0", "NotLoggedIn"),
    ],
)
def test_without_users_only_this_machine_is_let_in(people: People, address: str, answer: str) -> None:
    assert people.refuse(lambda: people.ask(address)) == answer


def test_before_there_are_users_it_is_the_user_of_the_system(people: People) -> None:
    local = people.ask(HERE)
    with_old_cookie = people.ask(HERE, session="of another database")

    assert (local.who, local.role, local.how) == (getpass.getuser(), Role.ADMIN, Method.LOCAL)
    assert with_old_cookie == local
    assert people.refuse(lambda: people.ask(HERE, api_key="x")) == "NotLoggedIn"


def test_the_first_user_ends_that_at_once(people: People) -> None:
    people.ask(HERE)
    people.add("anna")

    assert people.refuse(lambda: people.ask(HERE)) == "NotLoggedIn"
    people.execute("update users set disabled_at = now()")
    assert people.refuse(lambda: people.ask(HERE)) == "NotLoggedIn"


def test_each_way_tells_who_asks(people: People) -> None:
    people.add("anna")
    people.add("ben", Role.OPERATOR)
    session, key = people.log_in("Anna"), people.make_key("ben")
    asked = [
        people.ask(session=session.token),
        people.ask_basic("BEN"),
        people.ask(authorization=f"Bearer {key}"),
        people.ask(session=session.token, api_key=key),  # what a program sends counts before a cookie
    ]

    assert asked[0] == session.principal
    assert [(each.who, each.role, each.how) for each in asked] == [
        ("anna", Role.ADMIN, Method.SESSION),
        ("ben", Role.OPERATOR, Method.BASIC),
        ("ben", Role.VIEWER, Method.KEY),
        ("ben", Role.VIEWER, Method.KEY),
    ]
    assert [each.csrf_token is not None for each in asked] == [True, False, False, False]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"session": ""},
        {"session": "guessed"},
        {"session": "\0"},
        {"session": "\ud800"},
        {"session": "x" * 100_000},
        {"session": "' or 1=1 --"},
        {"api_key": ""},
        {"api_key": "pvk_00000000_guessed"},
        {"api_key": "x" * 100_000},
        {"authorization": ""},
        {"authorization": "Basic"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic YW5uYQ=="},  # no colon
        {"authorization": "Basic gIA6gIA="},  # not UTF-8
        {"authorization": "Bearer"},
        {"authorization": "Digest username=anna"},
        {"authorization": f"Basic {'A' * 100_000}"},
        {"authorization": make_basic("anna", "")},
        {"authorization": make_basic("", PASSWORD)},
        {"authorization": make_basic("an\0na", PASSWORD)},
        {"authorization": make_basic("nobody", PASSWORD)},
        {"authorization": make_basic("anna' or '1'='1", PASSWORD)},
    ],
)
def test_what_nobody_has_is_refused_with_one_answer(people: People, shown: dict[str, str]) -> None:
    people.add("anna")
    with pytest.raises(NotLoggedIn) as refused:
        people.ask(HERE, **shown)

    assert str(refused.value) in {logins.REFUSED, "log in first: no session, password or key, or one that has ended"}


@given(st.text(max_size=60), st.sampled_from(["session", "api_key", "authorization"]))
def test_whatever_is_shown_is_refused_and_never_an_error(engine: Engine, text: str, shown: str) -> None:
    gate = Authenticator(engine, ApiSettings())
    with pytest.raises(NotLoggedIn):
        gate.authenticate(Credentials(address=HOME, **{shown: text}))


@pytest.mark.parametrize(
    ("name", "password"), [("anna", WRONG), ("nobody", PASSWORD), ("nobody", ""), ("gone", PASSWORD), ("gone", WRONG)]
)
def test_unknown_disabled_and_wrong_have_the_same_answer(people: People, name: str, password: str) -> None:
    people.add("anna")
    people.add("gone")
    people.change(disable_user, "gone")
    with pytest.raises(NotLoggedIn) as refused:
        people.log_in(name, password)

    assert str(refused.value) == logins.REFUSED


def test_a_right_password_is_hashed_once_for_many_requests(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.add("anna")
    verified = []

    def count(stored: str | None, password: str) -> bool:
        verified.append(password)
        return real(stored, password)

    real = logins.verify_password
    monkeypatch.setattr(logins, "verify_password", count)
    threads = [threading.Thread(target=people.ask_basic, args=("anna",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people.ask_basic("anna")

    assert verified == [PASSWORD]


Act = Callable[[People], object]


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (lambda p: p.change(set_password, "anna", f"new {PASSWORD}"), "NotLoggedIn"),
        (lambda p: p.change(disable_user, "anna"), "NotLoggedIn"),
        (lambda p: p.change(set_role, "anna", Role.VIEWER), "let in"),
    ],
    ids=["password", "disabled", "role"],
)
def test_a_change_by_another_process_ends_what_was_verified(people: People, act: Act, answer: str) -> None:
    people.add("anna")
    people.add("ben")
    people.ask_basic("anna")
    act(people)  # on another connection; the process that verified is told nothing

    assert people.refuse(lambda: people.ask_basic("anna")) == answer
    if answer == "let in":
        assert people.ask_basic("anna").role is Role.VIEWER


def test_a_password_is_hashed_again_after_its_time(engine: Engine) -> None:
    people = make_people(engine)
    gate = Authenticator(engine, ApiSettings(verified_seconds=0))
    people.add("anna")
    people.execute("delete from login_attempts")
    for _ in range(3):
        gate.authenticate(Credentials(address=HOME, authorization=make_basic("anna", PASSWORD)))
    people.execute("update users set password_hash = 'damaged'")

    with pytest.raises(NotLoggedIn):
        gate.authenticate(Credentials(address=HOME, authorization=make_basic("anna", PASSWORD)))


def test_a_hash_of_other_costs_is_made_anew_at_a_login(people: People) -> None:
    people.add("anna")
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    people.execute("update users set password_hash = :old", old=old)
    session = people.log_in("anna")
    stored = people.execute("select password_hash from users")[0][0]

    assert stored != old
    assert people.log_in("anna").principal.who == "anna"
    assert people.ask(session=session.token).who == "anna"


def test_a_user_who_is_changed_while_logging_in_is_refused(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.add("anna")
    people.add("ben")
    real = logins.verify_password

    def change_meanwhile(stored: str | None, password: str) -> bool:
        people.change(set_password, "anna", f"new {PASSWORD}")
        return real(stored, password)

    monkeypatch.setattr(logins, "verify_password", change_meanwhile)

    assert people.refuse(lambda: people.log_in("anna")) == "NotLoggedIn"
    assert people.execute("select count(*) from sessions") == [(0,)]


def test_a_user_changes_the_own_password_and_is_logged_in_anew(people: People) -> None:
    people.add("anna")
    first, other = people.log_in("anna"), people.log_in("anna")
    new = people.gate.change_password(first.principal, PASSWORD, f"new {PASSWORD}", HOME)

    assert people.ask(session=new.token).session_id == new.principal.session_id
    for ended in (first, other):
        assert people.refuse(lambda token=ended.token: people.ask(session=token)) == "NotLoggedIn"  # type: ignore[misc]
    assert people.refuse(lambda: people.log_in("anna")) == "NotLoggedIn"
    assert people.list_events("api.user.changed") == [("api.user.changed", "anna", "changed their own password")]


def test_a_password_is_changed_only_by_who_knows_it(people: People) -> None:
    people.add("anna")
    principal, key = people.log_in("anna").principal, people.ask(api_key=people.make_key("anna"))

    change = people.gate.change_password
    assert people.refuse(lambda: change(principal, WRONG, f"new {PASSWORD}", HOME)) == "NotLoggedIn"
    assert people.refuse(lambda: change(key, PASSWORD, f"new {PASSWORD}", HOME)) == "NotAllowed"
    with pytest.raises(BadInput, match="at least 12"):
        change(principal, PASSWORD, "short", HOME)
    assert people.log_in("anna").principal.who == "anna"


def test_many_log_in_at_once(people: People) -> None:
    """Each login locks the user and the address; none waits for another in a ring."""
    for name in ("anna", "ben", "carl"):
        people.add(name)
    refused: list[str] = []

    def log_in(name: str) -> None:
        refused.extend(
            answer
            for _ in range(4)
            if (answer := people.refuse(lambda: people.log_in(name, address=ELSEWHERE))) != "let in"
        )

    threads = [threading.Thread(target=log_in, args=(name,)) for name in ("anna", "ben", "carl") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == []
    assert people.execute("select count(*) from sessions where ended_at is null") == [(24,)]
    assert people.execute("select max(failures) from login_attempts") == [(0,)]


def test_a_database_that_is_away_is_no_refusal(people: People) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    gate = Authenticator(away, ApiSettings())

    with pytest.raises(Exception, match=r"connection failed|refused") as failed:
        gate.authenticate(Credentials(address=HERE))
    assert not isinstance(failed.value, NotLoggedIn)
