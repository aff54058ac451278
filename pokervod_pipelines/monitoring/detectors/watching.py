"""Look with the detectors in the watcher, again and again, whether or not the database answers.

Alerts that nobody sends are sent here as well: that Dagster's daemon has stopped is told by no sensor.
"""

import logging
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.alerts.delivery import deliver_overdue
from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.monitoring.detectors.looker import Looker, LookReport
from pokervod_pipelines.monitoring.detectors.reading import DetectorOrchestrator
from pokervod_pipelines.monitoring.health.access import DatabaseAccess
from pokervod_pipelines.monitoring.incidents.announcing import announce_all
from pokervod_pipelines.processes.threads import run_in_thread

LOOK_SECONDS = 30.0
"""Between two looks."""

LIMIT_SECONDS = 25.0
"""A database that takes longer does not answer: one that hangs refuses nothing."""

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class WatcherLooks:
    """Look in a thread of the watcher: a ``workflows.watch.watcher.Observer``."""

    looker: Looker
    access: DatabaseAccess
    seconds: float = LIMIT_SECONDS
    _stuck: "Future[LookReport] | None" = field(default=None, init=False)
    _sending: "Future[None] | None" = field(default=None, init=False)

    def follow(self) -> None:
        """Look for ever; a look that fails is logged, and the next one is made all the same."""
        while True:
            began = time.monotonic()
            try:
                report = self.look()
                for change in report.changes:
                    _log.info("%s", change)
                if not report.problem:
                    self.send_overdue()
            except Exception:  # noqa: BLE001 - whatever it is, the next look is made
                _log.exception("the detectors could not look; they look again in %g s", LOOK_SECONDS)
            time.sleep(max(1.0, LOOK_SECONDS - (time.monotonic() - began)))

    def look(self) -> LookReport:
        """Look within the time limit; while a look is stuck, no other is begun and the database is away."""
        began = datetime.now(UTC)
        if self._stuck is None or self._stuck.done():
            self._stuck = run_in_thread(self._look, "detectors")
        try:
            return self._stuck.result(self.seconds)
        except TimeoutError:
            return self.looker.note_away(f"no answer within {self.seconds:.0f} s", now=began)

    def send_overdue(self) -> "Future[None]":
        """Post what has become due, and send what nobody sends, in a thread: a channel that hangs delays no look."""
        if self._sending is None or self._sending.done():
            self._sending = run_in_thread(self._send, "alerts")
        return self._sending

    def _send(self) -> None:
        try:
            engine, settings = self.access.open().engine, self.looker.settings
            announce_all(engine, settings, now=datetime.now(UTC))
            for channel, reason in deliver_overdue(engine, settings).items():
                _log.warning("not delivered to %s, will be retried: %s", channel, reason)
        except Exception:  # noqa: BLE001 - whatever it is, the next look sends again
            _log.exception("alerts could not be sent; they are sent after the next look")

    def _look(self) -> LookReport:
        """Look by the connections that are open, which are opened anew where they failed."""
        try:
            opened = self.access.open()
        except (PokervodError, DBAPIError) as error:
            return self.looker.note_away(read_first_line(error) if isinstance(error, DBAPIError) else str(error))
        return self.looker.look(opened.engine, cast(DetectorOrchestrator, opened.orchestrator))

    def note_away(self, problem: str) -> None:
        """Keep in the file that the watcher itself could not reach the database."""
        self.looker.note_away(problem)
