"""Hide secrets in what programs print: values of the environment, users in addresses, tokens in headers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

MIN_SECRET_LENGTH = 4
"""Anything shorter is a word that occurs in many sentences."""

_SECRET_NAME = re.compile(r"token|secret|passw|pwd|key|credential|auth|dsn|url|hook", re.IGNORECASE)
_FOLDERS = {"PWD", "OLDPWD"}
"""Variables of the shell with a folder, which ``pwd`` would take for a password."""

_USER = re.compile(r"(?<=://)([^\s/@]+)@")
_QUERY = re.compile(r"(https?://[^\s?#]+)\?[^\s#]+")
_STATEMENT = re.compile(
    r"\s*\[SQL: .*?(?:\n\s*\[parameters: [^\n]*|\n\s*\(Background on [^\n]*|\Z)"
    r"|\s*\(Background on this error at: [^\n)]*\)",
    re.DOTALL,
)
"""What SQLAlchemy adds to an error: statement, parameters and a link; a statement without these ends with the text."""

_ROW = re.compile(r"\n\s*DETAIL: +(?:Failing row contains|Key) \([^\n]*")
"""What PostgreSQL adds to an error: values of the row."""

_HEADER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}", re.IGNORECASE)


def hide_secrets(text: str, environment: Mapping[str, str], addresses: Iterable[str] = ()) -> str:
    """Return the text with ``***`` for every secret of the environment or an address, and for what looks like one."""
    return hide_known(text, find_secrets(environment, addresses))


def find_secrets(environment: Mapping[str, str], addresses: Iterable[str] = ()) -> tuple[str, ...]:
    """Return every secret of the environment or an address, the longest first, for ``hide_known``."""
    values = [value for name, value in environment.items() if name not in _FOLDERS and _SECRET_NAME.search(name)]
    found = {*_list_parts(values), *_list_passwords([*values, *addresses])}
    return tuple(sorted((each for each in found if len(each) >= MIN_SECRET_LENGTH), key=len, reverse=True))


def hide_known(text: str, secrets: Iterable[str]) -> str:
    """Return the text with ``***`` for these secrets, and for what looks like one."""
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _USER.sub("***@", text)
    text = _QUERY.sub(r"\1?***", text)
    return _HEADER.sub(r"\1 ***", text)


def hide_statements(text: str) -> str:
    r"""Return the text of database errors without their statements, parameters and values of rows.

    >>> hide_statements("(x.Error) gone\n[SQL: select %(a)s]\n[parameters: {'a': 'Ana'}]\nnext")
    '(x.Error) gone\nnext'
    """
    return _ROW.sub("", _STATEMENT.sub("", text)) if "\n" in text else text


def _list_parts(values: Iterable[str]) -> Iterator[str]:
    """Yield each value and its lines: a program may print one line of a key."""
    for value in values:
        yield value.strip()
        yield from (line.strip() for line in value.splitlines())


def _list_passwords(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        if user := _USER.search(address):
            password = user[1].partition(":")[2]
            yield from (password, unquote(password))
