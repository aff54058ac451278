"""Reads from a file's path what show it is: ``parse_name`` answers, ``explain_name`` says why.

The way of a path: ``prepare`` cuts junk and makes separators equal, ``rules`` lists the ``families`` in order, a family
reads its fixed shape or asks the ``facts``, ``folders`` fill what is left open. ``vocabulary`` is data.

What does not belong here: looking at the file, comparing names (matching does), numbers for the catalog. The parser
knows no database and never guesses: what is not encoded stays None.
"""

from pokervod_pipelines.catalog.names.engine import explain_name, find_family, parse_events, parse_lines, parse_name
from pokervod_pipelines.catalog.names.parsed import FIELDS, Finding, ParsedName
from pokervod_pipelines.catalog.names.version import PARSER_VERSION

__all__ = [
    "FIELDS",
    "PARSER_VERSION",
    "Finding",
    "ParsedName",
    "explain_name",
    "find_family",
    "parse_events",
    "parse_lines",
    "parse_name",
]
