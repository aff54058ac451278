"""Verify the files that programs of the shared library report, and record those of the folder of graphics as outputs.

A file that cannot be reached from here stays as the program reported it, with the reason why it was not verified.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Engine, Row, text
from sqlalchemy.exc import IntegrityError

from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.render import queue_store
from pokervod_pipelines.render.failures import RenderFailure
from pokervod_pipelines.render.outputs.inspection import ExpectedOutput, Inspection
from pokervod_pipelines.render.outputs.store import make_facts
from pokervod_pipelines.render.outputs.verifier import Verifier
from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.states import Job
from pokervod_pipelines.render.templates import Templates, find_template_folders, read_templates
from pokervod_pipelines.settings import Settings

PROGRAM = "program"
"""In place of a renderer: what it draws is not known here, so nothing is compared with a drawing."""

MAX_OUTPUTS = 50
MAX_FINDING = 500


@dataclass(frozen=True, slots=True)
class ProgramOutputs:
    """Count the files that were verified and recorded, and tell why others were not."""

    verified: int
    problems: tuple[Problem, ...]


def verify_program_outputs(engine: Engine, settings: Settings) -> ProgramOutputs:
    """Verify what programs reported of instructions that have ended; each file once."""
    with engine.connect() as connection:
        waiting = connection.execute(_WAITING, {"limit": MAX_OUTPUTS}).all()
    if not waiting:
        return ProgramOutputs(0, ())
    templates = read_templates(find_template_folders(settings)).valid
    findings = [(row.output_path, _verify(engine, settings, templates, row)) for row in waiting]
    problems = tuple(Problem(f"hub.render_outputs {path}", finding) for path, finding in findings if finding)
    return ProgramOutputs(len(waiting) - len(problems), problems)


_WAITING = text("""
    select w.id, w.instruction_id, w.output_path, r.state, r.template, r.layers, r.output, r.retry_count,
        r.max_retries, r.correlation_id, a.claim_id, a.started_at, a.worker
    from hub_outputs w join render_instructions r on r.id = w.instruction_id
    left join lateral (select claim_id, started_at, worker from render_attempts a
        where a.instruction_id = r.id and a.outcome = 'completed' order by ended_at desc limit 1) a on true
    where w.checked_at is null and r.state not in ('pending', 'processing') order by w.id limit :limit
""")
_DONE = text("""
    update hub_outputs set checked_at = now(), finding = :finding,
        status = case when :is_broken then 'failed' else status end,
        error_message = case when :is_broken then cast(:finding as varchar) else error_message end
    where id = :id
""")


def _verify(engine: Engine, settings: Settings, templates: Templates, row: Row[Any]) -> str | None:
    """Verify one file and store the result; return the finding, None where it was recorded."""
    finding, inspection = _inspect(settings, templates, row)
    is_broken = inspection is not None and not inspection.is_valid
    try:
        with engine.begin() as connection:
            if finding is None and inspection is not None:
                path = _locate(settings, row.output_path).relative_to(settings.renders.absolute())
                queue_store.insert_outputs(connection, {_make_job(row): make_facts(inspection, path)})
            connection.execute(_DONE, {"id": row.id, "finding": finding, "is_broken": is_broken})
    except IntegrityError as error:
        finding = f"verified, and not recorded: {read_first_line(error)}"[:MAX_FINDING]
        with engine.begin() as connection:
            connection.execute(_DONE, {"id": row.id, "finding": finding, "is_broken": False})
    return finding


def _inspect(settings: Settings, templates: Templates, row: Row[Any]) -> tuple[str | None, Inspection | None]:
    """Return why the file is not recorded, None where it may be, and what was found in it."""
    if row.state != "completed" or row.claim_id is None:
        return f"not verified: the instruction is {row.state}", None
    if row.template not in templates:
        return f"not verified: the template {row.template} cannot be read", None
    path = _locate(settings, row.output_path)
    try:
        require_answer(path.parent)
        if not path.exists():
            return f"not verified: {path} cannot be reached from here", None
        inspection = asyncio.run(_ask(path, _expect(templates, row), settings.render.queue.timeout_minutes * 60))
    except (PokervodError, RenderFailure, OSError) as error:
        return f"not verified: {error}"[:MAX_FINDING], None
    return _find_problem(settings, path, inspection), inspection


def _find_problem(settings: Settings, path: Path, inspection: Inspection) -> str | None:
    if not inspection.is_valid:
        return "; ".join(inspection.problems)[:MAX_FINDING]
    if not path.is_relative_to(settings.renders.absolute()):
        return f"verified; it lies outside the folder of graphics, {settings.renders}"
    return None


def _locate(settings: Settings, written: str) -> Path:
    """Return the path; a relative one is below the folder of graphics."""
    return Path(settings.renders.absolute(), PurePosixPath(written.replace("\\", "/")))


def _expect(templates: Templates, row: Row[Any]) -> ExpectedOutput:
    output: Mapping[str, Any] = row.output
    spec = OutputSpec(**{name: output[name] for name in OutputSpec.__dataclass_fields__})
    return ExpectedOutput(template=templates[row.template], layers=row.layers, spec=spec, renderer=PROGRAM)


async def _ask(path: Path, expected: ExpectedOutput, seconds: float) -> Inspection:
    async with Verifier(1) as verifier:
        return await verifier.verify(path, expected, seconds_limit=seconds)


def _make_job(row: Row[Any]) -> Job:
    names = ("claim_id", "worker", "started_at", "template", "retry_count", "max_retries", "correlation_id")
    return Job(id=row.instruction_id, cancel_reason=None, **{name: getattr(row, name) for name in names})
