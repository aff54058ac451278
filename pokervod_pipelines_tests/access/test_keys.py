"""Check what a key of a program may do, and when it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from pokervod_pipelines.access.keys import create_key, list_keys, revoke_key
from pokervod_pipelines.access.principal import Method, Role
from pokervod_pipelines.access.users import disable_user, enable_user, set_password, set_role
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines_tests.access.people import BOSS, PASSWORD, People


@pytest.fixture
def ben(people: People) -> People:
    """Return people with the administrator anna and the operator ben."""
    people.add("anna")
    people.add("ben", Role.OPERATOR)
    return people


@pytest.mark.parametrize("header", ["Bearer {}", "bearer  {}", "BEARER {} "])
def test_a_key_lets_its_program_in_by_either_header(ben: People, header: str) -> None:
    token = ben.make_key("ben")
    by_header, by_bearer = ben.ask(api_key=token), ben.ask(authorization=header.format(token))

    assert by_header == by_bearer
    assert (by_header.who, by_header.role, by_header.how, by_header.key_name) == (
        "ben",
        Role.VIEWER,
        Method.KEY,
        "board",
    )


@pytest.mark.parametrize(
    ("given", "owners", "effective"),
    [
        (Role.OPERATOR, Role.OPERATOR, Role.OPERATOR),
        (Role.OPERATOR, Role.VIEWER, Role.VIEWER),  # the owner lost it since
        (Role.OPERATOR, Role.ADMIN, Role.OPERATOR),  # the owner gained it since
        (Role.VIEWER, Role.ADMIN, Role.VIEWER),
    ],
)
def test_a_key_never_has_more_than_its_owner_has_now(ben: People, given: Role, owners: Role, effective: Role) -> None:
    token = ben.make_key("ben", given)
    ben.change(set_role, "ben", owners)

    assert ben.ask(api_key=token).role is effective
    with ben.engine.connect() as connection:
        assert [(each.role, each.effective_role) for each in list_keys(connection)] == [(given, effective)]


def test_a_key_above_its_owner_is_refused(ben: People) -> None:
    with pytest.raises(BadInput, match="ben has the role operator, so a key of theirs cannot have admin"):
        ben.make_key("ben", Role.ADMIN)


def test_a_key_works_as_long_as_its_owner_is_enabled(ben: People) -> None:
    token = ben.make_key("ben")
    ben.change(disable_user, "ben")
    refused = ben.refuse(lambda: ben.ask(api_key=token))
    with pytest.raises(Conflict, match="ben is disabled"):
        ben.make_key("ben", name="other")
    ben.change(enable_user, "ben")
    ben.change(set_password, "ben", f"new {PASSWORD}")

    assert refused == "NotLoggedIn"
    assert ben.ask(api_key=token).who == "ben"


def test_a_revoked_key_is_refused_and_its_name_is_free(ben: People) -> None:
    token = ben.make_key("ben")
    with pytest.raises(Conflict, match="a key named 'board' is there already"):
        ben.make_key("anna")
    ben.change(revoke_key, "board")
    ben.make_key("anna")

    assert ben.refuse(lambda: ben.ask(api_key=token)) == "NotLoggedIn"
    with ben.engine.connect() as connection:
        assert [each.user for each in list_keys(connection)] == ["anna"]
        assert [each.user for each in list_keys(connection, with_revoked=True)] == ["ben", "anna"]
        assert list_keys(connection, "ben") == []
    assert [row[0] for row in ben.list_events("api.key")] == ["api.key.created", "api.key.revoked", "api.key.created"]


def test_a_key_is_revoked_by_how_it_begins_and_a_pasted_one_is_not_shown(ben: People) -> None:
    first, second = ben.make_key("ben"), ben.make_key("ben", name="other")
    ben.change(revoke_key, first[:12])
    ben.change(revoke_key, second)
    with pytest.raises(BadInput, match="unknown key") as refused:
        ben.change(revoke_key, second)
    with pytest.raises(BadInput, match="cannot begin with pvk_") as named:
        ben.make_key("ben", name=second)

    assert second not in f"{refused.value} {named.value}"


def test_a_key_of_another_owner_is_not_revoked(ben: People) -> None:
    ben.make_key("anna")
    with pytest.raises(BadInput, match="unknown key 'board'; there is none"):
        ben.change(revoke_key, "board", owner="ben")


def test_a_key_ends_at_its_time(ben: People) -> None:
    ends = datetime.now(UTC) + timedelta(hours=1)
    with ben.engine.begin() as connection:
        made = create_key(connection, "ben", "short lived", Role.VIEWER, BOSS, expires_at=ends)
        with pytest.raises(BadInput, match="has passed already"):
            create_key(connection, "ben", "past", Role.VIEWER, BOSS, expires_at=datetime.now(UTC) - timedelta(hours=1))
    before = ben.ask(api_key=made.token)
    ben.execute("update api_keys set expires_at = now()")

    assert before.expires_at == ends
    assert ben.refuse(lambda: ben.ask(api_key=made.token)) == "NotLoggedIn"


def test_the_last_use_is_noted_at_most_once_a_minute(ben: People) -> None:
    token = ben.make_key("ben")
    ben.ask(api_key=token)
    first = ben.execute("select last_used_at from api_keys")
    ben.ask(api_key=token)
    again = ben.execute("select last_used_at from api_keys")
    ben.execute("update api_keys set last_used_at = now() - interval '2 minutes'")
    ben.ask(api_key=token)

    assert first[0][0] is not None
    assert again == first
    assert ben.execute("select last_used_at > now() - interval '1 minute' from api_keys") == [(True,)]


@pytest.mark.parametrize("name", ["", " ", "x" * 64, "a\nb", "\0"])
def test_a_key_needs_a_name(ben: People, name: str) -> None:
    with pytest.raises(BadInput, match="expected a name of the key"):
        ben.make_key("ben", name=name)
