"""Run the rules on a path: prepare it, let the first family that matches the name read it, then the folders."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pokervod_pipelines.catalog.names.folders import inherit_from_folders, read_folders
from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.parsed import NOTHING, NameFinding, ParsedName, Value
from pokervod_pipelines.catalog.names.prepare import prepare_name
from pokervod_pipelines.catalog.names.rules import FAMILIES
from pokervod_pipelines.catalog.names.second_event import find_second_event


def parse_name(path: str) -> ParsedName:
    """Return what a path, or a file name or title alone, encodes about its file. Folders are separated by ``/``.

    Never raises. All fields of a file without content (system files, links, hidden folders) are None.
    """
    fields = _read(path)
    return fields.answer() if fields else NOTHING


def explain_name(path: str) -> list[NameFinding]:
    """Return every field that ``parse_name`` answers, in column order, with the rule, its words and their source.

    The words have separators as single spaces, as rules see them; the source is ``name`` or ``folder``.
    """
    fields = _read(path)
    return fields.findings() if fields else []


def parse_events(path: str) -> tuple[ParsedName, ...]:
    """Return the answer for each event in the file: one, or two as in ``Day 1B & $100K PLO Final Table``.

    The first is that of ``parse_name``; the second shares its project, series and year.
    """
    first, second = parse_name(path), _read_second(path)
    if second is None:
        return (first,)
    common = {field: getattr(first, field) for field in ("project_code", "sub_series", "year", "year_in_filename")}
    return first, replace(second.answer(), **common)


def explain_second_event(path: str) -> list[NameFinding]:
    """Return what ``explain_name`` returns, for the second event of the file; empty if it has one."""
    second = _read_second(path)
    return second.findings() if second else []


def find_family(path: str) -> str | None:
    """Return the family that reads the name (see ``rules``); None for a file without content."""
    name = prepare_name(path)
    if name is None:
        return None
    fields = NameFields(name, read_folders(name.folder))
    return next(family.name for family in FAMILIES if family.matches(fields))


def parse_lines(lines: Iterable[str]) -> Iterator[dict[str, Value]]:
    """Yield one answer per line, in order, ready for JSON; line ends are not part of a path."""
    for line in lines:
        yield parse_name(line.rstrip("\r\n")).as_dict()


def _read(path: str) -> NameFields | None:
    name = prepare_name(path)
    if name is None:
        return None
    if "&" in name.text and (place := find_second_event(name.text)):
        name = name.cut(0, place)
    fields = NameFields(name, read_folders(name.folder))
    _read_by_family(fields)
    return fields


def _read_second(path: str) -> NameFields | None:
    name = prepare_name(path) if "&" in path else None
    place = find_second_event(name.text) if name else None
    if name is None or place is None:
        return None
    second = NameFields(name.cut(place + len(" & ")))
    _read_by_family(second)
    return second


def _read_by_family(fields: NameFields) -> None:
    for family in FAMILIES:
        if family.matches(fields):
            for read in family.facts:
                read(fields)
            inherit_from_folders(fields)
            for read in family.facts_after_folders:
                read(fields)
            return
