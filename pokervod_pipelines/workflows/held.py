"""Leave alone what people hold: a stage of a held library or sheet is skipped, a held workflow starts no run."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.holds.listing import Hold, find_hold, find_holds
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines.suggestions import suggest_name
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.stage_result import StageResult

P = ParamSpec("P")
RunStage = Callable[Concatenate[Any, str, P], StageResult]
"""A stage of a library or sheet; its first argument is the ``SyncRun``, the second the name."""

PARTITIONS = {"library": SubjectKind.LIBRARY, "sheet": SubjectKind.SHEET}
"""Fields of the input of a workflow that name something which can be held."""


def skip_held(stage: str, kind: SubjectKind) -> Callable[[RunStage[P]], RunStage[P]]:
    """Return a decorator for a stage, which does not begin while its library or sheet is held, and says so."""

    def decorate(run_stage: RunStage[P]) -> RunStage[P]:
        @wraps(run_stage)
        def run_unless_held(run: Any, name: str, /, *arguments: P.args, **options: P.kwargs) -> StageResult:
            with run.engine.connect() as connection:
                hold = find_hold(connection, kind, name)
            if hold is None:
                return run_stage(run, name, *arguments, **options)
            return StageResult(stage=stage, name=name, seconds=0.0, held=hold.describe(run.settings.zone))

        return run_unless_held

    return decorate


def find_workflow_hold(engine: Engine, workflow: str) -> Hold | None:
    """Return who holds the workflow, None where it may start."""
    with engine.connect() as connection:
        return find_hold(connection, SubjectKind.WORKFLOW, workflow)


def require_free_workflow(engine: Engine, workflow: str, settings: Settings) -> None:
    """Raise ``Conflict`` where a person holds the workflow."""
    if hold := find_workflow_hold(engine, workflow):
        raise Conflict(
            f"the workflow {workflow} is {hold.describe(settings.zone)}; it starts once "
            f"`pokervod release workflow {workflow}` or that time has come"
        )


def require_free_input(engine: Engine, given: Mapping[str, Any], settings: Settings) -> None:
    """Raise ``Conflict`` where a person holds the library or sheet that a workflow is told."""
    with engine.connect() as connection:
        for field, kind in PARTITIONS.items():
            name = given.get(field)
            if name is not None and (hold := find_hold(connection, kind, str(name))):
                raise Conflict(
                    f"{kind} {name} is {hold.describe(settings.zone)}; first `pokervod release {kind} {name}`"
                )


def list_held_targets(connection: Connection) -> dict[SubjectKind, Collection[str]]:
    """Return the names of the workflows, libraries and sheets that are held."""
    kinds = (SubjectKind.WORKFLOW, *PARTITIONS.values())
    return {kind: find_holds(connection, kind).keys() for kind in kinds}


def require_holdable(subject: Subject, settings: Settings) -> None:
    """Raise ``BadInput`` for a library, sheet or workflow that is unknown: holding or muting it would do nothing."""
    known: dict[SubjectKind, Iterable[str]] = {
        SubjectKind.LIBRARY: [each.name for each in settings.libraries],
        SubjectKind.SHEET: [each.name for each in settings.sheets],
        SubjectKind.WORKFLOW: list_workflows(),
    }
    names = [*known.get(subject.kind, (subject.name,))]
    if subject.name not in names:
        raise BadInput(f"unknown {subject.kind} {subject.name!r}; {suggest_name(subject.name, names)}")
