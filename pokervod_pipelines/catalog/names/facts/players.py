"""Read players where the shape of a name shows that these words are people: behind "with" or a dash, or before "wins".

Names inside free titles are not read: telling Nik Airball from Dream Flop takes a list of players.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.noise import NOT_PEOPLE

_PERSON = r"[A-Z][\w.']+(?: [A-Z][\w.']*){1,2}"
_AFTER_DASH = re.compile(rf" [-–—] ({_PERSON}(?:, {_PERSON})*,? & {_PERSON})(?= ?\[|$)")
_WINNER = re.compile(rf"^({_PERSON}) [Ww]ins\b")
_SUBJECT = re.compile(rf" - ({_PERSON}) [Vv]ideo\b")
# The word that each shape cannot do without.
_SHAPES = (("&", _AFTER_DASH), ("wins", _WINNER), ("video", _SUBJECT))
_JOINTS = re.compile(r",? & |, | and ")


def split_people(words: str) -> tuple[str, ...]:
    """Return the people of a list as titles write it.

    >>> split_people("Sergio Aguero, Phil Hellmuth & Daniel Negreanu")
    ('Sergio Aguero', 'Phil Hellmuth', 'Daniel Negreanu')
    """
    return tuple(person for part in _JOINTS.split(words) if (person := part.strip(" .,")))


def read_players(fields: NameFields) -> None:
    """Set the people of a World Series title."""
    words = fields.name.words
    pattern = next((pattern for word, pattern in _SHAPES if word in words), None)
    match = pattern.search(fields.name.stem.replace("_", " ")) if pattern else None
    if match and (people := split_people(match[1])) and not any(_is_no_person(person) for person in people):
        fields.set("players", people, "people_of_title", match[1])


def _is_no_person(words: str) -> bool:
    return any(word in NOT_PEOPLE for word in words.lower().split())
