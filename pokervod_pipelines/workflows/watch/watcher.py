"""Look for what is to be run: in the event log, in the folders of hands and exports, and in the sheets."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.db.locks import take_lock
from pokervod_pipelines.errors import ArchiveUnavailable, PokervodError, Unavailable
from pokervod_pipelines.events.listen import POLL_SECONDS, start_listening, wait_for_append
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.processes.path_check import ANSWER_SECONDS
from pokervod_pipelines.processes.share_reader import Access, RenewedAccess, stat_path
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.polling import ReadRequest
from pokervod_pipelines.sheets.rotation import poll_sheets
from pokervod_pipelines.workflows.arrivals import Arrivals, find_arrivals, list_day_runs
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.first_day import find_first_day
from pokervod_pipelines.workflows.held import find_workflow_hold
from pokervod_pipelines.workflows.hub_facts import HubPublisher
from pokervod_pipelines.workflows.pending_events import read_pending_events
from pokervod_pipelines.workflows.routing import hand_due, route_events
from pokervod_pipelines.workflows.watch.orders import Orders, Runner, RunOrder
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, Source, record_look
from pokervod_pipelines.workflows.workflow import Workflow, find_today

FOLDER_SECONDS = 0.5
"""Between two looks at the folders of hands."""

PAUSE_FACTOR = 4
"""A pause lasts this many times the look before it: a slow share is read for a fifth of the time at most."""

FILE_SECONDS = 1.0
"""Between two looks at the time stamps of workbooks; Google is asked every five seconds."""

BUSY_SECONDS = 0.5
"""While something runs, requests for the same workflow look so often whether it has ended."""

HEARTBEAT_SECONDS = 10.0
"""So often it is stored that a source is looked at."""

STAND_BY_SECONDS = 1.0

PAUSE_SECONDS = 0.05
"""Between two looks at the event log, however fast it grows."""

HANDS = "hands_to_renders"

FAILURES = Backoff(first_seconds=2, limit_seconds=60)

_log = logging.getLogger(__name__)


class Observer(Protocol):
    """Look at how everything is, besides the work: the detectors, which this room does not know."""

    def follow(self) -> None:
        """Look for ever, in a thread."""

    def note_away(self, problem: str) -> None:
        """Keep in mind that the database does not answer, though it cannot be recorded."""


def watch(
    pipe: Pipe,
    *,
    settings: Settings,
    watcher: str,
    runner: Runner,
    tell: Callable[[str], object],
    make_observer: Callable[[Settings], Observer],
) -> None:
    """Order runs by the pipe for as long as the process at its other end lives; lead, or stand by."""
    orders, observer = Orders(pipe, runner), make_observer(settings)
    threading.Thread(target=_end_with, args=(orders,), daemon=True).start()
    try:
        with open_database(settings) as engine, engine.connect() as database:
            driver = database.execution_options(isolation_level="AUTOCOMMIT")
            driver.detach()  # no pool takes it back with its lock
            _wait_to_lead(driver, tell)
            tell(f"{watcher} looks at events, folders and sheets")
            threading.Thread(target=observer.follow, name="detectors", daemon=True).start()
            _Watcher(engine, settings, orders, watcher, observer).run(driver)
    except PokervodError as error:
        tell(str(error))
        if isinstance(error, Unavailable):
            observer.note_away(str(error))
    except DBAPIError as error:
        tell(f"the database does not answer: {read_first_line(error)}")
        observer.note_away(read_first_line(error))
    os._exit(1)


def _end_with(orders: Orders) -> None:
    """End this process with the one that forks: without it nothing can be run."""
    orders.follow()
    os._exit(0)


def _wait_to_lead(database: Connection, tell: Callable[[str], object]) -> None:
    if take_lock(database, WATCH_LOCK):
        return
    tell("stands by while another watcher leads")
    while not take_lock(database, WATCH_LOCK):
        time.sleep(STAND_BY_SECONDS)


@dataclass
class _Watcher:
    """Look at each source in a thread of its own, so that a slow one does not keep the others waiting."""

    engine: Engine
    settings: Settings
    orders: Orders
    name: str
    observer: Observer
    looks: dict[Source, tuple[float, str]] = field(default_factory=dict)

    def run(self, database: Connection) -> None:
        """Look for work until the database cuts the connection with the lock."""
        for source, look in ((Source.FOLDERS, self._look_at_folders), (Source.SHEETS, self._look_at_sheets)):
            thread = threading.Thread(target=_repeat, args=(source, look, self.observer), name=source, daemon=True)
            thread.start()
        start_listening(database)
        _repeat(Source.EVENTS, lambda: self._follow_events(database), self.observer)

    def _note_look(self, source: Source) -> None:
        """Store that the source is looked at, now and then and when what runs has changed.

        Where orders are not taken, it is not stored: whatever is found here is not run, so others have to look.
        """
        if not self.orders.are_taken():
            return
        doing = self.orders.describe(self.settings.zone)
        at, before = self.looks.get(source, (0.0, ""))
        if time.monotonic() - at >= HEARTBEAT_SECONDS or doing != before:
            with self.engine.begin() as connection:
                record_look(connection, source, self.name, doing)
            self.looks[source] = time.monotonic(), doing

    def _follow_events(self, database: Connection) -> Iterator[None]:
        """Order what the routes make of events, as soon as they are appended."""
        workflows = list_workflows()
        while True:
            seconds = self._order_requests(workflows) if self.settings.workflows.enabled else POLL_SECONDS
            self._note_look(Source.EVENTS)
            yield
            wait_for_append(database, max(seconds, PAUSE_SECONDS))

    def _order_requests(self, workflows: Mapping[str, Workflow]) -> float:
        """Order what is due of that which events ask for; return in how many seconds to look again at the latest."""
        has_more = route_events(self.engine, workflows)
        busy = self.orders.list_busy()
        handed = hand_due(self.engine, workflows, self.settings, busy=busy)
        for each in handed.due:
            request = each.request
            self.orders.give(
                RunOrder(workflow=request.workflow, input=request.input, run_key=each.run_key, is_routed=True)
            )
        if has_more:
            return 0.0
        seconds = BUSY_SECONDS if busy or handed.due else POLL_SECONDS
        return seconds if handed.next_in is None else min(seconds, handed.next_in)

    def _look_at_folders(self) -> Iterator[None]:
        """Order the runs of the days whose files have arrived, and of what programs wrote into the database."""
        publisher = HubPublisher(self.engine, self.settings)
        arrivals: Arrivals | None = None
        asked = ""
        with closing(RenewedAccess(ANSWER_SECONDS)) as access:
            while True:
                began = time.monotonic()
                is_busy = HANDS in self.orders.list_busy()
                publisher.publish()
                if not is_busy and find_workflow_hold(self.engine, HANDS) is None:
                    before, arrivals = arrivals, find_arrivals(self.engine, self.settings, arrivals, access)
                    asked = asked if arrivals is before else self._order_days(arrivals, asked)
                self._note_look(Source.FOLDERS)
                yield
                pause = min(max(FOLDER_SECONDS, PAUSE_FACTOR * (time.monotonic() - began)), HEARTBEAT_SECONDS)
                time.sleep(pause)

    def _order_days(self, arrivals: Arrivals, asked: str) -> str:
        """Order the runs of what is due, unless they were ordered already; return the key of what was ordered last."""
        with self.engine.connect() as connection:
            pending = read_pending_events(connection)
        if not arrivals.is_due and pending.is_empty:
            return asked
        first, last = find_first_day(self.settings), find_today(self.settings)

        def is_day(day: date) -> bool:
            return first <= day <= last

        runs = list_day_runs(self.settings, arrivals, pending, is_day)
        key = runs[0].run_key
        if key != asked:
            for each in runs:
                self.orders.give(RunOrder(workflow=HANDS, input={"day": str(each.day)}, run_key=each.run_key))
        return key

    def _look_at_sheets(self) -> Iterator[None]:
        """Order the reading of each sheet that has changed, once its edits have stopped."""
        memory: dict[str, ReadRequest] = {}
        files = [sheet.path for sheet in self.settings.sheets if sheet.path]
        with closing(RenewedAccess(ANSWER_SECONDS)) as access:
            while True:
                stamps = _read_stamps(files, access)
                decision = poll_sheets(self.engine, self.settings, memory)
                memory = decision.memory
                for name, revision, key in decision.due:
                    order = RunOrder(workflow="sheets_sync", input={"sheet": name}, run_key=key, revision=revision)
                    self.orders.give(order)
                self._note_look(Source.SHEETS)
                yield
                end = time.monotonic() + min(decision.quiet_seconds or POLL_SECONDS, POLL_SECONDS)
                while (left := end - time.monotonic()) > 0 and _read_stamps(files, access) == stamps:
                    time.sleep(min(FILE_SECONDS, left))


def _read_stamps(files: Sequence[Path], access: Access) -> list[object]:
    """Return what changes with each file, or why it cannot be seen, which poll_sheets says."""
    stamps: list[object] = []
    for file in files:
        try:
            state = access(file, stat_path)
            stamps.append((state.st_mtime_ns, state.st_size))
        except (ArchiveUnavailable, OSError) as error:
            stamps.append(str(error))
    return stamps


def _repeat(source: Source, look: Callable[[], Iterator[None]], observer: Observer) -> None:
    """Look again and again; after a failure it begins anew. Where the database fails, the whole process ends.

    Its lock is lost then, and it begins anew as well.
    """
    failures = 0
    while True:
        try:
            for _ in look():
                failures = 0
        except DBAPIError as error:
            if is_transient(error):
                _log.error("the database does not answer: %s", read_first_line(error))
                observer.note_away(read_first_line(error))
                os._exit(1)
            failures = _pause(source, failures)
        except Exception:  # noqa: BLE001 - one source that fails stops no other
            failures = _pause(source, failures)


def _pause(source: Source, failures: int) -> int:
    """Say why a look failed, wait longer after each in a row, and return how many there were."""
    pause = FAILURES.find_wait(failures + 1)
    _log.exception("%s cannot be looked at; again in %g s, and the sensor looks meanwhile", source, pause)
    time.sleep(pause)
    return failures + 1
