"""Check that guessing is slowed down, of a user, from an address and in any process, and that nobody is locked out."""

import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from pokervod_pipelines.access import passwords
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.throttle import UNKNOWN_NAMES, find_wait, name_address
from pokervod_pipelines.access.users import enable_user, set_password
from pokervod_pipelines.errors import LoginThrottled, Unavailable
from pokervod_pipelines.settings.api import ThrottleSettings
from pokervod_pipelines_tests.access import guessing_process
from pokervod_pipelines_tests.access.people import ELSEWHERE, HERE, HOME, PASSWORD, WRONG, People, make_people

ALLOWED = ThrottleSettings().user_failures

LONG = {"first_seconds": 60, "max_minutes": 1440}

LIMITS = st.builds(
    ThrottleSettings,
    first_seconds=st.floats(min_value=0.1, max_value=3600),
    max_minutes=st.floats(min_value=0.1, max_value=1440),
)


@given(st.integers(min_value=0, max_value=2**31), st.integers(min_value=1, max_value=10_000), LIMITS)
def test_a_wait_never_shrinks_and_never_exceeds_its_limit(
    failures: int, allowed: int, limits: ThrottleSettings
) -> None:
    wait, next_wait = (find_wait(each, allowed, limits) for each in (failures, failures + 1))

    assert 0 <= wait <= next_wait <= limits.max_minutes * 60
    assert (wait == 0) == (failures < allowed)
    if allowed <= failures and next_wait < limits.max_minutes * 60:
        assert next_wait == pytest.approx(2 * wait)


@given(st.ip_addresses(), st.text(max_size=200))
def test_an_address_has_one_key_whatever_it_is(address: object, text: str) -> None:
    assert name_address(name_address(str(address)).partition("/")[0]) == name_address(str(address))
    assert "\0" not in name_address(text)


@pytest.fixture
def people(engine: Engine) -> People:
    """Return people with waits that do not end while a test runs."""
    return make_people(engine, **LONG)


def guess(people: People, times: int, name: str = "anna", address: str = ELSEWHERE) -> list[str]:
    return [people.refuse(lambda: people.log_in(name, WRONG, address)) for _ in range(times)]


def test_a_brute_force_is_slowed_to_a_few_guesses(people: People) -> None:
    people.add("anna")
    answers = guess(people, 60)

    assert answers == ["NotLoggedIn"] * ALLOWED + ["LoginThrottled"] * (60 - ALLOWED)
    assert [row[0] for row in people.list_events("api.login")] == [
        *["api.login.failed"] * ALLOWED,
        "api.login.throttled",  # once for the wait, however often it was refused
    ]
    with pytest.raises(LoginThrottled, match=r"too many failed logins; wait ") as refused:
        people.log_in("anna", PASSWORD, ELSEWHERE)  # also with the right password
    assert 0 < refused.value.retry_after <= 60


def test_each_further_failure_doubles_the_wait(people: People) -> None:
    people.add("anna")
    guess(people, ALLOWED)
    waits = []
    for _ in range(4):
        people.pass_waits()
        guess(people, 1)
        (seconds,) = people.execute(
            "select extract(epoch from blocked_until - tried_at)::int from login_attempts where kind = 'user'"
        )[0]
        waits.append(seconds)

    assert waits == [120, 240, 480, 960]


def test_a_login_that_succeeds_forgets_the_failures(people: People) -> None:
    people.add("anna")
    guess(people, ALLOWED - 1)
    people.log_in("anna", address=ELSEWHERE)

    assert guess(people, ALLOWED) == ["NotLoggedIn"] * ALLOWED


def test_failures_are_forgotten_after_a_day(people: People) -> None:
    people.add("anna")
    guess(people, ALLOWED + 1)
    people.execute("update login_attempts set tried_at = now() - interval '25 hours', blocked_until = null")

    assert guess(people, ALLOWED) == ["NotLoggedIn"] * ALLOWED


def test_an_address_that_tries_many_names_has_to_wait(engine: Engine) -> None:
    people = make_people(engine, address_failures=8, **LONG)
    people.add("anna")
    answers = [guess(people, 1, f"name{number}")[0] for number in range(12)]

    assert answers == ["NotLoggedIn"] * 8 + ["LoginThrottled"] * 4
    assert people.refuse(lambda: people.log_in("anna", address=ELSEWHERE)) == "LoginThrottled"
    assert people.refuse(lambda: people.log_in("anna", address=HOME)) == "let in"


