"""Declare the fields of a file that a person may correct, and apply corrections to the facts that rules read.

Pure. A correction wins over every rule: it sets its fact, and removes the facts that would place the file elsewhere
(an episode number those of clip and hand). ``corrections`` records who corrected what and when.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pokervod_pipelines.catalog import vocabulary
from pokervod_pipelines.errors import BadInput

NOT_KNOWN = "none"
"""What a person writes to say that a fact is not known, whatever a rule reads."""

Value = int | str | list[str] | None

_WIDE = frozenset({"project_code", "sub_series", "year", "season"})
"""Facts of the season: in a file of two events they hold for both, all others for the first."""

_NO_PLACE = frozenset({"year", "date", "buy_in"})
"""Facts that leave a file without a name of its own (``HyperDeck_0028``) a loose recording, as folders do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Describe a field: the fact that it sets, how its value is read, and the facts that it replaces."""

    fact: str
    allowed: str
    read: Callable[[str], Value]
    replaces: tuple[str, ...] = ()
    may_be_unknown: bool = True


def read_correction(field: str, text: str) -> Value:
    """Return the value as it is stored; None for "none". Raises ``BadInput`` that names the allowed values."""
    known = FIELDS.get(field)
    if known is None:
        raise BadInput(f"unknown field {field!r}; expected one of {', '.join(FIELDS)}")
    written = " ".join(text.split())
    if known.may_be_unknown and written.lower() == NOT_KNOWN:
        return None
    try:
        return known.read(written)
    except ValueError:
        unknown = f", or {NOT_KNOWN}" if known.may_be_unknown else ""
        raise BadInput(f"{field}: expected {known.allowed}{unknown}, got {text!r}") from None


def show_value(field: str, facts: Mapping[str, Any]) -> Value:
    """Return the present value of a field, as a person would write it."""
    if field == "event":
        if facts.get("event_number") is not None:
            return int(facts["event_number"])
        name = facts.get("event_code_or_name")
        return "main event" if name is None and facts.get("event_kind") == "main_event" else name
    value: Value = facts.get(FIELDS[field].fact)
    return value


def apply_corrections(facts: Mapping[str, Any], corrections: Iterable[tuple[str, Value]]) -> dict[str, Any]:
    """Return the facts with the corrections applied, oldest first; ``corrected`` names the corrected facts."""
    result = dict(facts)
    for field, value in corrections:
        changes = _list_changes(field, value)
        _set_facts(result, changes)
        if second := result.get("second_event"):
            result["second_event"] = dict(second)
            _set_facts(result["second_event"], {fact: new for fact, new in changes.items() if fact in _WIDE})
        _note_source(result, FIELDS[field].fact if field != "event" else "event_number")
    return result


def _list_changes(field: str, value: Value) -> dict[str, Value]:
    changes: dict[str, Value] = dict.fromkeys(FIELDS[field].replaces)
    if field != "event":
        return changes | {FIELDS[field].fact: value}
    if isinstance(value, int):
        return {"event_kind": None, "event_number": value}
    is_main = value is not None and str(value).casefold() in {"main event", "me"}
    named = {"event_kind": "main_event"} if is_main else {"event_code_or_name": value}
    return changes | {"event_kind": None, "event_code_or_name": None} | named


def _set_facts(facts: dict[str, Any], changes: Mapping[str, Value]) -> None:
    for fact, value in changes.items():
        facts.pop(fact, None)
        if value is not None:
            facts[fact] = value


def _note_source(facts: dict[str, Any], fact: str) -> None:
    facts["corrected"] = sorted({*facts.get("corrected", ()), fact})
    from_folder = set(facts.pop("from_folder", ()))
    from_folder = from_folder | {fact} if fact in _NO_PLACE and fact in facts else from_folder - {fact}
    if from_folder:
        facts["from_folder"] = sorted(from_folder)


def _read_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text.lstrip("#$€").replace(",", "")) if text.isascii() else 0
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _read_choice(choices: Iterable[str]) -> Callable[[str], str]:
    known = {choice.casefold(): choice for choice in choices}

    def read(text: str) -> str:
        return known[text.casefold()] if text.casefold() in known else _refuse()

    return read


def _refuse() -> str:
    raise ValueError


def _read_text(text: str) -> str:
    return text if text and text.isprintable() else _refuse()


def _read_event(text: str) -> int | str:
    digits = text.casefold().removeprefix("event").strip(" #")
    return _read_number(1, 999)(digits) if digits.isdigit() else _read_text(text)


def _read_flight(text: str) -> str:
    return text.upper() if text.isascii() and text.isalpha() and len(text) <= 8 else _refuse()


def _read_day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _read_people(text: str) -> list[str]:
    return [_read_text(person.strip()) for person in text.split(",")]


def _number(fact: str, high: int, *replaces: str, low: int = 1) -> Field:
    return Field(
        fact=fact, allowed=f"a number from {low} to {high}", read=_read_number(low, high), replaces=replaces
    )  # fmt: skip


def _text(fact: str, allowed: str, read: Callable[[str], Value] = _read_text, *, may_be_unknown: bool = True) -> Field:
    return Field(fact=fact, allowed=allowed, read=read, may_be_unknown=may_be_unknown)


_PROJECTS = tuple(vocabulary.PROJECT_TITLES)
_STAGES = tuple(vocabulary.STAGE_TITLES)

FIELDS: Mapping[str, Field] = {
    "project": _text("project_code", f"one of {', '.join(_PROJECTS)}", _read_choice(_PROJECTS), may_be_unknown=False),
    "series": _text("sub_series", "the series within the show, such as WSOP-EUROPE"),
    "year": _number("year", 2099, low=1960),
    "season": _number("season", 199),
    "event": Field(
        fact="event_number",
        allowed="an event's number, its name, or main event",
        read=_read_event,
        replaces=("event_number",),
    ),
    "episode": _number("episode_number", 999, "show_number", "seq", "clip_number", "hand_number"),
    "show": _number("show_number", 999, "seq", "clip_number", "hand_number"),
    "clip": _number("clip_number", 9999, "hand_number"),
    "hand": _number("hand_number", 9999),
    "day": _number("day", 99),
    "flight": _text("flight", "letters, such as A or ABD", _read_flight),
    "part": _number("part", 99),
    "session": _number("session", 99),
    "stage": _text("stage", f"one of {', '.join(_STAGES)}", _read_choice(_STAGES)),
    "game": _text("game", "a game, such as NLHE or PLO"),
    "buy_in": _number("buy_in", 10_000_000),
    "date": _text("date", "a day as 2025-05-07", _read_day),
    "version": _text("version", "a cut, such as clean or mastered"),
    "players": _text("players", "names with commas between them", _read_people),
    "title": _text("title", "a title in words", may_be_unknown=False),
}
"""Everything a person can correct, in the order of the tree."""
