"""Apply the directives of a sheet: corrections of the catalog and aliases of players.

The rooms that they are for never import ``sheets``, so this module brings them together: all that changed in a sheet
in one transaction, then one build of the catalog. A directive is applied when it is new or edited; when it is deleted
from a tab that still exists, it is undone. A decision made by command since stays until the directive is edited.
"""

import json

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.corrections import find_undoable_correction, record_correction, record_undoing
from pokervod_pipelines.clips.aliases import find_alias, record_alias, withdraw_alias
from pokervod_pipelines.clips.players import make_player_key, split_players
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.directive_store import (
    AppliedDirective,
    delete_applied,
    is_in_another_sheet,
    read_applied_directives,
    read_stored_directives,
    upsert_applied,
)
from pokervod_pipelines.sheets.directives import Directive, DirectiveKind

ALL_DELETED = (
    "all {count} directives were deleted at once, so none was undone; if they were deleted on purpose run "
    "`pokervod sheets sync {sheet} --confirm-loss`"
)


def apply_directives(
    engine: Engine, sheet: str, *, correlation_id: str, confirm_loss: bool = False
) -> tuple[Problem, ...]:
    """Apply what changed in the sheet's directives; return those that could not be applied.

    One that could not is tried again every time. Several that are deleted together, so that none is left, are not
    undone unless ``confirm_loss``.
    """
    with engine.begin() as connection:
        lock_until_commit(connection, f"directives of sheet {sheet}")
        application = _Application(connection, sheet, correlation_id)
        problems = application.run(confirm_loss=confirm_loss)
    if application.has_corrected:
        build_catalog(engine, correlation_id=correlation_id)
    return problems


class _Application:
    """Apply the directives of one sheet in one transaction."""

    def __init__(self, connection: Connection, sheet: str, correlation_id: str) -> None:
        self._connection, self._sheet, self._correlation_id = connection, sheet, correlation_id
        self._who = f"sheet {sheet}"
        self.has_corrected = False

    def run(self, *, confirm_loss: bool) -> tuple[Problem, ...]:
        read = read_stored_directives(self._connection, self._sheet)
        present = {(each.kind, each.key): each for each in read.directives}
        applied = {(each.kind, each.key): each for each in read_applied_directives(self._connection, self._sheet)}
        problems: list[Problem] = []
        for kind in sorted(read.kinds):
            before = [each for each in applied.values() if each.kind is kind]
            deleted = [each for each in before if (kind, each.key) not in present]
            if len(deleted) == len(before) > 1 and not confirm_loss:
                what = ALL_DELETED.format(count=len(deleted), sheet=self._sheet)
                problems.append(Problem(f"{self._sheet}, {kind}", what))
            else:
                for each in deleted:
                    self._withdraw(each)
        for subject, directive in present.items():
            if problem := self._apply(directive, applied.get(subject)):
                problems.append(Problem(directive.where, problem))
        return tuple(problems)

    def _apply(self, directive: Directive, before: AppliedDirective | None) -> str | None:
        """Apply the directive where it is new or edited, or failed last time; return why it cannot be applied."""
        if before is not None and before.value == directive.value and before.problem is None:
            return None
        decision_id, problem = None, None
        if before is not None and before.decision_id is not None:
            self._undo_correction(before.decision_id)
        try:
            decision_id = self._record(directive)
        except BadInput as error:
            problem = str(error)
        upsert_applied(self._connection, self._sheet, directive, decision_id=decision_id, problem=problem)
        return problem

    def _record(self, directive: Directive) -> int | None:
        """Record the decision; return the correction's id."""
        actor = self._sign(f"written in {directive.where}")
        if directive.kind is DirectiveKind.ALIAS:
            record_alias(self._connection, directive.key, directive.value, actor=actor)
            return None
        path, field = json.loads(directive.key)
        correction = record_correction(
            self._connection, path_or_id=path, field=field, value=directive.value, actor=actor
        )
        self.has_corrected = True
        return correction.id

    def _withdraw(self, deleted: AppliedDirective) -> None:
        """Undo what the directive did, unless another sheet has it too or somebody has decided otherwise since."""
        if not is_in_another_sheet(self._connection, self._sheet, deleted):
            if deleted.kind is DirectiveKind.ALIAS:
                self._withdraw_alias(deleted)
            elif deleted.decision_id is not None:
                self._undo_correction(deleted.decision_id)
        delete_applied(self._connection, self._sheet, deleted)

    def _withdraw_alias(self, deleted: AppliedDirective) -> None:
        keys = {make_player_key(name) for name in split_players(deleted.key)}
        for alias in filter(None, (find_alias(self._connection, key) for key in keys)):
            if alias.by == self._who:
                withdraw_alias(self._connection, alias.alias, actor=self._sign("its directive was deleted"))

    def _undo_correction(self, correction_id: int) -> None:
        try:
            correction = find_undoable_correction(self._connection, correction_id)
        except Conflict:
            return  # a person undid it already
        if correction.by == self._who:
            record_undoing(self._connection, correction_id, actor=self._sign("its directive was deleted or edited"))
            self.has_corrected = True

    def _sign(self, reason: str) -> Actor:
        return Actor(who=self._who, reason=reason, correlation_id=self._correlation_id)
