"""Open the databases that health asks, from any thread, and close them at the end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Engine

from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.monitoring.health.orchestrator import Orchestrator
from pokervod_pipelines.monitoring.health.probes import Opened
from pokervod_pipelines.settings import Settings

MakeOrchestrator = Callable[[Engine], Orchestrator]


class DatabaseAccess:
    """Keep both databases of the settings open: a ``monitoring.health.probes.DatabaseAccess``. Nothing is migrated."""

    def __init__(self, settings: Settings, make_orchestrator: MakeOrchestrator) -> None:
        self._settings, self._make_orchestrator = settings, make_orchestrator
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._opened: Opened | None = None

    def open(self) -> Opened:
        """Return what is open already, or open it. Raises a database error or one of ours."""
        with self._lock:
            if self._opened is None:
                with ExitStack() as stack:
                    urls = stack.enter_context(serve_database(self._settings))
                    engines = [make_engine(url) for url in (urls.pokervod, urls.dagster)]
                    for each in engines:
                        stack.callback(each.dispose)
                    self._opened = Opened(engine=engines[0], orchestrator=self._make_orchestrator(engines[1]))
                    self._stack = stack.pop_all()
            return self._opened

    def reopen(self) -> Opened:
        """Close what is open and open it anew."""
        self.close()
        return self.open()

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            self._opened = None
            self._stack.close()

    @property
    def opened(self) -> Opened | None:
        """Return what is open, without waiting."""
        return self._opened


@contextmanager
def open_access(settings: Settings, make_orchestrator: MakeOrchestrator) -> Iterator[DatabaseAccess]:
    """Yield the access; at the end it is closed, unless a server that never answers is still being opened."""
    access = DatabaseAccess(settings, make_orchestrator)
    try:
        yield access
    finally:
        if access.opened is not None:
            access.close()
