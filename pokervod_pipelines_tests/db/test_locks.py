"""Check that a lock has one holder, and ends with its context or its process."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.db.locks import hold_lock

HOLDER = """
import sys, time
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.locks import hold_lock
with hold_lock(make_engine(sys.argv[1]), "sync"):
    sys.stdout.write("held\\n"); sys.stdout.flush()
    time.sleep(600)
"""


def test_a_lock_is_released_after_its_context(engine: Engine) -> None:
    for _ in range(3):
        with hold_lock(engine, "sync"):
            pass


def test_a_lock_is_released_after_a_failure(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), hold_lock(engine, "sync"):
        raise ZeroDivisionError

    with hold_lock(engine, "sync"):
        pass


def test_two_holders_wait_for_each_other(engine: Engine) -> None:
    inside: list[str] = []

    def hold(name: str) -> None:
        with hold_lock(engine, "sync"):
            inside.extend([f"{name} in", f"{name} out"])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(hold, ("a", "b")))

    assert inside in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])


def test_the_lock_of_a_killed_process_is_released(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()

    with hold_lock(engine, "sync"):
        pass
