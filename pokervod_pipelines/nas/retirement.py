"""Retire a library that is no longer in the settings: its files are cleared, so that they leave the catalog.

Rows, ids and what refers to them stay on record: in the settings again the library is scanned, and its files return.
What counts is where a file is: a library that was renamed keeps its files, and those outside its new folder are its own
until they are retired.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import DecisionKind, record, require_expected
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.nas.missing import MissingFile, describe_files
from pokervod_pipelines.nas.store import files
from pokervod_pipelines.nas.store.scope import IS_CONFIGURED, list_scopes
from pokervod_pipelines.nas.store.staging import lock_root
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.suggestions import suggest_name

UNCONFIGURED_LIBRARIES = f"""
    (select library, array_agg(distinct root order by root) as roots, count(*) as files from nas_files f
     where state <> 'cleared' and not is_junk and not {IS_CONFIGURED} group by library)
"""  # noqa: S608 - a constant condition
"""The libraries with files that no library of the settings contains; its parameters are those of ``list_scopes``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfiguredLibrary:
    """Name a library that is no longer in the settings, with how many files it still has in which roots."""

    library: str
    roots: Sequence[str]
    files: int


def list_unconfigured_libraries(connection: Connection, settings: Settings) -> list[UnconfiguredLibrary]:
    """Return the libraries with files, without junk, that no library of the settings contains, by name."""
    rows = connection.execute(
        text(f"select * from {UNCONFIGURED_LIBRARIES} l order by library"),  # noqa: S608 - a constant
        list_scopes(settings),
    )
    return [UnconfiguredLibrary(**row._mapping) for row in rows]


def find_unconfigured_library(connection: Connection, settings: Settings, library: str) -> UnconfiguredLibrary:
    """Return the library; ``BadInput`` if it is in the settings, or unknown."""
    unconfigured = {each.library: each for each in list_unconfigured_libraries(connection, settings)}
    if library in unconfigured:
        return unconfigured[library]
    if any(each.name == library for each in settings.libraries):
        raise BadInput(
            f"{library}: the settings have this library, so it would be scanned again. Remove it there first."
        )
    raise BadInput(f"unknown library {library!r}; {suggest_name(library, unconfigured)}")


def list_retirable(connection: Connection, settings: Settings, library: str) -> list[MissingFile]:
    """Return what ``retire_library`` would clear, without junk."""
    rows = files.read_unconfigured(connection, settings, library)
    return describe_files(connection, [row for row in rows if not row.is_junk])


def retire_library(
    engine: Engine, settings: Settings, library: str, *, actor: Actor, expected: int | None = None
) -> UnconfiguredLibrary:
    """Clear the files of the library, for a build of the catalog to follow; return what it had.

    Raises ``BadInput``, and ``Conflict`` where it does not have the ``expected`` number of files.
    """
    with engine.begin() as connection:
        for root in find_unconfigured_library(connection, settings, library).roots:
            lock_root(connection, root)
        retired = find_unconfigured_library(connection, settings, library)
        require_expected(retired.files, expected, f"files of {library}")
        rows = files.read_unconfigured(connection, settings, library, lock=True)
        ids = [row.id for row in rows]
        files.set_state(connection, ids, "cleared")
        subject = {"library": library}
        decision = record(connection, DecisionKind.LIBRARY_RETIREMENT, subject, {"file_ids": ids}, actor=actor)
        signed = {"library": library, "by": decision.by, "reason": decision.reason}
        events = [
            NewEvent(EventType.NAS_FILE_CLEARED, {"file_id": row.id, "path": row.path, **signed})
            for row in rows
            if not row.is_junk
        ]
        append_events(connection, "nas", decision.correlation_id, events)
    return retired
