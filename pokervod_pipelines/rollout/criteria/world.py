"""All that a criterion may touch: files below the plan's folder, the database, the services, and so much time.

How a service is called is in ``calls``.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Failing
from pokervod_pipelines.rollout.services import At, Service
from pokervod_pipelines.settings import Settings

MOST_BYTES = 20_000_000
"""Of a file that is read whole."""

_SHORTEST_SECRET = 4
_FORBIDDEN = frozenset({"25006", "42501", "0A000"})
"""SQL states: a write in a read-only transaction, a right that the user does not have, a write within a subquery."""

_MISSING = frozenset({"3F000", "42P01", "42703", "42704", "42804", "42846", "42883"})
"""SQL states: no such schema, table, column or type, one of another type, no function or operator for such types."""

_IN_VAIN = frozenset({"57014", "55P03"})
"""SQL states: stopped by its time limit, and a lock that was not to be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is there to look at, for ``seconds`` from ``begin`` on.

    Relative paths are below ``folder``. Commands run only where ``allow_commands``, and only these ``programs``.
    """

    engine: Engine
    settings: Settings
    folder: Path
    services: Mapping[str, Service] = field(default_factory=dict)
    seconds: float = 60.0
    allow_commands: bool = False
    programs: frozenset[str] = frozenset()
    until: float = math.inf

    def begin(self, seconds: float | None = None) -> Self:
        """Return this world with its time beginning now; ``seconds`` instead of its own."""
        seconds = self.seconds if seconds is None else seconds
        return replace(self, seconds=seconds, until=time.monotonic() + seconds)

    def take_seconds(self, most: float = math.inf) -> float:
        """Return what is left of the time, at most so much. Raises ``Failing`` when nothing is."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise Failing(ErrorClass.UNREACHABLE, f"not at its end after {self.seconds:g} s; give it more 'seconds'")
        return min(left, most)

    def read_file(self, path: str) -> bytes:
        """Return the content of a file below the folder. Raises ``Failing``."""
        return self.read_found(self.folder / path)

    def read_found(self, path: Path) -> bytes:
        """Return the content of a file that ``find_files`` found, or ``read_file`` made. Raises ``Failing``."""
        shown = self.show(path)
        self._check_below(path)
        try:
            if not path.is_file():
                raise Failing(ErrorClass.DOCUMENT, f"{shown}: there is no such file below {self.folder}")
            if path.stat().st_size > MOST_BYTES:
                raise Failing(ErrorClass.DOCUMENT, f"{shown}: larger than {MOST_BYTES // 1_000_000} MB")
            return path.read_bytes()
        except OSError as error:
            raise Failing(ErrorClass.DOCUMENT, f"{shown}: cannot be read ({error.strerror})") from None

    def find_files(self, pattern: str) -> list[Path]:
        """Return the files below the folder that the pattern names, the oldest first."""
        found = {path for path in self.folder.glob(pattern) if path.is_file()}
        for path in found:
            self._check_below(path)
        return sorted(found, key=lambda path: (path.stat().st_mtime, path))

    def show(self, path: Path) -> str:
        """Return the path as a person knows it: below the folder."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)

    def _check_below(self, path: Path) -> None:
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise Failing(ErrorClass.NOT_ALLOWED, f"{self.show(path)}: a link leads out of {self.folder}")

    def service(self, name: str) -> Service:
        """Return the service. Raises ``Failing`` where nobody knows it."""
        if name not in self.services:
            raise Failing(
                ErrorClass.UNREACHABLE, f"no service {name!r}; there are {', '.join(self.services) or 'none'}"
            )
        return self.services[name]

    def address(self, name: str, at: At) -> str:
        """Return where the service is. Raises ``Failing`` where nobody said."""
        address = self.service(name).at(at)
        if address is None:
            said = f"nobody said where {name} is; set rollout.services.{name}.{at} in the settings or the plan"
            raise Failing(ErrorClass.UNREACHABLE, said)
        return address

    @contextmanager
    def read_database(self) -> Iterator[Connection]:
        """A connection in a READ ONLY transaction of bounded time, rolled back. Raises ``Failing`` for its errors."""
        engine = self.bound_engine(read_only=True)
        try:
            with engine.connect() as connection:
                connection.execution_options(postgresql_readonly=True)
                yield connection
                connection.rollback()
        except DBAPIError as error:
            raise _explain(error) from None
        finally:
            engine.dispose()

    def bound_engine(self, *, read_only: bool) -> Engine:
        """Return an engine of one's own on the same database, whose statements end with this world's time."""
        milliseconds = max(1, int(self.take_seconds(86_400) * 1000))
        options = f"-c timezone=UTC -c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
        if read_only:
            options += " -c default_transaction_read_only=on"
        # Prepared at once: the protocol then takes one statement only, whatever a text smuggles in.
        connect = {
            "options": options,
            "connect_timeout": max(1, int(self.take_seconds(10))),
            "prepare_threshold": 0,
        }
        return create_engine(self.engine.url, poolclass=NullPool, connect_args=connect)

    def hide_secrets(self, text: str) -> str:
        """Return the text without what stands between ``//`` and ``@``, and without any password known here."""
        for secret in self._list_secrets():
            text = text.replace(secret, "***")
        return re.sub(r"(?<=://)[^/\s@]+@", "***@", text)

    def _list_secrets(self) -> list[str]:
        addresses = [
            address for each in self.services.values() for address in (each.address, each.mock, each.production)
        ]
        passwords = [urlsplit(address).password for address in addresses if address]
        passwords += [self.engine.url.password] if isinstance(self.engine.url.password, str) else []
        found = {form for each in passwords if each for form in (each, unquote(each))}
        return sorted((each for each in found if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)


def _explain(error: DBAPIError) -> Failing:
    state = getattr(error.orig, "sqlstate", None)
    said = next(iter(str(error.orig).strip().splitlines()), type(error).__name__)
    if state in _FORBIDDEN:
        return Failing(ErrorClass.NOT_ALLOWED, f"the database forbids it: {said}")
    if state in _IN_VAIN:
        return Failing(ErrorClass.UNREACHABLE, f"the database did not answer in time: {said}")
    if state is None or state.startswith(("08", "53", "57", "28", "3D")):
        return Failing(ErrorClass.UNREACHABLE, f"the database does not answer: {said}")
    if state in _MISSING:
        return Failing(ErrorClass.SCHEMA, f"the database has not what is asked for: {said}")
    if state.startswith("42"):
        return Failing(ErrorClass.NOT_ALLOWED, f"the database does not take the query; mend the plan: {said}")
    return Failing(ErrorClass.DATA, f"the database cannot answer: {said}")
