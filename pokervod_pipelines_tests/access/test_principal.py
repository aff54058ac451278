"""Check what each role allows, and that nothing secret is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.access.authentication import NewSession, name_local_user, require_csrf_token
from pokervod_pipelines.access.principal import (
    Credentials,
    Method,
    Principal,
    Role,
    authorize,
    lesser_role,
    read_role,
)
from pokervod_pipelines.errors import BadInput, NotAllowed

ROLES = st.sampled_from(Role)


def make_principal(role: Role = Role.VIEWER, **values: object) -> Principal:
    return Principal(**({"who": "anna", "role": role, "how": Method.SESSION} | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "required", "is_allowed"),
    [
        (Role.VIEWER, Role.VIEWER, True),
        (Role.VIEWER, Role.OPERATOR, False),
        (Role.VIEWER, Role.ADMIN, False),
        (Role.OPERATOR, Role.VIEWER, True),
        (Role.OPERATOR, Role.OPERATOR, True),
        (Role.OPERATOR, Role.ADMIN, False),
        (Role.ADMIN, Role.VIEWER, True),
        (Role.ADMIN, Role.OPERATOR, True),
        (Role.ADMIN, Role.ADMIN, True),
    ],
)
def test_a_role_allows_what_it_includes(role: Role, required: Role, *, is_allowed: bool) -> None:
    if is_allowed:
        authorize(make_principal(role), required)
    else:
        with pytest.raises(NotAllowed, match=f"needs the role {required}, anna has {role} here"):
            authorize(make_principal(role), required)


@given(ROLES, ROLES, ROLES)
def test_the_lesser_role_never_allows_more_than_either(first: Role, second: Role, required: Role) -> None:
    allows = lesser_role(first, second).includes(required)

    assert allows == (first.includes(required) and second.includes(required))


def test_an_unknown_role_is_refused_with_the_one_that_was_meant() -> None:
    assert read_role(" Operator ") is Role.OPERATOR
    with pytest.raises(BadInput, match="unknown role 'opertor'; did you mean `operator`"):
        read_role("opertor")


def test_what_a_request_shows_is_never_printed() -> None:
    shown = Credentials(address="10.0.0.7", session="sesame", authorization="Bearer sesame", api_key="sesame")
    session = NewSession(principal=make_principal(csrf_token="sesame"), token="sesame")

    assert "sesame" not in f"{shown!r} {session!r} {shown} {session}"
    assert "10.0.0.7" in repr(shown)


def test_a_change_needs_the_token_of_its_own_session() -> None:
    principal = make_principal(csrf_token="a1b2")

    require_csrf_token(principal, "a1b2")
    require_csrf_token(make_principal(how=Method.KEY), None)
    for given_token in (None, "", "a1b3", "a1b2 ", "\ud800"):
        with pytest.raises(NotAllowed, match="another site asked for this"):
            require_csrf_token(principal, given_token)


def test_a_principal_signs_with_its_name_and_a_reason() -> None:
    actor = make_principal().make_actor("it is late", "c0ffee")

    assert (actor.who, actor.reason, actor.correlation_id) == ("anna", "it is late", "c0ffee")
    with pytest.raises(BadInput, match="reason is required"):
        make_principal().make_actor(" ")


def test_a_user_without_a_name_is_known_by_number() -> None:
    def find() -> str:
        raise KeyError

    assert name_local_user(find).startswith("uid ")
