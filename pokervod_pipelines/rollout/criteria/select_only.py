"""Decide whether a text is one SELECT that writes nothing, by parsing it.

What runs is the query as it was understood, written again, so nothing can hide from the parser. It runs READ ONLY as
well; but such a transaction does not stop a function that ends connections, waits, or reads files of the server, so
only functions are allowed that the parser knows, or that belong to a family which computes from its arguments.
"""

import logging
import re

_FAMILIES = re.compile(
    r"(jsonb?_|array_|regexp_|string_to_|to_|make_|date_|range_|justify_|num_n|pg_typeof$|pg_size_pretty$"
    r"|pg_(database|relation|table|indexes|total_relation)_size$"
    r"|(age|bit_length|cardinality|generate_subscripts|grouping|isempty|lower_inc|octet_length|overlay|row_to_json"
    r"|starts_with|upper_inc|width_bucket)$)",
    re.IGNORECASE,
)
"""Functions of PostgreSQL that the parser does not know and that only compute."""


def read_query(query: str) -> str:
    """Return the one reading SELECT as PostgreSQL reads it. Raises ``ValueError`` with what else it is.

    >>> read_query("select count(*) from hands; -- all")
    'SELECT COUNT(*) FROM hands'
    """
    import sqlglot  # noqa: PLC0415 - takes a quarter of a second, which only a plan with queries needs
    from sqlglot import exp  # noqa: PLC0415
    from sqlglot.errors import SqlglotError  # noqa: PLC0415

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # its warnings are about statements that are refused below
    try:
        trees = [
            each for each in sqlglot.parse(query, dialect="postgres") if not isinstance(each, exp.Semicolon | None)
        ]
    except SqlglotError as error:
        message = f"expected one reading SELECT, got what cannot be read: {str(error).splitlines()[0]}"
        raise ValueError(message) from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query | exp.Values):
        names = " and ".join(type(each).__name__.lower() for each in trees) or "nothing"
        message = f"expected one reading SELECT, got {names}"
        raise ValueError(message)
    for node in trees[0].walk():
        problem = None
        if isinstance(node, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Into | exp.Lock):
            problem = f"expected one reading SELECT: {type(node).__name__.lower()!r} writes"
        elif isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) and not _FAMILIES.match(node.name):
            problem = f"a query may not call {node.name!r}, only functions that count, compare and compute"
        elif isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
            problem = f"a query may not call {node.sql()!r}; only PostgreSQL's own functions, without a schema"
        if problem:
            raise ValueError(problem)
    return trees[0].sql(dialect="postgres", comments=False)
