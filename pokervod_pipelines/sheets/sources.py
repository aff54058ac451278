"""Open a configured sheet: a workbook file, or a sheet at Google."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.google.calls import TOKEN
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.workbook import SharedWorkbook, Workbook, open_workbook

if TYPE_CHECKING:
    from pokervod_pipelines.sheets.google.client import GoogleClient


@contextmanager
def open_sheet(
    engine: Engine,
    settings: Settings,
    source: SheetSource,
    *,
    known_revision: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Workbook]:
    """Open the sheet's workbook for one pass; a known revision saves the call that would ask for it."""
    if source.path is not None:
        yield open_workbook(source.path, source.encoding or "")
    else:
        with open_shared(engine, settings, source, known_revision=known_revision, clock=clock) as workbook:
            yield workbook


@contextmanager
def open_shared(
    engine: Engine,
    settings: Settings,
    source: SheetSource,
    *,
    known_revision: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[SharedWorkbook]:
    """Open the sheet at Google. Raises ``BadInput`` for a file, ``BadSettings`` without an account."""
    if source.spreadsheet is None:
        raise BadInput(f"{source.name}: only Google sheets are written to, got the file {source.path}")
    with closing(make_client(engine, settings, clock)) as client:
        yield client.open(source.spreadsheet, source.name, known_revision=known_revision)


def make_client(engine: Engine, settings: Settings, clock: Clock = SYSTEM_CLOCK) -> "GoogleClient":
    """Return a client of Google's services, with the account of the environment; the caller closes it."""
    from pokervod_pipelines.sheets.google.client import GoogleClient  # noqa: PLC0415 - loads what files do not need

    return GoogleClient(engine, settings, clock=clock)


def count_calls(workbook: Workbook) -> int | None:
    """Count the calls to Google in this pass, without tokens; return None for a file."""
    if not isinstance(workbook, SharedWorkbook):
        return None
    return sum(count for kind, count in workbook.calls.items() if kind != TOKEN)
