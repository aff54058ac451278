"""Check who may be a user, that each change is signed once, and that an administrator stays."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine, text

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.users import (
    add_user,
    disable_user,
    enable_user,
    find_user,
    has_users,
    list_users,
    make_first_admin,
    read_first_admin,
    read_name,
    set_locale,
    set_password,
    set_role,
)
from pokervod_pipelines.errors import BadInput, BadSettings, Conflict
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import BOSS, PASSWORD, People

NEW = "another horse battery"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Anna", "anna"),
        (" anna.kim\n", "anna.kim"),
        ("anna@studio-2", "anna@studio-2"),
        ("김안나", "김안나"),
        ("ＡＮＮＡ", "anna"),  # a full-width keyboard
        ("7of9", "7of9"),
    ],
)
def test_a_name_is_the_same_in_any_case(typed: str, stored: str) -> None:
    assert read_name(typed) == stored


@pytest.mark.parametrize(
    "name", ["", " ", "an na", "anna:kim", "_anna", ".anna", "an\nna", "a" * 64, "anna\0", "../anna", "<b>", "\ud800"]
)
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="expected the name of a user"):
        read_name(name)


def test_the_first_user_has_to_be_an_administrator(people: People) -> None:
    with pytest.raises(BadInput, match="the first user has to be an administrator"):
        people.add("ben", Role.OPERATOR)
    people.add("anna")
    people.add("ben", Role.OPERATOR)

    with people.engine.connect() as connection:
        assert [(each.name, each.role) for each in list_users(connection)] == [("anna", "admin"), ("ben", "operator")]
    assert people.list_events() == [("api.user.added", "boss", "as planned")] * 2


def test_a_taken_name_is_refused_in_any_case(people: People) -> None:
    people.add("anna")

    with pytest.raises(Conflict, match="user anna is there already"):
        people.add("ANNA")


def test_an_unknown_user_is_refused_with_the_one_that_was_meant(people: People) -> None:
    people.add("anna")

    with pytest.raises(BadInput, match="unknown user 'anno'; did you mean `anna`"):
        people.change(set_role, "anno", Role.VIEWER)


Act = Callable[[People], object]


@pytest.mark.parametrize(
    ("act", "event", "ends"),
    [
        (lambda p: p.change(set_role, "ben", Role.VIEWER), "api.user.changed", True),
        (lambda p: p.change(set_password, "ben", NEW), "api.user.changed", True),
        (lambda p: p.change(disable_user, "ben"), "api.user.disabled", True),
        (lambda p: p.change(set_locale, "ben", "ko"), "api.user.changed", False),
        (lambda p: p.change(set_role, "ben", Role.OPERATOR), None, False),  # it has it
        (lambda p: p.change(enable_user, "ben"), None, False),  # it is enabled
        (lambda p: p.change(set_locale, "ben", None), None, False),
    ],
    ids=["role", "password", "disable", "language", "same role", "enabled", "same language"],
)
def test_a_change_is_signed_once_and_ends_sessions(people: People, act: Act, event: str | None, *, ends: bool) -> None:
    people.add("anna")
    people.add("ben", Role.OPERATOR)
    token = people.log_in("ben").token
    before = len(people.list_events())
    act(people)
    added = people.list_events()[before:]

    assert added == ([(event, "boss", "as planned")] if event else [])
    assert people.refuse(lambda: people.ask(session=token)) == ("NotLoggedIn" if ends else "let in")


def test_a_disabled_user_comes_back_with_the_same_password(people: People) -> None:
    people.add("anna")
    people.add("ben", Role.VIEWER)
    people.change(disable_user, "ben")
    people.change(disable_user, "ben")
    refused = people.refuse(lambda: people.log_in("ben"))
    people.change(enable_user, "ben")

    assert refused == "NotLoggedIn"
    assert people.log_in("ben").principal.who == "ben"
    assert [row[0] for row in people.list_events("api.user")][2:] == ["api.user.disabled", "api.user.enabled"]


@pytest.mark.parametrize(
    "act", [lambda p: p.change(disable_user, "anna"), lambda p: p.change(set_role, "anna", Role.VIEWER)]
)
def test_the_last_administrator_who_can_log_in_stays(people: People, act: Act) -> None:
    people.add("anna")
    people.add("ben")
    people.change(disable_user, "ben")
    with pytest.raises(Conflict, match="anna is the only administrator who can log in"):
        act(people)
    people.change(enable_user, "ben")
    act(people)

    with people.engine.connect() as connection:
        assert find_user(connection, "ben").disabled_at is None


@pytest.mark.parametrize("locale", ["korean", "KO", "ko-kr", "", "k", "ko_KR", "<b>"])
def test_an_invalid_language_is_refused(people: People, locale: str) -> None:
    people.add("anna")
    with pytest.raises(BadInput, match="expected a language such as"):
        people.change(set_locale, "anna", locale)


def test_the_environment_makes_the_first_administrator_once(
    people: People, settings_factory: Callable[..., Settings]
) -> None:
    named = settings_factory(admin_username="Anna", admin_password=SecretStr(PASSWORD))
    with people.engine.begin() as connection:
        first = make_first_admin(connection, named)
        again = make_first_admin(connection, named)
    people.change(set_password, "anna", NEW)
    with people.engine.begin() as connection:
        later = make_first_admin(connection, named)
        other = make_first_admin(connection, settings_factory(admin_username="eve", admin_password=SecretStr(PASSWORD)))

    assert first is not None
    assert (first.name, first.role) == ("anna", Role.ADMIN)
    assert (again, later, other) == (None, None, None)
    assert people.log_in("anna", NEW).principal.role is Role.ADMIN
    assert people.list_events()[0][:2] == ("api.user.added", "environment")


@pytest.mark.parametrize(
    ("name", "password", "problem"),
    [
        ("anna", None, "set both"),
        (None, PASSWORD, "set both"),
        ("anna", "short", "the password has 5 characters"),
        ("an na", PASSWORD, "expected the name of a user"),
    ],
)
def test_half_or_weak_variables_are_refused(
    engine: Engine, settings_factory: Callable[..., Settings], name: str | None, password: str | None, problem: str
) -> None:
    named = settings_factory(admin_username=name, admin_password=password and SecretStr(password))
    with engine.begin() as connection:
        with pytest.raises(BadSettings, match=problem) as refused:
            make_first_admin(connection, named)
        assert not has_users(connection)
    with pytest.raises(BadSettings, match=problem):  # also where nobody can ask the database
        read_first_admin(named)
    assert PASSWORD not in str(refused.value)


def test_without_variables_nobody_is_made(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    with engine.begin() as connection:
        assert make_first_admin(connection, settings_factory()) is None


def test_a_weak_password_leaves_no_user(people: People) -> None:
    with people.engine.begin() as connection, pytest.raises(BadInput, match="use at least 12"):
        add_user(connection, "anna", "short", Role.ADMIN, BOSS)
    with people.engine.connect() as connection:
        assert list_users(connection) == []


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just(set_role), st.sampled_from(["anna", "ben", "carl"]), st.sampled_from(Role)),
        st.tuples(st.sampled_from([disable_user, enable_user]), st.sampled_from(["anna", "ben", "carl"])),
    ),
    max_size=12,
)


@given(CHANGES)
def test_after_any_changes_an_administrator_can_log_in(engine: Engine, changes: list[tuple[Any, ...]]) -> None:
    with engine.begin() as connection:
        connection.execute(text("delete from users"))
        insert = text("insert into users (name, password_hash, role) values (:name, 'x', :role)")
        for name, role in (("anna", Role.ADMIN), ("ben", Role.ADMIN), ("carl", Role.VIEWER)):
            connection.execute(insert, {"name": name, "role": role})
        for act, *arguments in changes:
            with suppress(Conflict):
                act(connection, *arguments, BOSS)
            assert any(each.role is Role.ADMIN and each.disabled_at is None for each in list_users(connection))


def test_two_administrators_who_disable_each_other_at_once_leave_one(people: People) -> None:
    people.add("anna")
    people.add("ben")
    answers: list[str] = []

    def disable(name: str) -> None:
        try:
            people.change(disable_user, name)
        except Conflict as error:
            answers.append(str(error))

    run_at_once(lambda: disable("anna"), lambda: disable("ben"))

    assert len(answers) == 1
    assert people.execute("select count(*) from users where disabled_at is null") == [(1,)]


def test_two_services_that_start_at_once_make_one_first_administrator(
    people: People, settings_factory: Callable[..., Settings]
) -> None:
    made = []

    def start(name: str) -> None:
        named = settings_factory(admin_username=name, admin_password=SecretStr(PASSWORD))
        with people.engine.begin() as connection:
            made.append(make_first_admin(connection, named))

    run_at_once(lambda: start("anna"), lambda: start("ben"))

    assert sorted(each is None for each in made) == [False, True]
    assert people.execute("select count(*) from users") == [(1,)]


def run_at_once(*acts: Callable[[], object]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
