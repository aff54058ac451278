"""Decide before it runs whether a text is one SELECT that writes nothing.

Conservative: a valid query can be refused (quote a column that is called ``into``), and only the functions in
``sql_words`` are allowed, which compute from their arguments. What is accepted still runs READ ONLY, as a subquery and
one prepared statement; but such a transaction does not stop a function that ends connections or sleeps.
"""

import re
from collections.abc import Iterator

from pokervod_pipelines.rollout.criteria.sql_words import FUNCTIONS, GRAMMAR, NAMING, WRITING

_TOKEN = re.compile(
    r"""
      (?P<skip>[ \t\r\n\f\v]+ | --[^\n\r]* | /\*.*?\*/)
    | (?P<coded>[uU]&["'])
    | (?P<text>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | \$(?P<tag>(?:(?!\d)[\w\x80-\U0010ffff]+)?)\$.*?\$(?P=tag)\$)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<other>\d[\d.]*(?:[eE][+-]?\d+)? | .)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
"""Tokens as PostgreSQL reads them: every non-ASCII character is a letter, and a comment ends at CR or LF."""


def find_problem(query: str) -> str | None:
    """Return why the text is not one reading SELECT, or None if it is.

    >>> find_problem("select count(*) from hands;")
    >>> find_problem("with gone as (delete from hands returning 1) select 1")
    "'delete' writes; a query may only read (put a column of that name in double quotes)"
    """
    tokens = [*_list_tokens(query)]
    if tokens and tokens[-1] == ("other", ";"):
        tokens.pop()
    return _find_open_end(tokens) or _find_writing(tokens) or _find_call(tokens)


def strip_end(query: str) -> str:
    """Return the query without semicolon, blanks and comments at its end.

    >>> strip_end("select 1 ; -- done")
    'select 1'
    """
    found = [token for token in _TOKEN.finditer(query) if token.lastgroup != "skip"]
    if found and found[-1][0] == ";":
        found.pop()
    return query[: found[-1].end()] if found else ""


def _find_open_end(tokens: list[tuple[str, str]]) -> str | None:
    depth = 0
    for at, (kind, text) in enumerate(tokens):
        if kind == "coded":
            return "U& hides names and texts behind codes; write them out"
        if kind == "text" and at and tokens[at - 1][0] == "text":
            return "two texts follow each other; join them by ||"
        if kind != "other":
            continue
        if text == "/*" or (text == "*" and tokens[at - 1] == ("other", "/")):
            return "a comment is not closed"
        if text in {"'", '"', ";"}:
            return "expected one statement, got more" if text == ";" else f"a {text} is not closed"
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0:
            return "a closing bracket has no opening bracket"
    return "a bracket is not closed" if depth else None


def _find_writing(tokens: list[tuple[str, str]]) -> str | None:
    words = [text.lower() for kind, text in tokens if kind == "word"]
    if not words or words[0] not in {"select", "with", "values"}:
        return "it must begin with select, with or values"
    for word in words:
        if word in WRITING:
            return f"{word!r} writes; a query may only read (put a column of that name in double quotes)"
    return None


def _find_call(tokens: list[tuple[str, str]]) -> str | None:
    """Return a problem if a name before a bracket is called, and is neither a grammar word nor just defined."""
    for before, (kind, text), after in zip([("", ""), *tokens], tokens, tokens[1:], strict=False):
        name = text.lower() if kind == "word" else text.strip('"')
        if kind not in {"word", "quoted"} or after != ("other", "(") or before[1].lower() in NAMING:
            continue
        if before[1] == "." or not (name in FUNCTIONS or (kind == "word" and name in GRAMMAR)):
            return f"a query may not call {name!r}, only functions that count, compare and compute"
    return None


def _list_tokens(query: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(query):
        kind = str(found.lastgroup)
        if kind == "skip" and "/*" in found[0][2:] and found[0].startswith("/*"):
            yield "other", "/*"  # PostgreSQL nests comments, so this one continues where it seems to end
        elif kind != "skip":
            yield "text" if kind == "tag" else kind, found[0]
