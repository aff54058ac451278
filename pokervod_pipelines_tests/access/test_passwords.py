"""Check which passwords are accepted, and that a hash fits its own password only."""

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.access import passwords
from pokervod_pipelines.access.passwords import (
    MAX_LENGTH,
    hash_password,
    needs_rehash,
    require_good_password,
    verify_password,
)
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.conftest import CAREFUL


@pytest.fixture(autouse=True)
def _careful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as the product does; all other tests hash for the least costs."""
    monkeypatch.setattr(passwords, "_HASHER", CAREFUL)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "aaaaaaaaaaaa",  # length is what counts; nobody is told which characters to use
        "한글비밀번호는길어야해요",
        "twelve chars",
        "x" * MAX_LENGTH,
        "anna.kim and more",
    ],
)
def test_a_long_password_is_accepted_whatever_it_consists_of(password: str) -> None:
    require_good_password("anna.kim", password)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", "has 0 characters; use at least 12"),
        ("elevenchars", "has 11 characters; use at least 12"),
        ("x" * (MAX_LENGTH + 1), "use at most 256"),
        ("anna.kimanna.kim", "is the user's name"),
        ("ANNA.KIM Anna.Kim", "is the user's name"),
        ("correct horse\nbattery", "cannot be typed"),
        ("correct horse \ud800battery", "cannot be typed"),
        ("ﬁ" * 3, "has 6 characters"),  # a ligature is two letters on another keyboard
    ],
)
def test_a_weak_password_is_refused_without_being_shown(password: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as refused:
        require_good_password("anna.kim", password)

    assert not password or password not in str(refused.value)


@settings(max_examples=10)
@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_hash_fits_its_own_password_only(password: str, other: str) -> None:
    stored = hash_password(password)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password not in stored or len(password) < 4
    assert verify_password(stored, password)
    if other.casefold() != password.casefold() and other.isascii():
        assert not verify_password(stored, other)
    assert hash_password(password) != stored


@pytest.mark.parametrize(
    ("stored", "password"),
    [
        (None, "correct horse battery"),  # an unknown user
        ("not a hash", "correct horse battery"),
        ("", ""),
        (None, "x" * 1_000_000),
        (None, "\ud800"),
    ],
)
def test_nothing_fits_an_unknown_user_or_a_damaged_hash(stored: str | None, password: str) -> None:
    assert verify_password(stored, password) is False


def test_the_same_characters_fit_however_a_keyboard_makes_them() -> None:
    composed, decomposed = "비밀번호는 caf\u00e9 입니다", "비밀번호는 cafe\u0301 입니다"

    assert verify_password(hash_password(composed), decomposed)


def test_a_hash_of_other_costs_is_made_anew() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash("correct horse battery")

    assert needs_rehash(old)
    assert verify_password(old, "correct horse battery")
    assert not needs_rehash(hash_password("correct horse battery"))
