"""Check that the database answers, is new enough, and has the schema of this code."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from sqlalchemy import Engine, text

from pokervod_pipelines.checks import CheckResult, report_part
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder, open_unmigrated
from pokervod_pipelines.db.migrate import current_revision, newest_revision
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import Settings

MIN_SERVER_VERSION = 140_000


def check_database(settings: Settings) -> list[CheckResult]:
    """Return a result for the server and one for the schema; the embedded server is started to be asked."""
    try:
        with open_unmigrated(settings) as engine:
            return check_server(engine, settings)
    except PokervodError as error:
        return [report_part("database", str(error), "correct what the message names, then run doctor again")]


def check_server(engine: Engine, settings: Settings) -> list[CheckResult]:
    """Return a result for the open server and one for the schema. Raises database errors."""
    kind = "configured server"
    if settings.database_url is None:
        kind = f"embedded server, data in {EmbeddedServer(embedded_folder(settings)).status().data_folder}"
    with engine.connect() as connection:
        began = time.perf_counter()
        version = int(connection.scalar(text("show server_version_num")) or 0)
        latency = round((time.perf_counter() - began) * 1000, 2)
    revision, newest = current_revision(engine), newest_revision()
    found = f"PostgreSQL {version // 10_000}.{version % 10_000}, {kind}"
    is_old = version < MIN_SERVER_VERSION
    server = report_part("database", found, "use PostgreSQL 14 or later" if is_old else "")
    return [
        replace(server, figures={"latency_ms": latency}),
        report_part(
            "schema",
            f"revision {revision or 'none yet'}, this code has {newest}",
            "" if revision in {newest, None} else "run `pokervod db upgrade`",
        ),
    ]


@contextmanager
def read_database(settings: Settings) -> Iterator[Engine | None]:
    """Yield an engine that migrates nothing; None where the database does not answer or has another schema."""
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(open_unmigrated(settings))
            is_current = current_revision(engine) == newest_revision()
        except PokervodError:
            is_current = False
        yield engine if is_current else None
