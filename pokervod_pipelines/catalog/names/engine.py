"""Runs the rules on a path: prepare, let the first family that claims the name read it, believe the folders last."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pokervod_pipelines.catalog.names.folders import believe_folders, read_folders
from pokervod_pipelines.catalog.names.parsed import NOTHING, Finding, ParsedName, Value
from pokervod_pipelines.catalog.names.prepare import prepare_name
from pokervod_pipelines.catalog.names.reading import Reading
from pokervod_pipelines.catalog.names.rules import FAMILIES
from pokervod_pipelines.catalog.names.second_event import find_second_event


def parse_name(path: str) -> ParsedName:
    """What a path, or a file name or title alone, tells about its file. Folders are separated by ``/``.

    Never raises. A file that is no content (system files, links, hidden folders) tells nothing at all.
    """
    reading = _read(path)
    return reading.answer() if reading else NOTHING


def explain_name(path: str) -> list[Finding]:
    """Every field that ``parse_name`` answers, in column order, with the rule, its words and who told them.

    The words are quoted with separators as single spaces, as rules see them; the source is ``name`` or ``folder``.
    """
    reading = _read(path)
    return reading.findings() if reading else []


def parse_events(path: str) -> tuple[ParsedName, ...]:
    """The answer for each event that the file holds: one, or two as in ``Day 1B & $100K PLO Final Table``.

    The first is that of ``parse_name``; the second shares its project, series and year.
    """
    first, name = parse_name(path), prepare_name(path)
    place = find_second_event(name.text) if name and "&" in name.text else None
    if name is None or place is None:
        return (first,)
    second = Reading(name.cut(place + len(" & ")))
    _read_by_family(second)
    common = {field: getattr(first, field) for field in ("project_code", "sub_series", "year", "year_in_filename")}
    return first, replace(second.answer(), **common)


def find_family(path: str) -> str | None:
    """The family that reads the name (see ``rules``); None for a file that is no content."""
    name = prepare_name(path)
    if name is None:
        return None
    reading = Reading(name, read_folders(name.folder))
    return next(family.name for family in FAMILIES if family.claims(reading))


def parse_lines(lines: Iterable[str]) -> Iterator[dict[str, Value]]:
    """One answer per line and in its order, ready for JSON; line ends are not part of a path."""
    for line in lines:
        yield parse_name(line.rstrip("\r\n")).as_dict()


def _read(path: str) -> Reading | None:
    name = prepare_name(path)
    if name is None:
        return None
    if "&" in name.text and (place := find_second_event(name.text)):
        name = name.cut(0, place)
    reading = Reading(name, read_folders(name.folder))
    _read_by_family(reading)
    return reading


def _read_by_family(reading: Reading) -> None:
    for family in FAMILIES:
        if family.claims(reading):
            for read in family.facts:
                read(reading)
            believe_folders(reading)
            for read in family.facts_after_folders:
                read(reading)
            return
