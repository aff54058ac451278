"""Compare the programmes that names encode. Sheets never import the catalog; they take this function as a parameter."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from pokervod_pipelines.catalog.names import ParsedName, explain_name, parse_name
from pokervod_pipelines.catalog.names.unread import find_unread


@dataclass(eq=False)
class NameIdentity:
    """Equal another of the same programme; the unread numbers are read only once two names share all else."""

    facts: tuple[Hashable, ...]
    name: str

    @cached_property
    def unread(self) -> str:
        """Return the numbers of the name that no rule read."""
        return find_unread(self.name, explain_name(self.name))

    def __hash__(self) -> int:
        return hash(self.facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NameIdentity) and self.facts == other.facts and self.unread == other.unread


def identify_name(name: str) -> NameIdentity | None:
    """Return a value that is equal for names of the same programme, or None for a name that does not encode enough.

    The name itself must encode year, event and place in the series. Version, title and spelling of the event do not
    count, but a number that no rule read does.
    """
    parsed = parse_name(name)
    if parsed.project_code is None or parsed.year is None or not _is_specific(parsed):
        return None
    facts = (
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
    return NameIdentity(facts, name)


def _is_specific(parsed: ParsedName) -> bool:
    has_event = parsed.event_number is not None or parsed.event_kind is not None
    has_place = any(each is not None for each in (parsed.day, parsed.stage, parsed.part, parsed.episode_number))
    return parsed.clip_number is not None or parsed.show_number is not None or (has_event and has_place)
