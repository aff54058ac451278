"""The SQL behind ``words``: what the tabs for people's words said, and what became of it."""

import json
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, text

from pokervod_pipelines.sheets.words import Word, WordKind, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWord:
    """A line as it was followed; ``made`` is the correction that it became."""

    kind: WordKind
    key: str
    value: str
    made: int | None
    problem: str | None


def store_words(connection: Connection, sheet: str, words: Words) -> None:
    """The sheet's tabs say this, in the reading's own transaction; following it comes later and may come again."""
    plain = {"words": [asdict(word) for word in words.words], "kinds": sorted(words.kinds)}
    connection.execute(
        text("update sheet_states set words = cast(:words as jsonb) where sheet = :sheet"),
        {"sheet": sheet, "words": json.dumps(plain, ensure_ascii=False)},
    )


def read_words(connection: Connection, sheet: str) -> Words:
    """What the sheet's tabs said at the last good reading."""
    plain = connection.scalar(text("select words from sheet_states where sheet = :sheet"), {"sheet": sheet}) or {}
    words = tuple(Word(**{**word, "kind": WordKind(word["kind"])}) for word in plain.get("words", ()))
    return Words(words=words, kinds=frozenset(map(WordKind, plain.get("kinds", ()))))


def is_said_elsewhere(connection: Connection, sheet: str, word: KnownWord) -> bool:
    """Whether another sheet says the same of the same."""
    said: bool = connection.scalar(
        text("""
            select exists (select from sheet_words where sheet <> :sheet and kind = :kind and key = :key
                           and value = :value and problem is null)
        """),
        {"sheet": sheet, "kind": word.kind.value, "key": word.key, "value": word.value},
    )
    return said


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
