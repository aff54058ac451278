"""Measure what two hundred viewers of the streams wait for and cost, while twenty events a second are committed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from sqlalchemy import Engine, text

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.events import EventType, append_events
from pokervod_pipelines_tests.access.people import People
from pokervod_pipelines_tests.bench import stream_clients
from pokervod_pipelines_tests.bench.figure import Figure, percentile
from pokervod_pipelines_tests.events.made import make_event

VIEWERS = 200
USERS = 8
EVENTS_A_SECOND = 20
SETTLE_SECONDS = 5.0


def measure_streams(
    port: int, process: psutil.Process, engine: Engine, people: People, seconds: float
) -> Iterator[Figure]:
    """Follow with so many clients for so long, half of them by each way."""
    keys = []
    for number in range(USERS):
        people.add(f"viewer{number}")
        keys.append(people.make_key(f"viewer{number}", Role.VIEWER, name=f"wall{number}"))
    before = _read_memory(process)
    command = [sys.executable, str(Path(stream_clients.__file__)), str(port), str(VIEWERS), *keys]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
        assert clients.stdin is not None
        assert clients.stdout is not None
        clients.stdout.readline()
        time.sleep(SETTLE_SECONDS)
        first, began, cpu = _read_memory(process), time.monotonic(), process.cpu_times()
        committed = _commit_events(engine, seconds)
        used, last = process.cpu_times(), _read_memory(process)
        share = (used.user + used.system - cpu.user - cpu.system) / (time.monotonic() - began)
        time.sleep(1.0)
        arrived = {int(seq): times for seq, times in json.loads(clients.communicate("stop\n")[0]).items()}
    taken = [(at - committed[seq]) * 1000 for seq, times in arrived.items() if seq in committed for at in times]
    missed = len(committed) * VIEWERS - len(taken)
    what = f"{VIEWERS} viewers, {len(committed):,} events in {seconds:.0f} s"
    yield Figure(
        f"{what}: commit → client, p50 / p99 ms",
        f"{percentile(taken, 0.5):.1f} / {percentile(taken, 0.99):.1f}",
        "p99 < 1,000, aim < 100",
    )
    yield Figure("events that a viewer missed, streams that were cut", f"{missed}, {len(arrived.get(-1, ()))}", "0, 0")
    yield Figure("the server takes of a core", f"{share:.1%}", "aim < 12 %")
    yield Figure(
        "memory of the server, PSS MB, without viewers / when they have come / at the end",
        f"{before:.0f} / {first:.0f} / {last:.0f}",
        "aim < 80",
    )


def _commit_events(engine: Engine, seconds: float) -> dict[int, float]:
    """Return by event when it was committed."""
    committed = {}
    until = time.monotonic() + seconds
    following = time.monotonic()
    number = 0
    with engine.connect() as connection:
        while time.monotonic() < until:
            number += 1
            event = make_event(EventType.RENDER_COMPLETED, instruction_id=number)
            append_events(connection, "render", "bench", [event])
            seq = connection.scalar(text("select currval(pg_get_serial_sequence('events', 'id'))"))
            connection.commit()
            committed[int(seq)] = time.time()
            following += 1 / EVENTS_A_SECOND
            time.sleep(max(0.0, following - time.monotonic()))
    return committed


def _read_memory(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss / 1e6)
