"""Read hand clips: ``1213_Hand_09_A xx vs B yy_Clean`` — recording day, hand number, players with their cards, version.

Only a folder knows the year. Places ("(9th)") and cards are not part of a player's name; "vs" may stick to a card.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.versions import CLIP_VERSIONS

RULE = "hand_clip"

_SHAPE = re.compile(r"(?:(?:\d{4}|\d{6}|\d{8}) )?hand ?#?(\d{1,4})(?= |$)", re.ASCII)
# Ranks are capitals, or the whole hand is in lower case: "Tad" is a person.
_CARDS_SHAPE = r"(?:(?:(?:10|[2-9TJQKA])[cdhsCDHS]?){2}|(?:(?:10|[2-9tjqka])[cdhs]?){2})"
_CARDS = re.compile(_CARDS_SHAPE, re.ASCII)
_VERSUS = re.compile(r" [Vv][Ss]?\.? ", re.ASCII)
_GLUED_VERSUS = re.compile(rf"(?<= )({_CARDS_SHAPE})[Vv][Ss] ?", re.ASCII)
_CARDS_BEHIND = re.compile(rf" (?:{_CARDS_SHAPE}|xx|XX|yy|YY)(?: [sS])?(?: \d(?:st|nd|rd|th))?$", re.ASCII)
_PLACE_ENDINGS = frozenset({"st", "nd", "rd", "th"})
_PLACE_BEHIND = re.compile(r" ?\d{1,2}(?:st|nd|rd|th)$", re.ASCII)


def read_hand_clip(fields: NameFields) -> bool:
    """Set hand number, players and version; the day needs the year of a folder."""
    name = fields.name
    if "hand" not in name.text or not (match := _SHAPE.match(name.text)):
        return False
    fields.set("hand_number", int(match[1]), RULE, f"hand {match[1]}")
    sides, _, last_word = name.shown[match.end() + 1 :].rpartition(" ")
    if last_word.lower() in CLIP_VERSIONS:
        fields.set("version", last_word, RULE, last_word)
    else:
        sides = name.shown[match.end() + 1 :]
    if sides and (players := split_sides(sides)):
        fields.set("players", players, RULE, sides)
    return True


def split_sides(words: str) -> tuple[str, ...]:
    """Return the players of a hand as clips write it, without cards and places.

    >>> split_sides("Lehmann 9th Ac9s vs Tony Lin KdKhvs B 5d5h")
    ('Lehmann', 'Tony Lin', 'B')
    """
    if words.count(" vs ") != words.count("vs"):
        words = _GLUED_VERSUS.sub(r"\1 vs ", words)
    return tuple(player for side in _VERSUS.split(words) if (player := _without_cards(side)))


def _without_cards(side: str) -> str:
    player, _, last_word = side.rpartition(" ")
    if not (player and _CARDS.fullmatch(last_word)):
        player = _CARDS_BEHIND.sub("", f" {side}")
    if player[-2:] in _PLACE_ENDINGS:
        player = _PLACE_BEHIND.sub("", player)
    return player.strip()
