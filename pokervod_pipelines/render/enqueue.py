"""What people ask for put into the queue: each row once, however often the file is given."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render import store
from pokervod_pipelines.render.changes import Plan, Standing
from pokervod_pipelines.render.drafts import Draft
from pokervod_pipelines.render.instructions import carry_out
from pokervod_pipelines.render.person_csv import (
    Asked,
    Asking,
    BadCell,
    CsvProblem,
    explain,
    read_person_csv,
    read_request,
)
from pokervod_pipelines.render.readiness import find_template_faults
from pokervod_pipelines.render.rules import load_house_templates
from pokervod_pipelines.render.triggers import DayRule, read_today
from pokervod_pipelines.settings import Settings

BY_HAND = "by hand"
"""The place of a request that stands in no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueReport:
    """What came of asking: the instructions of the sound rows, those already there among them, and the problems."""

    created: tuple[int, ...]
    already_there: tuple[int, ...]
    problems: tuple[CsvProblem, ...]
    seconds: float


def enqueue_file(
    engine: Engine, settings: Settings, path: Path, *, by: str, reason: str = "", correlation_id: str
) -> EnqueueReport:
    """Every sound row of the CSV has its instruction; a row that was asked for before makes no second one.

    Raises ``BadInput`` where the file cannot be read as a table at all; the text names file and line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: it cannot be read ({error.strerror}); check that it exists and its rights") from None
    asking = _prepare(engine, settings, by)
    asked = _refuse_faulty(read_person_csv(raw, file=path.name, asking=asking), asking)
    return _enqueue(engine, asked, reason=reason, correlation_id=correlation_id)


def enqueue_request(
    engine: Engine, settings: Settings, cells: Mapping[str, str], *, by: str, reason: str = "", correlation_id: str
) -> EnqueueReport:
    """The request, its cells by column as in a CSV, has its instruction; made before, it makes no second one.

    Raises ``BadInput`` naming the column at fault.
    """
    asking = _prepare(engine, settings, by)
    asked = _refuse_faulty(Asked({1: read_request(cells, asking=asking, place=BY_HAND)}, ()), asking)
    if asked.problems:
        raise BadCell("template", asked.problems[0].message)
    return _enqueue(engine, asked, reason=reason, correlation_id=correlation_id)


def _prepare(engine: Engine, settings: Settings, by: str) -> Asking:
    if not by.strip():
        raise BadInput("a graphic needs who asks for it: it is kept with it")
    with engine.connect() as connection:
        today = read_today(connection, DayRule.of(settings))
    return Asking(templates=load_house_templates(settings), render=settings.render, by=by.strip(), today=today)


def _refuse_faulty(asked: Asked, asking: Asking) -> Asked:
    """What cannot be rendered as its template stands is a problem of its row, and uses no worker."""
    used = {draft.template for draft in asked.drafts.values()}
    faults = find_template_faults(asking.templates[name] for name in sorted(used))
    refused = [
        CsvProblem(line, "template", f"{draft.template} cannot be rendered: {'; '.join(faults[draft.template])}")
        for line, draft in asked.drafts.items()
        if draft.template in faults
    ]
    sound = {line: draft for line, draft in asked.drafts.items() if draft.template not in faults}
    return Asked(sound, tuple(sorted((*asked.problems, *refused), key=lambda problem: problem.line)))


def _enqueue(engine: Engine, asked: Asked, *, reason: str, correlation_id: str) -> EnqueueReport:
    started = time.monotonic()
    drafts = [explain(draft, reason.strip()) if reason.strip() else draft for draft in asked.drafts.values()]
    with engine.begin() as connection:
        store.lock_makers(connection)
        triggers = [(draft.trigger_kind, draft.trigger_key) for draft in drafts]
        known = {each.identity: each.id for each in store.read_standing(connection, triggers, kinds=(), day=None)}
        new = tuple(draft for draft in drafts if draft.identity not in known)
        carry_out(connection, Plan(new=new, changes=(), unchanged=len(known)), correlation_id=correlation_id)
        made = store.read_standing(connection, triggers, kinds=(), day=None)
    return EnqueueReport(
        created=_list_ids(made, new),
        already_there=tuple(sorted(known.values())),
        problems=asked.problems,
        seconds=time.monotonic() - started,
    )


def _list_ids(made: list[Standing], new: tuple[Draft, ...]) -> tuple[int, ...]:
    identities = {draft.identity for draft in new}
    return tuple(each.id for each in made if each.identity in identities)
