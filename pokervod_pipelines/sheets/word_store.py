"""The SQL behind ``words``: what the tabs for people's words said, and what became of it."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from pokervod_pipelines.sheets.words import Word, WordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWord:
    """A line as it was followed; ``made`` is the correction that it became."""

    kind: WordKind
    key: str
    value: str
    made: int | None
    problem: str | None


def read_known_words(connection: Connection, sheet: str) -> list[KnownWord]:
    """The lines of the sheet that were followed, or could not be."""
    rows = connection.execute(
        text("select kind, key, value, made, problem from sheet_words where sheet = :sheet order by kind, key"),
        {"sheet": sheet},
    )
    return [KnownWord(**{**row._mapping, "kind": WordKind(row.kind)}) for row in rows]


def store_word(connection: Connection, sheet: str, word: Word, *, made: int | None, problem: str | None) -> None:
    """The line says this, and this became of it."""
    connection.execute(
        text("""
            insert into sheet_words (sheet, kind, key, value, made, problem)
            values (:sheet, :kind, :key, :value, :made, :problem)
            on conflict (sheet, kind, key) do update set value = excluded.value, made = excluded.made,
                problem = excluded.problem, at = now()
        """),
        {"sheet": sheet, "kind": word.kind.value, "key": word.key, "value": word.value, "made": made,
         "problem": problem},
    )  # fmt: skip


def forget_words(connection: Connection, sheet: str, word: KnownWord) -> None:
    """The line is gone."""
    connection.execute(
        text("delete from sheet_words where sheet = :sheet and kind = :kind and key = :key"),
        {"sheet": sheet, "kind": word.kind.value, "key": word.key},
    )
