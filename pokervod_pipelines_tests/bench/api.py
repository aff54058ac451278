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
from pokervod_pipelines_tests.bench.archive import add_archive
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database
from pokervod_pipelines_tests.bench.incidents import fill_incidents
from pokervod_pipelines_tests.bench.measures import add_rest, fill
from pokervod_pipelines_tests.bench.streams import measure_streams

CLIENTS = 50
PAUSE_SECONDS = 0.25
"""Of a client between an answer and its next question: two hundred questions a second in all."""

DAYS = 90
READS = (
    "/api/instructions?limit=100",
    "/api/instructions?state=failed&limit=100",
    "/api/instructions?flagged=true",
    "/api/instructions/5000",
    "/api/outputs",
    "/api/hands?limit=100",
    "/api/hands?after=5000",
    "/api/hands/5000",
    "/api/log?limit=100",
    "/api/log?type=render.failed&limit=100",
    "/api/audit",
    "/api/audit?by=person%203",
    "/api/events",
    "/api/events/900",
    "/api/alerts",
    "/api/data-flow?hand_id=50",
    "/api/workers",
    "/api/metrics/throughput",
    "/api/metrics/latency?window=24h",
    "/api/metrics/error-rate?window=24h",
    "/api/metrics/queue-depth",
    "/api/orchestrator/status",
    "/api/orchestrator/workflows",
    "/api/health",
    "/api/weeks?last=1",
    "/api/videos",
    "/api/videos?query=main%20event",
    "/api/videos/500",
    "/api/catalog/projects",
    "/api/catalog/seasons",
    "/api/catalog/events",
    "/api/catalog/episodes",
    "/api/catalog/tree?project=PAD",
    "/api/catalog/stats",
    "/api/catalog/corrections",
    "/api/catalog/copies",
    "/api/duplicates",
    "/api/missing-files",
    "/api/clips",
    "/api/clips?after=10000",
    "/api/clips?query=kk",
    "/api/clips?tag=tag_3&grade=2",
    "/api/clips/500",
    "/api/clips/tags",
    "/api/clips/decisions",
    "/api/sheets",
    "/api/sheets/archive",
    "/api/rows",
    "/api/rows?state=no%20video",
    "/api/pins",
    "/api/disagreements",
    "/api/quarantine",
    "/api/players",
    "/api/players/aliases",
    "/api/tournaments",
    "/api/tournaments/5",
    "/api/eliminations",
    "/api/rollout",
    "/api/detectors",
    "/api/remediations",
    "/api/remediations/kinds",
    "/api/kpis",
    "/api/consumers",
    "/api/breakers",
    "/api/holds",
    "/api/pauses",
    "/api/templates",
    "/api/maintenance",
    "/api/orchestrator/runs",
    "/api/me",
    "/metrics",
    "/stats",
    "/pending",
)
REPORTS = ("/api/weeks", "/api/players/doubtful", "/api/needs-me", "/api/handover")
"""Reads that go through everything, which nobody asks for twice a second."""

EXPORTS = ("/api/exports/instructions.csv", "/api/exports/log.csv", "/api/exports/clips.csv")

ONE_AFTER_THE_OTHER = 30
READ_SECONDS, READ_PAUSE_SECONDS = 5.0, 2.5
"""Of fifty clients that look at one list after the other: twenty questions a second."""

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
        fill_incidents(engine, count // 10, now)
        add_archive(engine, now, count // 5)
        roll_up(engine, settings)
        people = make_people(engine)
        people.add("anna")
        headers = _make_headers(people.make_key("anna", Role.VIEWER))
        operators = _make_headers(people.make_key("anna", Role.OPERATOR, name="operator"))
        with _serve(folder, engine) as (port, process):
            yield from _measure_dashboard(port, process, headers, seconds, f"{count:,} instructions, 3 events of each")
            yield from measure_reads(port, headers)
            yield from _measure_reports(port, operators)
            yield from _measure_exports(port, process, headers)
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


def measure_reads(port: int, headers: str) -> Iterator[Figure]:
    """Ask every read alone, and as fifty clients that look at it."""
    for path in READS:
        alone = asyncio.run(_ask_often(port, path, headers, ONE_AFTER_THE_OTHER))
        many = asyncio.run(_ask_as_many(port, path, headers, READ_SECONDS, READ_PAUSE_SECONDS))
        yield Figure(f"{path}: alone; {CLIENTS} clients, p50 / p99 ms", f"{_show(alone)}; {_show(many)}", "p99 < 200")


def _measure_reports(port: int, headers: str) -> Iterator[Figure]:
    for path in REPORTS:
        taken = asyncio.run(_ask_often(port, path, headers, ONE_AFTER_THE_OTHER // 5))
        yield Figure(f"{path}, all of it, p50 / p99 ms", _show(taken))


def _measure_exports(port: int, process: psutil.Process, headers: str) -> Iterator[Figure]:
    """Read lists as CSV, and look at the server's memory meanwhile."""
    for path in EXPORTS:
        before, most, size, started = process.memory_full_info().pss, 0, 0, time.monotonic()
        given = dict(line.split(": ") for line in headers.split("\r\n"))
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=given), timeout=120) as answer:
            while content := answer.read(1 << 20):
                size += len(content)
                most = max(most, process.memory_full_info().pss)
        figure = f"{size / 1e6:.0f}, {time.monotonic() - started:.1f}, {(most - before) / 1e6:.0f}"
        yield Figure(f"{path}: MB, seconds, MB more of the server", figure, "flat")


def _make_headers(key: str) -> str:
    return f"Host: 127.0.0.1\r\nX-API-Key: {key}"


def _show(taken: list[float]) -> str:
    return f"{percentile(taken, 0.5) * 1000:.1f} / {percentile(taken, 0.99) * 1000:.1f}"


async def _ask_as_many(
    port: int, path: str, headers: str, seconds: float, pause_seconds: float = PAUSE_SECONDS
) -> list[float]:
    """Return how long each question of the clients took; the first of each, which connects, is left out."""
    until = time.monotonic() + seconds

    async def ask(number: int) -> list[float]:
        await asyncio.sleep(number * pause_seconds / CLIENTS)
        taken, streams = [], await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < until:
            taken.append(await _ask(*streams, path, headers))
            await asyncio.sleep(pause_seconds)
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
