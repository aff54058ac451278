"""What has been found out about one name so far: each field at most once, with the rule and the words that told it."""

from collections.abc import Mapping
from typing import NamedTuple

from pokervod_pipelines.catalog.names.parsed import FIELDS, Finding, ParsedName, Value, build_answer
from pokervod_pipelines.catalog.names.prepare import Name

# The value of one field, then its reason: rule, words, and "name" or "folder".
Entry = tuple[Value, str, str, str]


class FolderTells(NamedTuple):
    """What the folders above a file tell, each field as the deepest folder that tells it has it.

    ``event`` holds the fields that say which event a folder is about, ``moment`` those that say which stretch of it.
    """

    project: str | None
    found: Mapping[str, Entry]
    event: Mapping[str, Entry]
    moment: Mapping[str, Entry]


NO_FOLDERS = FolderTells(None, {}, {}, {})


class Reading:
    """The findings about one name. The first rule that tells a field keeps it, so order of rules is their rank."""

    __slots__ = ("folders", "found", "name")

    def __init__(self, name: Name, folders: FolderTells = NO_FOLDERS) -> None:
        self.name = name
        self.folders = folders
        self.found: dict[str, Entry] = {}

    def tell(self, field: str, value: Value, rule: str, text: str) -> None:
        """Keeps what the file name tells, unless the field is known already."""
        if field not in self.found:
            self.found[field] = (value, rule, text, "name")

    def value(self, field: str) -> Value:
        """What is known of the field; None if nothing."""
        entry = self.found.get(field)
        return entry[0] if entry else None

    def answer(self) -> ParsedName:
        """The findings as the parser's answer."""
        return build_answer(self.found)

    def findings(self) -> list[Finding]:
        """The findings with their reasons, in column order."""
        return [Finding(field, *self.found[field]) for field in FIELDS if field in self.found]
