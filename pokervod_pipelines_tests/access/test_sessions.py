"""Check when a session ends: by its user, by idleness, by age, and in the log."""

import pytest

from pokervod_pipelines.access.authentication import NewSession
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.sessions import end_session, end_sessions, list_sessions
from pokervod_pipelines.access.users import find_user
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.access.people import BOSS, ELSEWHERE, HOME, People


@pytest.fixture
def both(people: People) -> People:
    """Return people with anna and ben."""
    people.add("anna")
    people.add("ben", Role.VIEWER)
    return people


def end_own(people: People, user_id: int, session: NewSession) -> None:
    number = session.principal.session_id
    assert number is not None
    with people.engine.begin() as connection:
        end_session(connection, number, BOSS, user_id)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ("used_at = now() - interval '11 hours'", "let in"),
        ("used_at = now() - interval '12 hours'", "NotLoggedIn"),
        ("expires_at = now() + interval '1 minute'", "let in"),
        ("expires_at = now()", "NotLoggedIn"),
        ("ended_at = now(), end_reason = 'x'", "NotLoggedIn"),
    ],
)
def test_a_session_ends_by_idleness_and_age(both: People, change: str, answer: str) -> None:
    token = both.log_in("anna").token
    both.execute(f"update sessions set {change}")

    assert both.refuse(lambda: both.ask(session=token)) == answer
    with both.engine.connect() as connection:
        assert len(list_sessions(connection, both.settings)) == (answer == "let in")


def test_its_use_is_noted_at_most_once_a_minute(both: People) -> None:
    token = both.log_in("anna").token
    first = both.execute("select used_at from sessions")
    both.ask(session=token)
    again = both.execute("select used_at from sessions")
    both.execute("update sessions set used_at = now() - interval '2 minutes'")
    both.ask(session=token)

    assert again == first
    assert both.execute("select used_at > now() - interval '1 minute' from sessions") == [(True,)]


def test_a_user_logs_out(both: People) -> None:
    session, other = both.log_in("anna"), both.log_in("anna")
    both.gate.log_out(session.principal)
    both.gate.log_out(session.principal)
    both.gate.log_out(both.ask_basic("anna"))

    assert both.refuse(lambda: both.ask(session=session.token)) == "NotLoggedIn"
    assert both.ask(session=other.token).who == "anna"
    assert both.list_events("api.session") == [("api.session.ended", "anna", "logged out")]


def test_a_user_lists_and_ends_the_own_sessions_only(both: People) -> None:
    first = both.log_in("anna", address=ELSEWHERE)
    second, of_ben = both.log_in("anna"), both.log_in("ben")
    with both.engine.begin() as connection:
        anna = find_user(connection, "anna").id
        own = list_sessions(connection, both.settings, anna)
        all_of_them = list_sessions(connection, both.settings)
    with pytest.raises(BadInput, match="unknown session"):
        end_own(both, anna, of_ben)
    end_own(both, anna, first)

    assert [(each.user, each.address) for each in own] == [("anna", HOME), ("anna", ELSEWHERE)]
    assert len(all_of_them) == 3
    assert both.refuse(lambda: both.ask(session=first.token)) == "NotLoggedIn"
    assert both.ask(session=second.token).who == "anna"
    assert both.ask(session=of_ben.token).who == "ben"


def test_all_sessions_of_a_user_are_ended_by_one_event(both: People) -> None:
    numbers = [both.log_in("anna").principal.session_id for _ in range(2)]
    anna = both.execute("select id from users where name = 'anna'")[0][0]

    assert both.change(end_sessions, anna) == 2
    assert both.change(end_sessions, anna) == 0
    assert both.execute("select payload -> 'session_ids' from events where type = 'api.session.ended'") == [(numbers,)]
    with pytest.raises(BadInput, match="unknown user 99"):
        both.change(end_sessions, 99)


def test_sessions_of_long_ago_are_deleted_at_a_login(both: People) -> None:
    both.log_in("anna")
    both.execute("update sessions set expires_at = now() - interval '31 days'")
    kept = both.log_in("anna").principal.session_id

    assert both.execute("select id from sessions") == [(kept,)]