def test_an_own_login_does_not_clear_what_an_address_did_to_others(engine: Engine) -> None:
    people = make_people(engine, address_failures=8, **LONG)
    people.add("anna")
    people.add("eve", Role.VIEWER)
    answers = []
    for _ in range(10):
        answers += guess(people, 1, "anna")
        answers.append(people.refuse(lambda: people.log_in("eve", address=ELSEWHERE)))

    assert answers.count("NotLoggedIn") <= 8
    assert people.execute("select failures >= 5 from login_attempts where kind = 'address'") == [(True,)]


@pytest.mark.parametrize("network", ["2001:db8::{:x}", "2001:db8::{:x}:1"])
def test_a_network_of_addresses_counts_as_one(engine: Engine, network: str) -> None:
    people = make_people(engine, user_failures=100, address_failures=4, **LONG)
    people.add("anna")
    answers = [guess(people, 1, address=network.format(number))[0] for number in range(1, 7)]

    assert answers == ["NotLoggedIn"] * 4 + ["LoginThrottled"] * 2


def test_strangers_do_not_lock_out_the_only_administrator(people: People) -> None:
    people.add("anna")
    people.log_in("anna", address=HOME)
    for number in range(12):
        people.pass_waits()
        guess(people, 1, address=f"203.0.113.{number}")

    assert people.refuse(lambda: people.log_in("anna", address="198.51.100.1")) == "LoginThrottled"
    assert people.refuse(lambda: people.log_in("anna", address=HOME)) == "let in"  # known
    assert people.refuse(lambda: people.log_in("anna", address=HERE)) == "let in"  # this machine


def test_strangers_do_not_lock_out_a_program_that_uses_a_password(people: People) -> None:
    people.add("anna")
    people.ask_basic("anna", address=HOME)
    guess(people, ALLOWED + 3)
    fresh = make_people(people.engine, **LONG)  # the process was started again

    assert fresh.refuse(lambda: fresh.ask_basic("anna", address="198.51.100.1")) == "LoginThrottled"
    assert fresh.ask_basic("anna", address=HOME).who == "anna"


@pytest.mark.parametrize(
    "act",
    [
        lambda p: p.change(set_password, "anna", PASSWORD),
        lambda p: p.change(enable_user, "anna"),
    ],
    ids=["set-password", "enable"],
)
def test_a_command_ends_the_wait_of_a_user(people: People, act: object) -> None:
    people.add("anna")
    guess(people, ALLOWED + 1)
    guess(people, ALLOWED + 1, address=HERE)
    act(people)  # type: ignore[operator]

    assert people.refuse(lambda: people.log_in("anna", address=ELSEWHERE)) == "let in"
    assert people.refuse(lambda: people.log_in("anna", address=HERE)) == "let in"


def test_an_unknown_name_waits_like_a_known_one_and_is_not_kept(people: People) -> None:
    people.add("anna")
    answers = guess(people, ALLOWED + 2, "hunter2hunter2")
    keys = [row[0] for row in people.execute("select key from login_attempts where kind = 'user'")]
    written = str(people.execute("select t::text from events t")) + str(
        people.execute("select t::text from login_attempts t")
    )

    assert answers == ["NotLoggedIn"] * ALLOWED + ["LoginThrottled"] * 2
    assert len(keys) == 1
    assert 0 <= int(str(keys[0]).removeprefix("?")) < UNKNOWN_NAMES
    assert "hunter2" not in written


def test_an_attempt_that_nobody_looked_at_is_no_failure(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.add("anna")
    guess(people, ALLOWED - 2)
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(passwords, "_AT_ONCE", taken)
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.01)
    for _ in range(4):
        with pytest.raises(Unavailable, match="too many logins at once"):
            people.log_in("anna", address=ELSEWHERE)
    monkeypatch.undo()

    assert guess(people, 3) == ["NotLoggedIn"] * 2 + ["LoginThrottled"]


def test_counters_of_long_ago_are_deleted(people: People) -> None:
    people.add("anna")
    for number in range(5):
        guess(people, 1, f"name{number}", f"10.1.1.{number}")
    people.execute("update login_attempts set tried_at = now() - interval '2 days'")
    guess(people, 1)

    assert people.execute("select count(*) from login_attempts") == [(2,)]


def test_two_processes_at_once_get_no_more_guesses_than_one(people: People, database_url: str) -> None:
    """Attempts are counted before the password is looked at, so those that overlap are counted too."""
    people.add("anna")
    tries, module = 10, guessing_process.__name__
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", module, database_url, "anna", f"203.0.113.{number}", str(tries)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    results = [process.communicate("go\n", timeout=120)[0].split() for process in processes]
    let_in, looked_at, throttled = (sum(map(int, column)) for column in zip(*results, strict=True))

    assert let_in == 0
    assert looked_at == ALLOWED
    assert throttled == 2 * guessing_process.THREADS * tries - ALLOWED
