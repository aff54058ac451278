"""Read project and sub-series: words that name a show, and what follows "WSOP" (Europe, Paradise, a circuit)."""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.series import EUROPE, NOT_PLACES, PLACES, PROJECT_WORDS, WSOP_BRANCHES

_PROJECT = re.compile(
    rf"(?<![a-z])(?:{'|'.join(re.escape(word) for word in sorted(PROJECT_WORDS, key=len, reverse=True))})(?![a-z])",
    re.ASCII,
)
_BRANCH = re.compile(rf"wsop ({'|'.join(WSOP_BRANCHES)})(?!\w)", re.ASCII)
_WSOPE = re.compile(r"(?<![a-z])wsope(?![a-z])", re.ASCII)
_PLACE = rf"(?: ({'|'.join(PLACES)}|[a-z]{{2,}})(?!\w))"
# "Ciruit" is how one real folder spells it.
_SUPER_CIRCUIT = re.compile(rf"wsop (?:international )?super circ?uit{_PLACE}", re.ASCII)
_CIRCUIT = re.compile(rf"wsop (?:circ?uit|c){_PLACE}", re.ASCII)
_MPP_PLACE = re.compile(r"(?:(?:19|20)\d\d )?mpp ([a-z]+(?: [a-z]+)?)(?: (?:19|20)\d\d)?$", re.ASCII)


def find_project(text: str) -> tuple[str, str] | None:
    """Return the project code and the word that names it; of several the World Series wins, then the first."""
    matches = _PROJECT.findall(text)
    if not matches:
        return None
    word = next((word for word in matches if PROJECT_WORDS[word] == "WSOP"), matches[0])
    return PROJECT_WORDS[word], word


def find_sub_series(text: str, shown: str) -> tuple[str, str] | None:
    """Return the branch of the World Series that the words name, and these words."""
    if "wsope" in text and (match := _WSOPE.search(text)):
        return EUROPE, match[0]
    if match := _BRANCH.search(text):
        return WSOP_BRANCHES[match[1]], match[0]
    if "uit" in text or "wsop c " in text:
        for kind, pattern in (("SUPER CIRCUIT", _SUPER_CIRCUIT), ("CIRCUIT", _CIRCUIT)):
            match = pattern.search(text)
            if match and match[1] not in NOT_PLACES:
                return f"{kind} {PLACES.get(match[1], shown[match.start(1) : match.end(1)])}", match[0]
    return None


def read_sub_series(fields: NameFields) -> None:
    """Set the branch that the file name itself names."""
    if match := find_sub_series(fields.name.text, fields.name.shown):
        fields.set("sub_series", match[0], "sub_series", match[1])


def read_mpp_place(fields: NameFields) -> None:
    """Set the place of a Mediterranean Poker Party, from a folder like "2025 MPP Cyprus"."""
    name = fields.name
    if match := _MPP_PLACE.match(name.text):
        fields.set("sub_series", f"MPP {name.shown[match.start(1) : match.end(1)]}", "mpp_place", match[0])
