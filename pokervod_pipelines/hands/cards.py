"""Parse cards in any notation of tables and people into rank and suit: ``As``, ``Td``, as in JSON, PHH and pokerkit."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pokervod_pipelines.errors import BadInput

RANKS = "23456789TJQKA"
SUITS = "cdhs"
SIGNS = {"c": "♣", "d": "♦", "h": "♥", "s": "♠"}
UNKNOWN_CARD = "??"
"""Sign of a card that was dealt and not read, as PHH writes it."""

MAX_SHOWN = 40
CARD = re.compile(r"(10|[2-9TJQKA])([CDHS♣♦♥♠♧♢♡♤])", re.IGNORECASE)
LETTERS = {"♣": "c", "♧": "c", "♦": "d", "♢": "d", "♥": "h", "♡": "h", "♠": "s", "♤": "s"}
GAPS = re.compile(r"[\s,]+")


class BadCard(BadInput):
    """Raised for a text that is not a card; it says which text and how to write a card."""


@lru_cache(maxsize=1024)
def parse_card(text: str) -> str:
    """Return one card as rank and suit.

    Raises:
        BadCard: the text is not a card.

    >>> parse_card("10c"), parse_card("as"), parse_card("K♦")
    ('Tc', 'As', 'Kd')

    """
    found = CARD.fullmatch(text.strip())
    if not found:
        message = f"{text[:MAX_SHOWN]!r} is not a card; write rank and suit, for example As or Td"
        raise BadCard(message)
    rank, suit = found[1].upper(), found[2].lower()
    return ("T" if rank == "10" else rank) + LETTERS.get(suit, suit)


@lru_cache(maxsize=4096)
def parse_cards(text: str) -> tuple[str, ...]:
    """Return the cards of one text, with or without gaps between them; a blank text has none.

    Raises:
        BadCard: the text contains something else.

    >>> parse_cards("10d 9d"), parse_cards("AsKh"), parse_cards("")
    (('Td', '9d'), ('As', 'Kh'), ())

    """
    cards: list[str] = []
    for word in filter(None, GAPS.split(text.strip())):
        pieces = [match[0] for match in CARD.finditer(word)]
        cards.extend(parse_card(piece) for piece in (pieces if "".join(pieces) == word else [word]))
    return tuple(cards)


def parse_hole_cards(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the cards of a list of texts as PokerGFX writes it: one text with all cards, or one text a card.

    Raises:
        BadCard: a text contains something else.

    >>> parse_hole_cards(["10d 9d"]), parse_hole_cards([""])
    (('Td', '9d'), ())

    """
    return parse_cards(texts[0]) if len(texts) == 1 else tuple(card for text in texts for card in parse_cards(text))


def pretty(cards: Iterable[str]) -> str:
    """Return cards with suit signs.

    >>> pretty(["As", "Td"])
    'A♠ T♦'
    """
    return " ".join(card[0] + SIGNS.get(card[1], card[1]) for card in cards)


def find_repeated(cards: Iterable[str]) -> tuple[str, ...]:
    """Return the cards that are listed more than once, each once, in order.

    >>> find_repeated(["As", "Td", "As"])
    ('As',)
    """
    listed = list(cards)
    return tuple(sorted({card for card in listed if listed.count(card) > 1})) if len(set(listed)) < len(listed) else ()
