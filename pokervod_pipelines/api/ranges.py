"""Read which bytes of a file a client asks for (RFC 9110, section 14). Pure."""

import re
from collections.abc import Mapping
from email.utils import formatdate

from pokervod_pipelines.api.errors import Refused

MOST_RANGES = 10
"""Ranges of one request; players ask for one, and thousands of them are an attack."""

_ONE = re.compile(r"(\d{1,19})-(\d{0,19})|-(\d{1,19})")


def read_ranges(header: str, size: int) -> list[range] | None:
    """Return the bytes that are asked for, in order and without overlap; None for the whole file.

    What is no list of byte ranges counts as none, as the standard has it. Raises ``Refused`` where the file has none of
    them, or for too many.

    >>> read_ranges("bytes=0-3, 2-9", 8), read_ranges("bytes=-3", 8), read_ranges("bytes=8", 8)
    ([range(0, 8)], [range(5, 8)], None)
    """
    unit, _, listed = header.partition("=")
    parts = [part.strip(" \t") for part in listed.split(",")]
    found = [_ONE.fullmatch(part) for part in parts if part]
    if unit.strip().lower() != "bytes" or not found or not all(found):
        return None
    if len(found) > MOST_RANGES:
        raise _refuse(f"expected at most {MOST_RANGES} ranges, got {len(found):,}; ask for fewer", size)
    spans = [_read_one(each[1], each[2], each[3], size) for each in found if each is not None]
    if None in spans:
        return None
    asked = sorted((span for span in spans if span), key=lambda span: span.start)
    if not asked:
        raise _refuse(f"the file has {size:,} bytes, none of those that were asked for", size)
    return _merge(asked)


def _read_one(first: str | None, last: str, most: str | None, size: int) -> range | None:
    """Return the bytes of one range, as far as the file has them; None where its end is before its beginning."""
    if first is None:
        return range(max(size - int(most or 0), 0), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1 if last else size, size))


def _merge(spans: list[range]) -> list[range]:
    merged = [spans[0]]
    for span in spans[1:]:
        if span.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return merged


def _refuse(said: str, size: int) -> Refused:
    return Refused(416, said, headers={"Content-Range": f"bytes */{size}"})


def find_ranges(headers: Mapping[str, str], *, size: int, etag: str, changed_at: float) -> list[range] | None:
    """Return the bytes that the headers of a request ask for, None for the whole file.

    ``If-Range`` asks for a part only of the file that the client has: any other one is sent whole.
    """
    asked, had = headers.get("range"), headers.get("if-range")
    if asked is None or (had is not None and had not in {etag, format_date(changed_at)}):
        return None
    return read_ranges(asked, size)


def format_date(at: float) -> str:
    """Return the time as HTTP writes it."""
    return formatdate(at, usegmt=True)
