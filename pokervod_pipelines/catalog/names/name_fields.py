"""Collect the fields of one name: each at most once, with the rule and the words that gave it."""

from collections.abc import Mapping
from typing import NamedTuple

from pokervod_pipelines.catalog.names.parsed import FIELDS, NameFinding, ParsedName, Value, build_answer
from pokervod_pipelines.catalog.names.prepare import PreparedName

# The value of one field, then its reason: rule, words, and "name" or "folder".
Entry = tuple[Value, str, str, str]


class FolderFields(NamedTuple):
    """Hold the fields of the folders above a file, each from the deepest folder that has it.

    ``event`` has the fields that identify an event, ``moment`` those that identify a stretch of it.
    """

    project: str | None
    found: Mapping[str, Entry]
    event: Mapping[str, Entry]
    moment: Mapping[str, Entry]


NO_FOLDERS = FolderFields(None, {}, {}, {})


class NameFields:
    """Collect the fields of one name; the first rule that sets a field keeps it, so order is rank."""

    __slots__ = ("folders", "found", "name")

    def __init__(self, name: PreparedName, folders: FolderFields = NO_FOLDERS) -> None:
        self.name = name
        self.folders = folders
        self.found: dict[str, Entry] = {}

    def set(self, field: str, value: Value, rule: str, text: str) -> None:
        """Store a field of the file name, unless it is known already."""
        if field not in self.found:
            self.found[field] = (value, rule, text, "name")

    def value(self, field: str) -> Value:
        """Return the value of the field; None if it is unknown."""
        entry = self.found.get(field)
        return entry[0] if entry else None

    def answer(self) -> ParsedName:
        """Return the fields as the parser's answer."""
        return build_answer(self.found)

    def findings(self) -> list[NameFinding]:
        """Return the fields with their reasons, in column order."""
        return [NameFinding(field, *self.found[field]) for field in FIELDS if field in self.found]
