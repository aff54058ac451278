"""Decode the JSON of a session file, and distinguish an unfinished file from one that is not a session."""

import json
import re
from typing import Any

from pokervod_pipelines.errors import BadInput

WORDS = ("true", "false", "null", "-", "NaN", "Infinity", "-Infinity")
CUT_ESCAPE = re.compile(r"\\u?[0-9a-fA-F]{0,3}\Z")


class UnfinishedFile(BadInput):
    """Raised for a file that ends in the middle: it is being written, or its writer died; wait for it to grow."""


class NotASession(BadInput):
    """Raised for a file that is not a PokerGFX session; the text says why."""


def decode_json(raw: bytes, file: str) -> Any:
    """Return the JSON of the file.

    Raises:
        UnfinishedFile: the beginning is valid and the end is missing.
        NotASession: it is not JSON, and more bytes would not change that.

    """
    if not raw.strip(b"\x00 \t\r\n"):
        message = f"{file}: the file is empty; it is being written or its writer died"
        raise UnfinishedFile(message)
    text = _decode(raw, file)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if _is_cut(text, error):
            message = f"{file}: the file ends in the middle, at character {len(text):,}; wait until it is written"
            raise UnfinishedFile(message) from error
        message = (
            f"{file}: not JSON at line {error.lineno}, column {error.colno}: {error.msg}; export the session again"
        )
        raise NotASession(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{file}: not a session: {str(error)[:120]}; export the session again"
        raise NotASession(message) from error


def _decode(raw: bytes, file: str) -> str:
    encoding = json.detect_encoding(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        if error.reason in {"unexpected end of data", "truncated data"}:
            message = f"{file}: the file ends inside a character; wait until it is written"
            raise UnfinishedFile(message) from error
        message = f"{file}: byte {error.start:,} is not {encoding}; save the file as UTF-8"
        raise NotASession(message) from error


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Return whether more characters could make this JSON; a session begins with a brace."""
    if not text.lstrip().startswith("{"):
        return False
    rest = text[error.pos :].strip("\x00 \t\r\n")
    if not rest or text.endswith("\x00"):
        return True
    if error.msg.startswith("Unterminated string"):
        return True
    if "escape" in error.msg:
        return bool(CUT_ESCAPE.search(text))
    return any(word.startswith(rest) for word in WORDS)
