"""Parse PHH text into the fields of its hands, with every amount as a whole number of the smallest unit."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.fields import MAX_CHIPS, describe
from pokervod_pipelines.text.folding import make_storable

LISTS = ("antes", "blinds_or_straddles", "starting_stacks", "finishing_stacks")
AMOUNTS = ("bring_in", "small_bet", "big_bet", "min_bet")
REQUIRED = ("variant", "antes", "starting_stacks", "actions")
NOMINAL_STACK = 10**12
"""Stands for a stack that the text does not know (``inf``): no pot is larger."""

MAX_DECIMALS = 6
MAX_SEAT = 2**31
CENTS = 2


class BadPhh(BadInput):
    """Raised for a text that is not a valid PHH hand of a known variant; it says why."""


@dataclass(frozen=True, slots=True)
class PhhFields:
    """Hold the fields of one hand; amounts are in units of 10 to the power of minus ``decimals``.

    ``key`` is the hand's place in its file, empty for a file of one hand; ``unknown`` are the indexes of players whose
    stack is not known.
    """

    values: Mapping[str, Any]
    key: str
    decimals: int
    unknown: frozenset[int]


def split_hands(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the tables of the hands with their keys: one of a ``.phh`` text, any number of a ``.phhs`` text.

    Raises:
        BadPhh: the text is not TOML, or not one table for each hand.

    """
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, InvalidOperation, RecursionError, ValueError) as error:
        raise BadPhh(f"not a valid PHH hand: {str(error)[:160]}") from error
    if tables and "variant" not in tables and all(isinstance(table, dict) for table in tables.values()):
        return list(tables.items())
    return [("", tables)]


def read_fields(key: str, table: Mapping[str, Any], *, least_decimals: int = 0) -> PhhFields:
    """Return the fields of one hand.

    Raises:
        BadPhh: a field is missing or of another type.

    """
    for name in REQUIRED:
        if name not in table:
            raise BadPhh(f"not a valid PHH hand: the field {name} is missing")
    written = dict(_list_amounts(table))
    decimals = max([least_decimals, *(_count_decimals(amount) for amount in written.values() if amount.is_finite())])
    decimals = max(decimals, CENTS) if decimals else 0
    if decimals > MAX_DECIMALS:
        raise BadPhh(f"not a valid PHH hand: an amount has {decimals} decimals, at most {MAX_DECIMALS} are possible")
    scaled = {place: _scale(amount, decimals) for place, amount in written.items()}
    values = {name: _store_text(value) for name, value in table.items()}
    for name in LISTS:
        if name in table:
            values[name] = [scaled[name, at] for at in range(len(table[name]))]
    values |= {name: scaled[name, 0] for name in AMOUNTS if name in table}
    values["actions"] = [_scale_action(text, at, scaled) for at, text in enumerate(table["actions"])]
    unknown = frozenset(
        at for (name, at), amount in written.items() if name == "starting_stacks" and not amount.is_finite()
    )
    _check_lengths(values)
    _check_types(values)
    return PhhFields(values, key, decimals, unknown)


def _check_lengths(values: Mapping[str, Any]) -> None:
    count = len(values["starting_stacks"])
    for name in (*LISTS, "players", "seats"):
        if name in values and (not isinstance(values[name], list) or len(values[name]) != count):
            raise BadPhh(f"not a valid PHH hand: {name} must list {count} players, as starting_stacks does")


def _check_types(values: Mapping[str, Any]) -> None:
    seats, players = values.get("seats", [1]), values.get("players", [])
    if not all(type(seat) is int and 0 < seat < MAX_SEAT for seat in seats) or len({*seats}) < len(seats):
        raise BadPhh("not a valid PHH hand: seats: expected different whole numbers from 1")
    if not all(isinstance(player, str) for player in players):
        raise BadPhh("not a valid PHH hand: players: expected a list of strings")
    for name in ("year", "month", "day"):
        if type(values.get(name, 0)) is not int:
            raise BadPhh(f"not a valid PHH hand: {name}: expected a number, got {describe(values[name])}")
    if not isinstance(values["variant"], str):
        raise BadPhh(f"not a valid PHH hand: variant: expected text, got {describe(values['variant'])}")


def _list_amounts(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, int], Decimal]]:
    for name in LISTS:
        if not isinstance(table.get(name, []), list):
            raise BadPhh(f"not a valid PHH hand: {name}: expected a list, got {describe(table[name])}")
        for at, value in enumerate(table.get(name, [])):
            yield (name, at), _read_amount(name, value, may_be_unknown=name.endswith("stacks"))
    for name in AMOUNTS:
        if name in table:
            yield (name, 0), _read_amount(name, table[name])
    actions = table["actions"]
    if not isinstance(actions, list) or not all(isinstance(action, str) for action in actions):
        raise BadPhh("not a valid PHH hand: actions: expected a list of strings")
    for at, action in enumerate(actions):
        match action.partition("#")[0].split():
            case _, "cbr", amount:
                yield ("actions", at), _read_amount("actions", amount)


def _read_amount(name: str, value: Any, *, may_be_unknown: bool = False) -> Decimal:
    try:
        amount = Decimal(value) if isinstance(value, int | Decimal | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or amount.is_nan() or not (amount.is_finite() or may_be_unknown):
        raise BadPhh(f"not a valid PHH hand: {name}: expected an amount, got {describe(value)}")
    if amount.is_finite() and (abs(amount) > MAX_CHIPS or (amount < 0 and name != "blinds_or_straddles")):
        raise BadPhh(f"not a valid PHH hand: {name}: the amount {str(amount)[:30]} is negative or too large")
    return amount


def _count_decimals(amount: Decimal) -> int:
    return max(0, -int(amount.normalize().as_tuple().exponent))


def _scale(amount: Decimal, decimals: int) -> int:
    return int(amount.scaleb(decimals)) if amount.is_finite() else NOMINAL_STACK


def _scale_action(text: str, at: int, scaled: Mapping[tuple[str, int], int]) -> str:
    if ("actions", at) not in scaled:
        return text
    words, hash_sign, comment = text.partition("#")
    return f"{' '.join([*words.split()[:2], str(scaled['actions', at])])} {hash_sign}{comment}".rstrip()


def _store_text(value: Any) -> Any:
    if isinstance(value, str):
        return make_storable(value)
    return [_store_text(each) for each in value] if isinstance(value, list) else value
