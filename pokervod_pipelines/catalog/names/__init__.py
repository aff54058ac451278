"""Read from a file's path what show it is: ``parse_name`` answers, ``explain_name`` says why.

Steps: ``prepare`` cuts junk and makes separators equal, ``rules`` lists the ``families`` in order, a family reads its
fixed shape or calls the ``facts``, ``folders`` fill what is missing. ``vocabulary`` is data.

The parser reads no file and no database and never guesses: what is not encoded stays None.
"""

from pokervod_pipelines.catalog.names.engine import (
    explain_name,
    explain_second_event,
    find_family,
    parse_events,
    parse_lines,
    parse_name,
)
from pokervod_pipelines.catalog.names.parsed import FIELDS, NameFinding, ParsedName
from pokervod_pipelines.catalog.names.version import PARSER_VERSION

__all__ = [
    "FIELDS",
    "PARSER_VERSION",
    "NameFinding",
    "ParsedName",
    "explain_name",
    "explain_second_event",
    "find_family",
    "parse_events",
    "parse_lines",
    "parse_name",
]
