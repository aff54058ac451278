"""What people write into the tabs for it, followed: corrections of the catalog and other names of players.

The rooms that understand them never meet the sheets, so this is where they do. A line is followed when it is new or
changed; when it is gone from a tab that is still there, what it did is taken back. What was said by command meanwhile
stands until the line is edited.
"""

import json
from collections.abc import Iterable

from sqlalchemy import Engine

from pokervod_pipelines.catalog.corrections import correct_file, list_corrections, undo_correction
from pokervod_pipelines.clips.aliases import add_alias, list_aliases, remove_alias
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.sheets.word_store import KnownWord, forget_words, read_known_words, store_word
from pokervod_pipelines.sheets.words import Word, WordKind, Words

Problem = tuple[str, str]


def follow_words(engine: Engine, sheet: str, words: Words, *, correlation_id: str) -> tuple[Problem, ...]:
    """The catalog and the players follow what the sheet's tabs say; returns the lines that could not be followed."""
    with engine.connect() as connection:
        known = {(each.kind, each.key): each for each in read_known_words(connection, sheet)}
    said = {(word.kind, word.key): word for word in words.words}
    follower = _Follower(engine, sheet, correlation_id)
    gone = [each for place, each in known.items() if each.kind in words.kinds and place not in said]
    follower.take_back(gone)
    return tuple(
        (word.where, problem)
        for place, word in said.items()
        if (problem := follower.follow(word, known.get(place))) is not None
    )


class _Follower:
    def __init__(self, engine: Engine, sheet: str, correlation_id: str) -> None:
        self._engine, self._sheet, self._correlation_id = engine, sheet, correlation_id
        self._by = f"sheet {sheet}"

    def follow(self, word: Word, known: KnownWord | None) -> str | None:
        """The word is followed and on record; returns why not, where it is not: then the next reading tries again."""
        if known is not None and known.value == word.value and known.problem is None:
            return None
        made, problem = None, None
        if known is not None and known.made is not None:
            self._undo(known.made)
        try:
            if word.kind is WordKind.CORRECTION:
                made = self._correct(word)
            else:
                add_alias(self._engine, word.key, word.value, self._by, correlation_id=self._correlation_id)
        except BadInput as error:
            problem = str(error)
        with self._engine.begin() as connection:
            store_word(connection, self._sheet, word, made=made, problem=problem)
        return problem

    def _correct(self, word: Word) -> int:
        path, field = json.loads(word.key)
        row = correct_file(
            self._engine,
            path_or_id=path,
            field=field,
            value=word.value,
            by=self._by,
            reason=f"stands in {word.where}",
            correlation_id=self._correlation_id,
        )
        return row.id

    def take_back(self, gone: Iterable[KnownWord]) -> None:
        """What these words did is undone, unless somebody said something else since."""
        for word in gone:
            if word.kind is WordKind.ALIAS:
                if any((each.alias, each.by) == (word.key, self._by) for each in list_aliases(self._engine)):
                    remove_alias(self._engine, word.key, self._by, correlation_id=self._correlation_id)
            elif word.made is not None:
                self._undo(word.made)
            with self._engine.begin() as connection:
                forget_words(connection, self._sheet, word)

    def _undo(self, correction: int) -> None:
        standing = {row.id for row in list_corrections(self._engine) if row.is_in_force and row.by == self._by}
        if correction in standing:
            try:
                undo_correction(
                    self._engine, correction, self._by, "its line is gone", correlation_id=self._correlation_id
                )
            except Conflict:
                return  # somebody undid it just now, which is what was wanted
