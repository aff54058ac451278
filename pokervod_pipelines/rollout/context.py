"""Give criteria and fixers all that they may touch: files of the plan, the database, services, commands, a time."""

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.rollout.commands import CommandResult, run_command
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass, expect
from pokervod_pipelines.rollout.http_calls import HttpCaller, open_caller
from pokervod_pipelines.rollout.services import AddressKind, list_addresses, show_address
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rollout import RolloutService
from pokervod_pipelines.text.redaction import hide_secrets

Figure = float | int | str

MAX_FILE_BYTES = 20_000_000

CALL_SECONDS = 10.0
"""Limit of one call, if the criterion's time allows as much."""

_DATABASE_PROBLEMS = (
    (("25006", "42501", "0A000"), ErrorClass.NOT_ALLOWED, "the database forbids it"),
    (("57014", "55P03"), ErrorClass.UNREACHABLE, "the database did not answer in time"),
    (("08", "53", "57", "28", "3D"), ErrorClass.UNREACHABLE, "the database does not answer"),
    (
        ("3F000", "42P01", "42703", "42704", "42804", "42846", "42883"),
        ErrorClass.SCHEMA,
        "a part of the schema is missing or of another type",
    ),
    (("42",), ErrorClass.NOT_ALLOWED, "the database rejects the query; correct the plan"),
    (("",), ErrorClass.DATA, "the database cannot answer"),
)
"""Beginnings of SQL states, with what they mean for a criterion; the first one that fits counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutContext:
    """Offer what criteria and fixers may look at, for ``seconds`` from ``start`` on.

    Relative paths are below ``folder``. ``environment`` may contain secrets, which ``hide_secrets`` knows. A check
    leaves its evidence in ``figures`` and ``details``.
    """

    engine: Engine
    settings: Settings
    folder: Path
    services: Mapping[str, RolloutService]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    seconds: float = 60.0
    deadline: float = math.inf
    figures: dict[str, Figure] = field(default_factory=dict)
    details: list[str] = field(default_factory=list)

    def start(self, seconds: float | None = None) -> Self:
        """Return this context with its time starting now; ``seconds`` replaces that of the settings."""
        seconds = self.settings.rollout.seconds_per_criterion if seconds is None else seconds
        return replace(self, seconds=seconds, deadline=time.monotonic() + seconds, figures={}, details=[])

    def take_seconds(self, limit: float = math.inf) -> float:
        """Return the seconds that are left, at most ``limit``. Raises ``CriterionFailed`` when the time is up."""
        left = self.deadline - time.monotonic()
        problem = f"not finished after {self.seconds:g} s; increase 'seconds' of the criterion"
        expect(left > 0, ErrorClass.UNREACHABLE, problem)
        return min(left, limit)

    def resolve(self, path: str | Path) -> Path:
        """Return the path below the folder, links followed. Raises ``CriterionFailed`` if a link leads out of it."""
        file = (self.folder / path).resolve()
        is_below = file.is_relative_to(self.folder.resolve())
        expect(is_below, ErrorClass.NOT_ALLOWED, f"{self.show(path)}: a link leads out of {self.folder}")
        return file

    def read_file(self, path: str | Path) -> bytes:
        """Return the content of a file below the folder. Raises ``CriterionFailed``."""
        file = self.resolve(path)
        try:
            if not file.is_file():
                problem = f"the file is missing below {self.folder}"
            elif file.stat().st_size > MAX_FILE_BYTES:
                problem = f"larger than {MAX_FILE_BYTES // 1_000_000} MB"
            else:
                return file.read_bytes()
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
        raise CriterionFailed(ErrorClass.DOCUMENT, f"{self.show(path)}: {problem}")

    def find_files(self, pattern: str) -> list[Path]:
        """Return the files below the folder that match the pattern, the oldest first."""
        found = {path for path in self.folder.glob(pattern) if path.is_file() and self.resolve(path)}
        return sorted(found, key=lambda path: (path.stat().st_mtime, path))

    def show(self, path: str | Path) -> str:
        """Return the path relative to the folder."""
        return str(path).removeprefix(f"{self.folder}/")

    def find_address(self, name: str, kind: AddressKind) -> str:
        """Return the service's address of that kind. Raises ``CriterionFailed`` if it is unknown."""
        address: str | None = getattr(self.services[name], kind)
        if address is None:
            noun, key = kind if kind == "address" else f"{kind} address", f"rollout.services.{name}.{kind}"
            problem = f"the {noun} of {name} is unknown; set {key} in the settings or the plan"
            raise CriterionFailed(ErrorClass.UNREACHABLE, problem)
        return address

    @contextmanager
    def open_caller(self, service: str, kind: AddressKind = "address") -> Iterator[HttpCaller]:
        """Open a caller of the service at its address of that kind. Raises ``CriterionFailed`` if it is unknown."""
        address = self.find_address(service, kind)
        title = f"{service} ({show_address(address)})"
        with open_caller(address, title, lambda: self.take_seconds(CALL_SECONDS)) as caller:
            yield caller

    def run_command(
        self, name: str, arguments: Sequence[str], seconds: float, *, hidden: tuple[str, ...], keeps_children: bool
    ) -> CommandResult:
        """Run the command in the folder, without the variables that begin with one of ``hidden``."""
        environment = {key: value for key, value in self.environment.items() if not key.startswith(hidden)}
        return run_command(name, arguments, seconds, self.folder, environment, keeps_children=keeps_children)

    @contextmanager
    def read_database(self) -> Iterator[Connection]:
        """Open a READ ONLY transaction of limited time. Raises ``CriterionFailed`` for errors of the database."""
        milliseconds = max(1, int(self.take_seconds(86_400) * 1000))
        limits = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
        # Prepared at once: the protocol then accepts one statement only, whatever a text contains.
        connect = {
            "options": f"-c timezone=UTC {limits} -c default_transaction_read_only=on",
            "connect_timeout": max(1, int(self.take_seconds(10))),
            "prepare_threshold": 0,
        }
        engine = create_engine(self.engine.url, poolclass=NullPool, connect_args=connect)
        try:
            with engine.connect() as connection:
                connection.execution_options(postgresql_readonly=True)
                yield connection
                connection.rollback()
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None) or "08"
            reason = next(iter(str(error.orig).strip().splitlines()), type(error).__name__)
            error_class, problem = next(each[1:] for each in _DATABASE_PROBLEMS if state.startswith(each[0]))
            raise CriterionFailed(error_class, f"{problem}: {reason}") from None

    def hide_secrets(self, text: str) -> str:
        """Return the text without secrets of the environment, of addresses and of the database."""
        database = self.engine.url.render_as_string(hide_password=False)
        return hide_secrets(text, self.environment, [database, *list_addresses(self.services.values())])
