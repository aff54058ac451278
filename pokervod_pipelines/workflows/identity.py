"""What a title and a file name must share to be the same programme, as the catalog's rules read both.

Sheets never import the catalog; they take this function as a parameter.
"""

from collections.abc import Hashable

from pokervod_pipelines.catalog.names import ParsedName, parse_name


def identify_name(name: str) -> Hashable | None:
    """A value equal for names that encode the same programme, or None where a name does not encode enough.

    Year, event and place in the series must all be told by the name itself; a version, a title or a spelling of the
    event does not count.
    """
    parsed = parse_name(name)
    if parsed.project_code is None or parsed.year is None or not _is_specific(parsed):
        return None
    return (
        parsed.project_code,
        parsed.year,
        parsed.season,
        parsed.show_number,
        parsed.episode_number,
        parsed.event_number,
        parsed.event_kind,
        parsed.day,
        (parsed.flight or "").upper(),
        parsed.part,
        parsed.session,
        parsed.stage,
        parsed.clip_number,
        parsed.hand_number,
        parsed.buy_in if parsed.event_number is None else None,
    )


def _is_specific(parsed: ParsedName) -> bool:
    has_event = parsed.event_number is not None or parsed.event_kind is not None
    has_place = any(each is not None for each in (parsed.day, parsed.stage, parsed.part, parsed.episode_number))
    return parsed.clip_number is not None or parsed.show_number is not None or (has_event and has_place)
