"""Store the directives of a sheet, and what became of each: the SQL behind ``directives``."""

import json
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, text

from pokervod_pipelines.sheets.directives import Directive, DirectiveKind, SheetDirectives


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedDirective:
    """Hold a directive as it was last applied; ``decision_id`` is the correction that it became."""

    kind: DirectiveKind
    key: str
    value: str
    decision_id: int | None
    problem: str | None


def store_directives(connection: Connection, sheet: str, read: SheetDirectives) -> None:
    """Store what the sheet's tabs say, in the reading's own transaction; it is applied later."""
    plain = {"directives": [asdict(each) for each in read.directives], "kinds": sorted(read.kinds)}
    connection.execute(
        text("update sheet_states set directives = cast(:directives as jsonb) where sheet = :sheet"),
        {"sheet": sheet, "directives": json.dumps(plain, ensure_ascii=False)},
    )


def read_stored_directives(connection: Connection, sheet: str) -> SheetDirectives:
    """Return what the sheet's tabs said at the last good reading."""
    plain = connection.scalar(text("select directives from sheet_states where sheet = :sheet"), {"sheet": sheet}) or {}
    directives = tuple(
        Directive(**{**each, "kind": DirectiveKind(each["kind"])}) for each in plain.get("directives", ())
    )
    return SheetDirectives(directives=directives, kinds=frozenset(map(DirectiveKind, plain.get("kinds", ()))))


def read_applied_directives(connection: Connection, sheet: str) -> list[AppliedDirective]:
    """Return the directives of the sheet that were applied, or could not be."""
    rows = connection.execute(
        text("""
            select kind, key, value, decision_id, problem from sheet_directives where sheet = :sheet order by kind, key
        """),
        {"sheet": sheet},
    )
    return [AppliedDirective(**{**row._mapping, "kind": DirectiveKind(row.kind)}) for row in rows]


def is_in_another_sheet(connection: Connection, sheet: str, directive: AppliedDirective) -> bool:
    """Return whether another sheet, which is read, has the same directive."""
    found: bool = connection.scalar(
        text("""
            select exists (select from sheet_directives join sheet_states using (sheet)
                           where sheet <> :sheet and kind = :kind and key = :key and value = :value and problem is null)
        """),
        {"sheet": sheet, "kind": directive.kind.value, "key": directive.key, "value": directive.value},
    )
    return found


def upsert_applied(
    connection: Connection, sheet: str, directive: Directive, *, decision_id: int | None, problem: str | None
) -> None:
    """Store what became of the directive."""
    connection.execute(
        text("""
            insert into sheet_directives (sheet, kind, key, value, decision_id, problem)
            values (:sheet, :kind, :key, :value, :decision_id, :problem)
            on conflict (sheet, kind, key) do update set value = excluded.value, decision_id = excluded.decision_id,
                problem = excluded.problem, at = now()
        """),
        {"sheet": sheet, "kind": directive.kind.value, "key": directive.key, "value": directive.value,
         "decision_id": decision_id, "problem": problem},
    )  # fmt: skip


def delete_applied(connection: Connection, sheet: str, directive: AppliedDirective) -> None:
    """Delete the directive, which is no longer in the sheet."""
    connection.execute(
        text("delete from sheet_directives where sheet = :sheet and kind = :kind and key = :key"),
        {"sheet": sheet, "kind": directive.kind.value, "key": directive.key},
    )


def delete_all_applied(connection: Connection, sheet: str) -> None:
    """Delete the directives of a retired sheet: they no longer keep those of other sheets in force."""
    connection.execute(text("delete from sheet_directives where sheet = :sheet"), {"sheet": sheet})
