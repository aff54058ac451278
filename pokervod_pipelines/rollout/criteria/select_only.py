"""Whether a text is one SELECT that writes nothing, told before it is ever run.

Conservative: a sound query can be refused (quote the column that is called ``into``), a writing one seldom passes.
What passes still runs in a READ ONLY transaction, as a subquery, as one prepared statement.
"""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?P<skip>\s+ | --[^\n]* | /\*.*?\*/)
    | (?P<text>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | \$(?P<tag>[^\W\d]\w*)?\$.*?\$(?(tag)(?P=tag))\$)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<word>[^\W\d][\w$]*)
    | (?P<other>\d[\w.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)

WRITING = frozenset({
    "insert", "update", "delete", "merge", "into", "truncate", "drop", "alter", "create", "grant", "revoke", "copy",
    "call", "lock", "share",
})  # fmt: skip
"""Words that no reading query needs outside quotes."""

_REACHING_OUT = re.compile(
    r"(dblink|lo_|pg_read_|pg_ls_|pg_stat_reset|pg_logical_|pg_replication_|pg_(try_)?advisory).*"
    r"|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_promote|pg_switch_wal"
    r"|pg_create_restore_point|pg_notify|pg_sleep|pg_sleep_for|pg_sleep_until|set_config|nextval|setval"
    r"|pg_file_.*|pg_export_snapshot|query_to_xml.*|database_to_xml.*"
)
"""Functions whose effect no READ ONLY transaction holds back, or that run a text as a query."""


def find_fault(query: str) -> str | None:
    """Return why the text is not one reading SELECT; None when it is.

    >>> find_fault("select count(*) from hands;")
    >>> find_fault("with gone as (delete from hands returning 1) select 1")
    "'delete' writes; a query may only read (put a column of that name in double quotes)"
    """
    words, depth = [], 0
    tokens = list(_list_tokens(query))
    if tokens and tokens[-1] == ("other", ";"):
        tokens.pop()
    for kind, text in tokens:
        if kind == "other" and text in {"'", '"', ";"}:
            return "it is more than one statement" if text == ";" else f"a {text} is not closed"
        depth += {"(": 1, ")": -1}.get(text, 0) if kind == "other" else 0
        if depth < 0:
            return "a bracket is closed that was never opened"
        words += [text] if kind in {"word", "quoted"} else []
    if "/*" in "".join(text for kind, text in tokens if kind == "other"):
        return "a comment is not closed"
    if depth:
        return "a bracket is not closed"
    return _judge(words)


def _judge(words: list[str]) -> str | None:
    if not words or words[0].lower() not in {"select", "with", "values"}:
        return "it must begin with select, with or values"
    for word in words:
        bare = word.strip('"').lower()
        if word.lower() in WRITING:
            return f"{bare!r} writes; a query may only read (put a column of that name in double quotes)"
        if _REACHING_OUT.fullmatch(bare):
            return f"{bare!r} does more than read"
    return None


def _list_tokens(query: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(query):
        kind = str(found.lastgroup)
        if kind == "skip" and "/*" in found[0][2:] and found[0].startswith("/*"):
            yield "other", "/*"  # PostgreSQL nests comments, so this one goes on where it seems to end
        elif kind != "skip":
            yield "text" if kind in {"text", "tag"} else kind, found[0]


def strip_end(query: str) -> str:
    """Return the query without the semicolon and blanks at its end."""
    return query.rstrip().rstrip(";").rstrip()
