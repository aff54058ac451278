"""Measure what a request's login costs, and whether the time of a failed one tells which users exist."""

import math
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from sqlalchemy import Engine, text

from pokervod_pipelines.access import passwords
from pokervod_pipelines.access.authentication import Authenticator
from pokervod_pipelines.access.principal import Credentials, Role
from pokervod_pipelines.access.users import disable_user
from pokervod_pipelines.errors import AccessRefused
from pokervod_pipelines.settings.api import ApiSettings, ThrottleSettings
from pokervod_pipelines_tests.access.people import PASSWORD, WRONG, People, make_basic
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database

ADDRESS = "10.0.0.7"
CLIENTS = 50


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Measure in milliseconds a request; the share says how well one failed login's time tells a user from none."""
    count = 200 if is_small else 2_000
    with scratch() as folder, scratch_database(folder) as engine:
        people = _make_people(engine)
        session, key = people.log_in("anna", address=ADDRESS).token, people.make_key("anna")
        yield from _show("session", lambda: people.ask(ADDRESS, session=session), count, "< 2")
        yield from _show("API key", lambda: people.ask(ADDRESS, api_key=key), count, "< 2")
        yield from _show(
            "Basic, verified a moment ago", lambda: people.ask_basic("anna", address=ADDRESS), count, "< 2"
        )
        hashed = passwords.hash_password(PASSWORD)
        yield from _show("argon2 alone", lambda: passwords.verify_password(hashed, PASSWORD), count // 20)
        yield from _show("login", lambda: people.log_in("anna", address=ADDRESS), count // 20)
        yield _share_one_hash(people)
        yield from _compare_failures(people, engine, count // 4)


def _make_people(engine: Engine) -> People:
    """Return people whose failed logins never wait."""
    settings = ApiSettings(throttle=ThrottleSettings(user_failures=100, address_failures=10_000))
    people = People(engine=engine, settings=settings, gate=Authenticator(engine, settings))
    people.add("anna")
    people.add("ben", Role.VIEWER)
    people.change(disable_user, "ben")
    return people


def _show(what: str, act: Callable[[], object], count: int, target: str = "") -> Iterator[Figure]:
    act()  # the connection is there
    taken = sorted(_time(act) for _ in range(count))
    for share in (0.5, 0.99):
        yield Figure(
            f"{what}, p{share * 100:.0f} ms", f"{percentile(taken, share):.2f}", target if share == 0.5 else ""
        )


def _time(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _share_one_hash(people: People) -> Figure:
    """Return how long fifty programs take that send the same password at once, of which one is hashed."""
    gate = Authenticator(people.engine, people.settings)
    shown = Credentials(address=ADDRESS, authorization=make_basic("anna", PASSWORD))
    threads = [threading.Thread(target=gate.authenticate, args=(shown,)) for _ in range(CLIENTS)]

    def run() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return Figure(f"Basic, {CLIENTS} clients at once, ms", f"{_time(run):.0f}")


def _compare_failures(people: People, engine: Engine, count: int) -> Iterator[Figure]:
    """Yield the medians of failed logins of each kind, in mixed order, and how often a user's takes longer."""
    taken: dict[str, list[float]] = {"anna": [], "nobody": [], "ben": []}
    order = [*taken] * count
    random.Random(1).shuffle(order)
    for number, name in enumerate(order):
        if number % 60 == 0:
            with engine.begin() as connection:
                connection.execute(text("delete from login_attempts"))
        taken[name].append(_time(lambda name=name: _fail(people, name)))  # type: ignore[misc]
    for name, kind in (("anna", "a user"), ("nobody", "no user"), ("ben", "a disabled user")):
        yield Figure(f"failed login, {kind}, p50 ms", f"{statistics.median(taken[name]):.2f}")
    for name, kind in (("anna", "a user"), ("ben", "a disabled user")):
        share, error = _find_share(taken[name], taken["nobody"]), math.sqrt(1 / 6 / count)
        yield Figure(f"{kind} takes longer than none, of pairs", f"{share:.3f} ± {2 * error:.3f}", "0.5 within that")


def _fail(people: People, name: str) -> None:
    try:
        people.log_in(name, WRONG, ADDRESS)
    except AccessRefused:
        return
    raise AssertionError("a wrong password let somebody in")


def _find_share(first: list[float], second: list[float]) -> float:
    """Return the share of pairs of which the first one is larger: 0.5 where times tell nothing.

    Of two samples of n its standard error is then the root of (2n + 1) / 12n², after Mann and Whitney.
    """
    return sum(a > b for a in first for b in second) / (len(first) * len(second))
