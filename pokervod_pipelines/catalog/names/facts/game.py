"""Read the poker variant, from the vocabulary of games. Two variants of one event are joined (``NLHE/PLO``)."""

from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.phrases import PhraseBook
from pokervod_pipelines.catalog.names.vocabulary.games import GAMES

GAME_BOOK = PhraseBook(GAMES)


def read_game(fields: NameFields) -> None:
    """Set the game; a second one counts only beside the first, as in "NLH / PLO"."""
    set_game(fields, 0, None)


def set_game(fields: NameFields, start: int, end: int | None) -> None:
    """Set the game of one stretch of the name."""
    name = fields.name
    first = GAME_BOOK.find_first(name.text, name.words, start, end)
    if first is None:
        return
    value, stop = first.meaning, first.end
    second = GAME_BOOK.match_at(name.text, stop + 1)
    if second and second.meaning != first.meaning:
        value, stop = f"{first.meaning}/{second.meaning}", second.end
    fields.set("game", value, "game", name.shown[first.start : stop])
