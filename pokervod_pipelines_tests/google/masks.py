"""Apply field masks such as ``files(id,name),nextPageToken`` or ``sheets.properties.title``."""

import re
from typing import Any

Mask = dict[str, Any]
"""Field to the mask inside it; an empty one lets everything through."""


def apply_mask(body: dict[str, Any], text: str | None) -> dict[str, Any]:
    """Return the fields that the mask names; without one, or with ``*``, all of them."""
    return body if not text or text == "*" else _select(body, parse_mask(text))


def parse_mask(text: str) -> Mask:
    """Return the mask as a tree."""
    mask, _ = _parse(re.findall(r"[\w*]+|[(),./]", text), 0)
    return mask


def _parse(tokens: list[str], place: int) -> tuple[Mask, int]:
    mask: Mask = {}
    inner = mask
    while place < len(tokens) and tokens[place] != ")":
        token = tokens[place]
        if token == ",":
            inner = mask
        elif token == "(":
            found, place = _parse(tokens, place + 1)
            inner.update(found)
        elif token not in "./":
            inner = inner.setdefault(token, {})
        place += 1
    return mask, place


def _select(body: Any, mask: Mask) -> Any:
    if not mask or "*" in mask:
        return body
    if isinstance(body, list):
        return [_select(item, mask) for item in body]
    if not isinstance(body, dict):
        return body
    return {key: _select(value, mask[key]) for key, value in body.items() if key in mask}
