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
from pokervod_pipelines.clips.players import make_player_key, split_players
from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.sheets.word_store import (
    KnownWord,
    forget_words,
    is_said_elsewhere,
    read_known_words,
    read_words,
    store_word,
)
from pokervod_pipelines.sheets.words import Word, WordKind

LOST = (
    "all {count} lines vanished at once, so nothing was taken back; if they were cleared on purpose run "
    "`pokervod sheets sync {sheet} --confirm-loss`"
)

Problem = tuple[str, str]


def follow_words(engine: Engine, sheet: str, *, correlation_id: str, confirm_loss: bool = False) -> tuple[Problem, ...]:
    """The catalog and the players follow what the sheet's tabs say; returns the lines that could not be followed.

    A line that could not is tried again every time. Several lines that vanish together, so that none is left, are not
    taken back unless ``confirm_loss``.
    """
    with hold_lock(engine, f"words of sheet {sheet}"):
        with engine.connect() as connection:
            words = read_words(connection, sheet)
            known = {(each.kind, each.key): each for each in read_known_words(connection, sheet)}
        said = {(word.kind, word.key): word for word in words.words}
        follower = _Follower(engine, sheet, correlation_id)
        problems: list[Problem] = []
        for kind in sorted(words.kinds):
            before = [each for each in known.values() if each.kind is kind]
            gone = [each for each in before if (kind, each.key) not in said]
            if len(gone) == len(before) > 1 and not confirm_loss:
                problems.append((f"{sheet}, {kind}", LOST.format(count=len(gone), sheet=sheet)))
            else:
                follower.take_back(gone)
        told = [(word.where, follower.follow(word, known.get(place))) for place, word in said.items()]
        return (*problems, *((where, problem) for where, problem in told if problem is not None))


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
                self._take_back_alias(word)
            elif word.made is not None and not self._is_said_elsewhere(word):
                self._undo(word.made)
            with self._engine.begin() as connection:
                forget_words(connection, self._sheet, word)

    def _take_back_alias(self, word: KnownWord) -> None:
        keys = {make_player_key(name) for name in split_players(word.key)}
        standing = [each for each in list_aliases(self._engine) if each.alias_key in keys and each.by == self._by]
        if standing and not self._is_said_elsewhere(word):
            remove_alias(self._engine, standing[0].alias, self._by, correlation_id=self._correlation_id)

    def _is_said_elsewhere(self, word: KnownWord) -> bool:
        with self._engine.connect() as connection:
            return is_said_elsewhere(connection, self._sheet, word)

    def _undo(self, correction: int) -> None:
        standing = {row.id for row in list_corrections(self._engine) if row.undone_by is None and row.by == self._by}
        if correction in standing:
            try:
                undo_correction(
                    self._engine, correction, self._by, "its line is gone", correlation_id=self._correlation_id
                )
            except Conflict:
                return  # somebody undid it just now, which is what was wanted
