"""What the tables and the tournament system have put into their folders, and what of it is due to be read.

Looking changes nothing and reads no file. A folder that cannot be listed is a reason, never an empty folder.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.hands import store as hand_store
from pokervod_pipelines.hands.inbox import SeenFile, decide, name_path, observe
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.tournaments import store as tournament_store
from pokervod_pipelines.tournaments.files import find_exports
from pokervod_pipelines.tournaments.imports import SETTLE

AGAIN_SECONDS = 600
"""What was asked for and is still due is asked for again after so long."""

SAME_MOMENT = timedelta(milliseconds=1)

Unseen = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Files that are due, those still being written, and the (place, reason) of what could not be looked at."""

    hands: tuple[SeenFile, ...] = ()
    exports: tuple[SeenFile, ...] = ()
    settling: tuple[SeenFile, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether there is something to read."""
        return bool(self.hands or self.exports)

    def name(self, now: datetime) -> str:
        """A text that is the same for the same files, until it is time to ask for them again."""
        moment = int(now.timestamp())
        seen = [(file.path, file.size, file.mtime_ns) for file in (*self.hands, *self.exports)]
        has_rested = [moment - file.mtime_ns / 1e9 >= SETTLE.total_seconds() for file in self.exports]
        digest = hashlib.sha256(repr((seen, has_rested)).encode("utf-8", "surrogateescape")).hexdigest()
        return f"{digest[:16]}:{moment // AGAIN_SECONDS}"

    def describe(self) -> str:
        """Why there is nothing to do."""
        writing = [f"{len(self.settling)} files are still being written"] if self.settling else []
        failed = [f"{place}: {reason}" for place, reason in self.unseen]
        return "; ".join((*writing, *failed)) or "nothing new in the folders"


def find_arrivals(engine: Engine, settings: Settings, before: Arrivals | None = None) -> Arrivals:
    """What is due in the drop folders and the export folders.

    ``before`` is an earlier look: where the share's clock is ahead of ours, what has not changed since then is at rest.
    """
    look = observe(settings.hands.drop_folders)
    exports, unseen = _observe_exports(settings.tournaments.export_folders)
    with engine.connect() as connection:
        known = {path: (each.size, each.mtime_ns) for path, each in hand_store.read_files(connection).items()}
        stamps = tournament_store.read_stamps(connection)
    settle, now_ns = settings.hands.settle_seconds, time.time_ns()
    last = {file.path: file for file in before.settling} if before else {}
    hands = decide(look, known, now_ns=now_ns, settle_seconds=settle, before=last)
    fresh = [file for file in exports if not _is_known(file, stamps)]
    due = tuple(file for file in fresh if _is_at_rest(file, now_ns, settle, last))
    return Arrivals(
        hands=hands.due,
        exports=due,
        settling=(*hands.settling, *(file for file in fresh if file not in due)),
        unseen=(*look.unseen, *unseen),
    )


def _is_at_rest(file: SeenFile, now_ns: int, settle_seconds: float, last: Mapping[str, SeenFile]) -> bool:
    age = now_ns - file.mtime_ns
    return age >= settle_seconds * 1e9 or (age < 0 and last.get(file.path) == file)


def _observe_exports(folders: Iterable[Path]) -> tuple[list[SeenFile], list[Unseen]]:
    seen: list[SeenFile] = []
    unseen: list[Unseen] = []
    for folder in folders:
        try:
            seen.extend(_list_exports(folder))
        except OSError as error:
            unseen.append((str(folder), f"cannot be listed: {error.strerror}"))
    return seen, unseen


def _list_exports(folder: Path) -> Iterator[SeenFile]:
    folder.stat()
    for path in find_exports([folder]):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # replaced by the next export just now
        yield SeenFile(str(path), status.st_size, status.st_mtime_ns)


def _is_known(file: SeenFile, stamps: Mapping[str, tuple[int, datetime]]) -> bool:
    size, seen_at = stamps.get(name_path(file.path), (-1, datetime.min.replace(tzinfo=UTC)))
    written = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
    return size == file.size and abs(written - seen_at) <= SAME_MOMENT
