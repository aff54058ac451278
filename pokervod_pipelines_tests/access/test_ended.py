"""Check which events close whose streams: those that the rooms really write."""

from collections.abc import Callable

import pytest

from pokervod_pipelines.access.ended import CLOSING, ends_access
from pokervod_pipelines.access.keys import revoke_key
from pokervod_pipelines.access.principal import Principal, Role
from pokervod_pipelines.access.sessions import end_sessions
from pokervod_pipelines.access.users import disable_user, enable_user, set_locale, set_password, set_role
from pokervod_pipelines_tests.access.people import HERE, PASSWORD, People

Act = Callable[[People], object]


BENS = {"ben session", "ben basic", "ben key"}


def find_id(people: People, name: str) -> object:
    return people.execute("select id from users where name = :name", name=name)[0][0]


def log_out(people: People) -> None:
    people.gate.log_out(people.log_in("ben").principal)


@pytest.mark.parametrize(
    ("act", "closed"),
    [
        (lambda p: p.change(set_role, "ben", Role.VIEWER), BENS),
        (lambda p: p.change(set_password, "ben", f"new {PASSWORD}"), BENS),
        (lambda p: p.change(disable_user, "ben"), BENS),
        (lambda p: p.change(revoke_key, "board"), {"ben key"}),
        (lambda p: p.change(end_sessions, find_id(p, "ben")), {"ben session"}),
        (log_out, set()),  # of another session
        (lambda p: p.change(set_locale, "ben", "ko"), set()),
        (lambda p: p.change(enable_user, "ben"), set()),
        (lambda p: p.change(set_role, "carl", Role.OPERATOR), {"carl session"}),
        (lambda p: p.change(disable_user, "carl"), {"carl session"}),
        (lambda p: p.add("dora"), set()),
        (lambda p: p.refuse(lambda: p.log_in("ben", "wrong")), set()),
    ],
    ids=[
        "role",
        "password",
        "disable",
        "revoke",
        "log out all",
        "log out another",
        "language",
        "enable",
        "role of another",
        "disable another",
        "add",
        "failed login",
    ],
)
def test_a_stream_is_closed_where_its_way_in_ended(people: People, act: Act, closed: set[str]) -> None:
    for name, role in (("anna", Role.ADMIN), ("ben", Role.OPERATOR), ("carl", Role.VIEWER)):
        people.add(name, role)
    open_ones = [
        people.log_in("ben").principal,
        people.ask_basic("ben"),
        people.ask(api_key=people.make_key("ben")),
        people.log_in("carl").principal,
    ]
    before = people.execute("select coalesce(max(id), 0) from events")[0][0]
    act(people)

    assert find_closed(people, before, open_ones) == closed


def test_the_first_user_closes_what_was_open_without_a_login(people: People) -> None:
    local = people.ask(HERE)
    people.add("anna")

    assert find_closed(people, 0, [local]) == {f"{local.who} local"}


def find_closed(people: People, since: object, principals: list[Principal]) -> set[str]:
    rows = people.execute("select type, payload from events where id > :since and type like 'api.%'", since=since)
    return {
        f"{principal.who} {principal.how}"
        for type_, payload in rows
        for principal in principals
        if ends_access(str(type_), payload, principal)  # type: ignore[arg-type]
        if str(type_) in CLOSING
    }
