"""Enqueue the requests of people: each row once, however often the file is given."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine

from pokervod_pipelines.db.engine import begin_or_join
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render import store
from pokervod_pipelines.render.changes import InstructionPlan, StoredInstruction
from pokervod_pipelines.render.drafts import Draft
from pokervod_pipelines.render.instructions import MAKING, apply_plan, find_template_faults, find_value_faults
from pokervod_pipelines.render.person_csv import (
    BadRequestCell,
    RequestDefaults,
    Requests,
    RowProblem,
    read_person_csv,
    read_request,
)
from pokervod_pipelines.render.templates import load_configured_templates
from pokervod_pipelines.render.triggers import DayRule, read_today
from pokervod_pipelines.settings import Settings

BY_HAND = "by hand"
"""The place of a request that is in no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueReport:
    """List the instructions that were created and those that existed, and the problems of skipped rows."""

    created: tuple[int, ...]
    already_there: tuple[int, ...]
    problems: tuple[RowProblem, ...]
    seconds: float


def enqueue_file(
    engine: Engine,
    settings: Settings,
    path: Path,
    *,
    by: str,
    reason: str = "",
    correlation_id: str,
    is_preview: bool = False,
) -> EnqueueReport:
    """Enqueue every valid row of the CSV; duplicates of earlier requests are ignored, a preview changes nothing.

    Raises ``BadInput`` where the file cannot be read as a table at all; the text names file and line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot read the file ({error.strerror}); check its path and permissions") from None
    return enqueue_csv(
        engine,
        settings,
        raw,
        name=path.name,
        by=by,
        reason=reason,
        correlation_id=correlation_id,
        is_preview=is_preview,
    )


def enqueue_csv(
    database: Engine | Connection,
    settings: Settings,
    raw: bytes,
    *,
    name: str,
    by: str,
    reason: str = "",
    correlation_id: str,
    is_preview: bool = False,
) -> EnqueueReport:
    """Enqueue every valid row of a CSV whose content is given, as ``enqueue_file`` does; ``name`` is how it is called.

    Raises ``BadInput`` where it cannot be read as a table at all; the text names the file and the line.
    """
    defaults = _read_defaults(database, settings, by)
    requests = _refuse_faulty(read_person_csv(raw, file=name, defaults=defaults), defaults)
    return _enqueue(database, requests, reason=reason, correlation_id=correlation_id, is_preview=is_preview)


def enqueue_request(
    database: Engine | Connection,
    settings: Settings,
    cells: Mapping[str, str],
    *,
    by: str,
    reason: str = "",
    correlation_id: str,
) -> EnqueueReport:
    """Enqueue one request, its cells by column as in a CSV; a duplicate is ignored.

    Raises ``BadInput`` naming the wrong column.
    """
    defaults = _read_defaults(database, settings, by)
    try:
        draft = read_request(cells, defaults=defaults, place=BY_HAND)
    except BadRequestCell as error:
        template = defaults.templates.get(cells.get("template", "").strip())
        if template and error.column in template.layers and cells.get(error.column, "").strip():
            raise BadRequestCell(error.column, f"layer {error.column}: {error}") from None
        raise
    requests = _refuse_faulty(Requests({1: draft}, ()), defaults)
    if requests.problems:
        column, message = requests.problems[0].column, requests.problems[0].message
        raise BadRequestCell(column, message if column == "template" else f"{column}: {message}")
    return _enqueue(database, requests, reason=reason, correlation_id=correlation_id)


def _read_defaults(database: Engine | Connection, settings: Settings, by: str) -> RequestDefaults:
    if not by.strip():
        raise BadInput("the name of the person is required for the audit log; give it with --by")
    with begin_or_join(database) as connection:
        today = read_today(connection, DayRule.of(settings))
    templates = load_configured_templates(settings)
    return RequestDefaults(templates=templates, render=settings.render, by=by.strip(), today=today)


def _refuse_faulty(requests: Requests, defaults: RequestDefaults) -> Requests:
    """Skip rows whose template or values cannot be rendered, before a worker tries."""
    used = {draft.template for draft in requests.drafts.values()}
    faults = find_template_faults(defaults.templates[name] for name in sorted(used))
    refused = [
        RowProblem(line, "template", f"{draft.template} cannot be rendered: {'; '.join(faults[draft.template])}")
        for line, draft in requests.drafts.items()
        if draft.template in faults
    ]
    valid = {line: draft for line, draft in requests.drafts.items() if draft.template not in faults}
    for line, draft in list(valid.items()):
        if found := find_value_faults(draft):
            refused.append(RowProblem(line, *found[0]))
            del valid[line]
    return Requests(valid, tuple(sorted((*requests.problems, *refused), key=lambda problem: problem.line)))


def _enqueue(
    database: Engine | Connection,
    requests: Requests,
    *,
    reason: str,
    correlation_id: str,
    is_preview: bool = False,
) -> EnqueueReport:
    started, reason = time.monotonic(), reason.strip()
    drafts = [replace(draft, reason=reason) if reason else draft for draft in requests.drafts.values()]
    with begin_or_join(database) as connection, connection.begin_nested() as changes:
        lock_until_commit(connection, MAKING)
        triggers = [(draft.trigger_kind, draft.trigger_key) for draft in drafts]
        known = {each.identity: each.id for each in store.read_in_force(connection, triggers, kinds=(), day=None)}
        new = tuple(draft for draft in drafts if draft.identity not in known)
        plan = InstructionPlan(new=new, changes=(), unchanged=len(known))
        apply_plan(connection, plan, correlation_id=correlation_id)
        stored = store.read_in_force(connection, triggers, kinds=(), day=None)
        if is_preview:
            changes.rollback()
    return EnqueueReport(
        created=_list_ids(stored, new),
        already_there=tuple(sorted(known.values())),
        problems=requests.problems,
        seconds=time.monotonic() - started,
    )


def _list_ids(stored: list[StoredInstruction], new: tuple[Draft, ...]) -> tuple[int, ...]:
    identities = {draft.identity for draft in new}
    return tuple(each.id for each in stored if each.identity in identities)
