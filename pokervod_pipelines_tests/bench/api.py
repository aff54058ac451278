"""Measure what fifty clients wait for, on a filled database, beside a bare FastAPI and psycopg route."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import psutil
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.monitoring.measures.rollup import roll_up
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import make_people
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database
from pokervod_pipelines_tests.bench.measures import add_rest, fill
from pokervod_pipelines_tests.bench.streams import measure_streams

CLIENTS = 50
PAUSE_SECONDS = 0.25
"""Of a client between an answer and its next question: two hundred questions a second in all."""

DAYS = 90
READS = (
    "/api/instructions?limit=100",
    "/api/instructions?state=failed&limit=100",
    "/api/instructions/5000",
    "/api/outputs",
    "/api/hands?limit=100",
    "/api/log?limit=100",
    "/api/log?type=render.failed&limit=100",
    "/api/events",
    "/api/data-flow?hand_id=50",
    "/api/workers",
    "/api/metrics/throughput",
    "/api/metrics/latency?window=24h",
    "/api/metrics/error-rate?window=24h",
    "/api/metrics/queue-depth",
    "/api/orchestrator/status",
    "/api/weeks?last=1",
    "/stats",
    "/pending",
)
ONE_AFTER_THE_OTHER = 30

BARE_APP = """
import sys

import psycopg
import uvicorn
from fastapi import FastAPI

app = FastAPI()
pool = [psycopg.connect(sys.argv[2], autocommit=True) for _ in range(12)]


@app.get("/bare")
def read():
    connection = pool.pop()
    try:
        row = connection.execute(
            "select state, count(*) from render_instructions where id > 99000 group by 1"
        ).fetchall()
    finally:
        pool.append(connection)
    return {state: count for state, count in row}


uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
"""


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Serve a filled database by the command, and ask it as fifty clients with an API key do."""
    count, seconds = (10_000, 5.0) if is_small else (100_000, 20.0)
    with scratch() as folder, scratch_database(folder) as engine:
        settings = Settings.model_validate({"home": folder / "home"})
        now = datetime.now(UTC)
        fill(engine, now, DAYS, count)
        add_rest(engine, now, count)
        roll_up(engine, settings)
        people = make_people(engine)
        people.add("anna")
        key = people.make_key("anna", Role.VIEWER)
        with _serve(folder, engine) as (port, process):
            headers = f"Host: 127.0.0.1\r\nX-API-Key: {key}"
            yield from _measure_dashboard(port, process, headers, seconds, f"{count:,} instructions, 3 events of each")
            yield from _measure_reads(port, headers)
        with _serve(folder, engine) as (port, process):
            yield from measure_streams(port, process, engine, people, 60.0 if is_small else 600.0)
        with _serve_bare(folder, engine) as port:
            taken = asyncio.run(_ask_as_many(port, "/bare", "Host: 127.0.0.1", seconds))
            yield Figure("a bare FastAPI and psycopg route, p50 / p99 ms", _show(taken))


def _measure_dashboard(port: int, process: psutil.Process, headers: str, seconds: float, what: str) -> Iterator[Figure]:
    before = process.cpu_times()
    taken = asyncio.run(_ask_as_many(port, "/api/dashboard", headers, seconds))
    after = process.cpu_times()
    share = (after.user + after.system - before.user - before.system) / seconds
    yield Figure(f"{what}: dashboard, {CLIENTS} clients, p50 / p99 ms", _show(taken), "p99 < 200, aim < 30")
    yield Figure(f"its {len(taken) / seconds:.0f} answers a second take of a core", f"{share:.0%}")
    yield Figure("memory of the server, PSS MB", f"{process.memory_full_info().pss / 1e6:.0f}", "< 256")


def _measure_reads(port: int, headers: str) -> Iterator[Figure]:
    for path in READS:
        taken = asyncio.run(_ask_often(port, path, headers, ONE_AFTER_THE_OTHER))
        yield Figure(f"{path}, p50 / p99 ms", _show(taken), "p99 < 200")


def _show(taken: list[float]) -> str:
    return f"{percentile(taken, 0.5) * 1000:.1f} / {percentile(taken, 0.99) * 1000:.1f}"


async def _ask_as_many(port: int, path: str, headers: str, seconds: float) -> list[float]:
    """Return how long each question of the clients took; the first of each, which connects, is left out."""
    until = time.monotonic() + seconds

    async def ask(number: int) -> list[float]:
        await asyncio.sleep(number * PAUSE_SECONDS / CLIENTS)
        taken, streams = [], await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < until:
            taken.append(await _ask(*streams, path, headers))
            await asyncio.sleep(PAUSE_SECONDS)
        streams[1].close()
        return taken[1:]

    return [each for taken in await asyncio.gather(*map(ask, range(CLIENTS))) for each in taken]


async def _ask_often(port: int, path: str, headers: str, times: int) -> list[float]:
    streams = await asyncio.open_connection("127.0.0.1", port)
    await _ask(*streams, path, headers)
    taken = [await _ask(*streams, path, headers) for _ in range(times)]
    streams[1].close()
    return taken


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, headers: str) -> float:
    started = time.perf_counter()
    writer.write(f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{path}: {head.decode()}")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    await reader.readexactly(int(length[1]) if length else 0)
    return time.perf_counter() - started


@contextmanager
def _serve(folder: Path, engine: Engine) -> Iterator[tuple[int, psutil.Process]]:
    environ = {
        **os.environ,
        "POKERVOD_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "POKERVOD_HOME": str(folder / "home"),
    }
    port = 18_180
    command = [sys.executable, "-m", "pokervod_pipelines.cli", "serve", "--port", str(port)]
    with _run(command, environ, folder, f"http://127.0.0.1:{port}/docs") as pid:
        yield port, psutil.Process(pid)


@contextmanager
def _serve_bare(folder: Path, engine: Engine) -> Iterator[int]:
    port, program = 18_181, folder / "bare.py"
    program.write_text(BARE_APP, encoding="utf-8")
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with _run([sys.executable, str(program), str(port), url], {**os.environ}, folder, f"http://127.0.0.1:{port}/bare"):
        yield port


@contextmanager
def _run(command: list[str], environ: dict[str, str], folder: Path, ready: str) -> Iterator[int]:
    """Run the program until the end, once it answers, with whatever status."""
    with subprocess.Popen(command, env=environ, cwd=folder, stderr=subprocess.DEVNULL) as process:
        try:
            while not _answers(ready):
                time.sleep(0.1)
            yield process.pid
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        with urlopen(Request(url), timeout=5):
            return True
    except OSError as error:
        return hasattr(error, "code")
