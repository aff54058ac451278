"""Parse the hands of a clip as people write them: ``AKo vs KK vs QQ``, ``88 VS jj``, ``A10s``, "핸드 없음".

A text that is not clear stays text, with the reason.
"""

import re
from dataclasses import dataclass

RANKS = "23456789TJQKA"
SUITS = "cdhs"
SUIT_SIGNS = str.maketrans({"♠": "s", "♥": "h", "♦": "d", "♣": "c", "♤": "s", "♡": "h", "♢": "d", "♧": "c"})
VERSUS = re.compile(r"\s+(?:vs?\.?|versus|s)\s+|\n|;|,|/", re.IGNORECASE)
NO_HAND = re.compile(r"(?:핸드\s*)?(?:없음|없슴)|no\s+hands?|n/?a|-", re.IGNORECASE)
RANK = r"[2-9TJQKA]|10"
TWO_RANKS = re.compile(rf"({RANK})\s?({RANK})\s?([socdh])?", re.IGNORECASE)
EXACT = re.compile(rf"({RANK})([cdhs])", re.IGNORECASE)
CARDS_OF_GAMES = (2, 4, 5, 6)
"""Hold'em, and Omaha with four, five or six cards."""


@dataclass(frozen=True, slots=True)
class HoleCards:
    """Hold one player's cards: ``ranks`` in the order written, ten as ``T``; a pair is neither suited nor offsuit.

    ``cards`` are exact cards ("Ah") where suits are given; ``suited`` is True, False, or None where unknown.
    """

    ranks: str
    suited: bool | None = None
    cards: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the hand in the usual short form."""
        mark = {True: "s", False: "o", None: ""}[self.suited]
        return "".join(self.cards) or f"{self.ranks}{mark}"


@dataclass(frozen=True, slots=True)
class ParsedHands:
    """Hold a parsed cell; ``reason`` explains why ``hole_cards`` is empty although the cell has text."""

    raw: str
    hole_cards: tuple[HoleCards, ...] = ()
    reason: str = ""


def parse_hands(text: str) -> ParsedHands:
    """Return the hole cards of every side, or none and the reason: a cell is parsed whole or not at all.

    >>> [str(hand) for hand in parse_hands("A10s VS qq").hole_cards]
    ['ATs', 'QQ']
    >>> parse_hands("rfid 안나옴").reason
    "expected hole cards, got 'rfid 안나옴'"
    """
    plain = text.strip()
    if not plain:
        return ParsedHands(text)
    if NO_HAND.fullmatch(plain):
        return ParsedHands(text, reason="no hand, as written")
    sides = [side.strip() for side in VERSUS.split(plain) if side.strip()]
    read = [parse_hole_cards(side) for side in sides]
    unread = [side for side, cards in zip(sides, read, strict=True) if cards is None]
    if unread or not read:
        return ParsedHands(text, reason=f"expected hole cards, got {(unread or [plain])[0]!r}")
    found = tuple(cards for cards in read if cards)
    if repeated := _find_repeated(found):
        return ParsedHands(text, reason=f"the card {repeated} is in it twice")
    return ParsedHands(text, found)


def parse_hole_cards(text: str) -> HoleCards | None:
    """Return one side's cards, None where the text is not a hand.

    >>> parse_hole_cards("AhKh"), parse_hole_cards("58o")
    (HoleCards(ranks='AK', suited=True, cards=('Ah', 'Kh')), HoleCards(ranks='58', suited=False, cards=()))
    """
    plain = text.strip(" ()[]").translate(SUIT_SIGNS)
    if exact := _parse_exact(plain):
        return exact
    if found := TWO_RANKS.fullmatch(plain):
        return _parse_ranks(_rank(found[1]), _rank(found[2]), (found[3] or "").lower())
    return None


def _parse_exact(text: str) -> HoleCards | None:
    compact = re.sub(r"\s+", "", text)
    cards = tuple(_rank(match[1]) + match[2].lower() for match in EXACT.finditer(compact))
    is_whole = "".join(match[0] for match in EXACT.finditer(compact)) == compact
    if not is_whole or len(cards) not in CARDS_OF_GAMES or len(set(cards)) != len(cards):
        return None
    is_holdem = len(cards) == CARDS_OF_GAMES[0]
    suited = cards[0][1] == cards[1][1] if is_holdem and cards[0][0] != cards[1][0] else None
    return HoleCards("".join(card[0] for card in cards), suited=suited, cards=cards)


def _parse_ranks(first: str, second: str, mark: str) -> HoleCards | None:
    """Read the mark behind two ranks: o offsuit, s suited, a suit both cards' suit ("A4h"); "QQs" is a plural."""
    if first == second:
        return HoleCards(first + second) if mark in {"", "s"} else None
    return HoleCards(first + second, suited=mark != "o" if mark else None)


def _rank(text: str) -> str:
    return "T" if text == "10" else text.upper()


def _find_repeated(hands: tuple[HoleCards, ...]) -> str:
    cards = [card for hand in hands for card in hand.cards]
    return next((card for card in cards if cards.count(card) > 1), "")
