"""Keep passwords and tokens out of tables, events, errors and logs; what is stored lets nobody in."""

import logging
import re

import pytest

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.users import set_password
from pokervod_pipelines.errors import AccessRefused, PokervodError
from pokervod_pipelines_tests.access.people import HOME, People

FIRST, SECOND, MISTYPED = "sesame open the first door", "sesame open the second door", "sesame open the wrong door"


def read_database(people: People) -> str:
    """Return every row of every table as text, as a thief of the database has it."""
    tables = people.execute("select table_name from information_schema.tables where table_schema = 'public'")
    return "\n".join(str(row[0]) for (name,) in tables for row in people.execute(f'select t::text from "{name}" t'))


def test_a_stolen_database_has_nothing_to_log_in_with(
    people: People, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    people.add("anna", password=FIRST)
    people.add("ben", Role.OPERATOR, password=FIRST)
    session, key, failures = people.log_in("anna", FIRST), people.make_key("ben", Role.OPERATOR), []
    people.ask_basic("ben", FIRST)
    for act in (
        lambda: people.log_in("anna", MISTYPED),
        lambda: people.log_in(MISTYPED, FIRST),  # in the wrong field
        lambda: people.ask(api_key=f"{key}x"),
        lambda: people.ask(session=f"{session.token}x"),
        lambda: people.ask(authorization=f"Bearer {MISTYPED}"),
        lambda: people.add("carl", password="sesame"),
        lambda: people.add("carl", password="sesame\nsesame open"),
        lambda: people.make_key("ben", name=key),
        lambda: people.change(set_password, "anna", "sesame"),
    ):
        with pytest.raises(PokervodError) as failed:
            act()
        failures.append(f"{failed.value!r} {failed.value}")
    people.change(set_password, "ben", SECOND)
    secrets = ["sesame", session.token, key, key[-20:], str(session.principal.csrf_token)]

    written = {
        "database": read_database(people),
        "log": caplog.text,
        "output": "".join(capfd.readouterr()),
        "errors": "\n".join(failures),
        "printed": f"{session!r} {session.principal!r} {people.gate!r} {people.settings!r}",
    }
    assert "api.login.failed" in written["database"]
    assert {(place, secret) for place, text in written.items() for secret in secrets if secret in text} == set()


def test_nothing_that_is_stored_lets_anybody_in(people: People) -> None:
    people.add("anna", password=FIRST)
    people.log_in("anna", FIRST)
    people.make_key("anna", Role.ADMIN)
    values = {
        value
        for table in ("users", "api_keys", "sessions", "login_attempts", "events")
        for row in people.execute(f"select to_jsonb(t)::text from {table} t")
        for value in re.findall(r'"([^"]+)"', str(row[0]))
    }
    stored = values | {value.removeprefix("\\\\x") for value in values}
    let_in = []
    for value in sorted(stored):
        for shown in ({"session": value}, {"api_key": value}, {"authorization": f"Bearer {value}"}):
            try:
                let_in.append((value, people.ask(HOME, **shown)))
            except AccessRefused:
                continue

    assert len(stored) > 40
    assert any(value.startswith("$argon2id$") for value in stored)
    assert let_in == []
