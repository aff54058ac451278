"""Whether a text is one SELECT that writes nothing, told before it is ever run.

Conservative: a sound query can be refused (quote the column that is called ``into``), and of functions only those pass
that ``sql_words`` names, which compute from what they are given. What passes still runs READ ONLY, as a
subquery and one prepared statement; but no such transaction holds back a function that ends connections or sleeps.
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
"""As PostgreSQL reads it: whatever is no ASCII is a letter, and a comment ends at either sign of a line's end."""


def find_fault(query: str) -> str | None:
    """Return why the text is not one reading SELECT; None when it is.

    >>> find_fault("select count(*) from hands;")
    >>> find_fault("with gone as (delete from hands returning 1) select 1")
    "'delete' writes; a query may only read (put a column of that name in double quotes)"
    """
    tokens = [*_list_tokens(query)]
    if tokens and tokens[-1] == ("other", ";"):
        tokens.pop()
    return _find_open_end(tokens) or _find_writing(tokens) or _find_call(tokens)


def strip_end(query: str) -> str:
    """Return the query without the semicolon, blanks and comments at its end.

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
            return "U& writes names and texts in a code that hides what they are; write them out"
        if kind == "text" and at and tokens[at - 1][0] == "text":
            return "a text goes on in another one; join them by ||"
        if kind != "other":
            continue
        if text == "/*" or (text == "*" and tokens[at - 1] == ("other", "/")):
            return "a comment is not closed"
        if text in {"'", '"', ";"}:
            return "it is more than one statement" if text == ";" else f"a {text} is not closed"
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0:
            return "a bracket is closed that was never opened"
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
    """A name before a bracket is called, unless it is a word of the grammar or one that is just given."""
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
            yield "other", "/*"  # PostgreSQL nests comments, so this one goes on where it seems to end
        elif kind != "skip":
            yield "text" if kind == "tag" else kind, found[0]
