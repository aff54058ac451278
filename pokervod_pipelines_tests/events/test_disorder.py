"""Check that every effect is done once, whatever commits when, is cut or is killed."""

import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.events.subscriptions import Delivery
from pokervod_pipelines_tests.events import consumer_process
from pokervod_pipelines_tests.events.subscriber import (
    append_in,
    count_pending,
    cut_subscribers,
    has_cursor,
    run,
    wait_until,
)
from pokervod_pipelines_tests.sizes import choose


class Effects:
    """Store each effect once in the database, by the delivery's key; fail as chance has it."""

    def __init__(self, engine: Engine, chance: random.Random) -> None:
        self.engine = engine
        self.chance = chance

    def __call__(self, delivery: Delivery) -> None:
        if delivery.attempt == 1 and self.chance.random() < 0.05:
            raise ConnectionError("by chance")
        values = {"key": delivery.key, "name": delivery.event.payload["path"]}
        with self.engine.begin() as connection:
            connection.execute(
                text("insert into effects (key, name) values (:key, :name) on conflict do nothing"), values
            )


@dataclass
class Writers:
    """Append in several transactions at once, which are committed and rolled back in random order."""

    engine: Engine
    chance: random.Random
    number: int = 0
    open: list[tuple[Connection, list[str]]] = field(default_factory=list)
    committed: list[list[str]] = field(default_factory=list)

    def step(self) -> None:
        if len(self.open) < 3 and self.chance.random() < 0.6:
            self.number += 1
            connection, names = self.engine.connect(), [f"{self.number}-{each}" for each in "abc"]
            append_in(connection, *names, correlation=f"request {self.number % 3}")
            self.open.append((connection, names))
        elif self.open:
            self.end(self.chance.randrange(len(self.open)))

    def end(self, at: int) -> None:
        connection, names = self.open.pop(at)
        if self.chance.random() < 0.8:
            connection.commit()
            self.committed.append(names)
        connection.close()


@pytest.fixture
def effects(engine: Engine) -> Iterator[Callable[[], list[str]]]:
    """Return a function that lists the effects in the order in which they were done."""
    with engine.begin() as connection:
        connection.execute(text("create table effects (id serial, key text primary key, name text)"))

    def read() -> list[str]:
        with engine.connect() as connection:
            return [row.name for row in connection.execute(text("select name from effects order by id"))]

    yield read
    with engine.begin() as connection:
        connection.execute(text("drop table effects"))


def assert_all_once_and_in_order(effects: Sequence[str], committed: Sequence[Sequence[str]]) -> None:
    assert sorted(effects) == sorted(itertools.chain(*committed))
    places = {name: place for place, name in enumerate(effects)}
    assert [names for names in committed if sorted(names, key=places.__getitem__) != names] == []


@pytest.mark.parametrize("seed", range(choose(2, long=10)))
def test_whatever_commits_when_and_is_cut_when_each_effect_is_done_once(
    engine: Engine, effects: Callable[[], list[str]], seed: int
) -> None:
    chance = random.Random(seed)
    writers, handler = Writers(engine, chance), Effects(engine, chance)
    for _ in range(choose(4, long=50)):
        with run(engine, handler):
            for _ in range(20):
                writers.step()
            if chance.random() < 0.5:
                cut_subscribers(engine)
    while writers.open:
        writers.end(0)
    with run(engine, handler):
        wait_until(lambda: has_cursor(engine) and count_pending(engine) == 0)

    assert_all_once_and_in_order(effects(), writers.committed)


@pytest.mark.long
def test_processes_that_are_killed_lose_nothing_and_do_nothing_twice(
    engine: Engine, database_url: str, effects: Callable[[], list[str]]
) -> None:
    chance = random.Random(1)
    writers = Writers(engine, chance)
    for _ in range(20):
        consumers = [subprocess.Popen([sys.executable, consumer_process.__file__, database_url]) for _ in range(2)]
        end = time.monotonic() + chance.uniform(1, 3)
        while time.monotonic() < end:
            writers.step()
            time.sleep(0.01)
        for process in consumers:
            process.send_signal(signal.SIGKILL)
            process.wait()
    while writers.open:
        writers.end(0)
    with run(engine, Effects(engine, chance)):
        wait_until(lambda: has_cursor(engine) and count_pending(engine) == 0)

    assert len(writers.committed) > 100
    assert_all_once_and_in_order(effects(), writers.committed)
