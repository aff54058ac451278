"""Damage session files and hands: cut, swapped, miswritten files; one wrong field in a valid hand."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from pokervod_pipelines_tests.hands.sessions import (
    Json,
    make_session,
    make_showdown,
    make_side_pot,
    make_split,
    make_walk,
)

STRANGE: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 10**40, -(10**18), 1.5, 1e308, float("nan"), float("inf"), "", "10d", "\ud800",
    "\x00", "x" * 5_000, [], {}, [[]], ["10d 9d", None], {"ID": 1}, "2031-99-99T00:00:00Z", "PT-1S", "ALL IN",
)  # fmt: skip
ENCODINGS = ("latin-1", "cp949", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7")


def make_valid() -> Json:
    """Return a session of valid hands with names beyond ASCII."""
    session = make_session([make_showdown(), make_walk(at=3), make_side_pot(at=6), make_split(at=9)])
    session["Hands"][0]["Players"][0]["Name"] = "Åsa 김"
    return session


def list_places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key inside a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from list_places(value[key])


def mutate(seed: int) -> bytes:
    """Return a damaged session file; the same seed damages it in the same way."""
    chance = random.Random(seed)
    session = make_valid()
    damage = chance.choice([put_strange, put_strange, swap_fields, drop_field, cut, flip_bytes, encode, repeat])
    return damage(session, chance)


def write(session: Json) -> bytes:
    """Return the bytes, with half characters where the session holds them."""
    return json.dumps(session, ensure_ascii=True).encode()


def put_strange(session: Json, chance: random.Random) -> bytes:
    places = list(list_places(session))
    for _ in range(chance.randint(1, 4)):
        container, key = chance.choice(places)
        container[key] = chance.choice(STRANGE)
    return write(session)


def swap_fields(session: Json, chance: random.Random) -> bytes:
    (one, first), (other, second) = chance.sample(list(list_places(session)), 2)
    one[first], other[second] = json.loads(json.dumps(other[second])), json.loads(json.dumps(one[first]))
    return write(session)


def drop_field(session: Json, chance: random.Random) -> bytes:
    container, key = chance.choice(list(list_places(session)))
    del container[key]
    return write(session)


def cut(session: Json, chance: random.Random) -> bytes:
    raw = write(session)
    return raw[: chance.randrange(len(raw))]


def flip_bytes(session: Json, chance: random.Random) -> bytes:
    raw = bytearray(json.dumps(session, ensure_ascii=False).encode())
    for _ in range(chance.randint(1, 8)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


def encode(session: Json, chance: random.Random) -> bytes:
    text = json.dumps(session, ensure_ascii=False)
    return text.encode(chance.choice(ENCODINGS), "replace")


def repeat(session: Json, chance: random.Random) -> bytes:
    raw = write(session)
    return raw + raw[: chance.randrange(1, len(raw))]


Corruption = Callable[[Json, random.Random], None]


def change_stack(hand: Json, chance: random.Random) -> None:
    """Give one player another stack, at the start or the end."""
    player = chance.choice(hand["Players"])
    player[chance.choice(["StartStackAmt", "EndStackAmt"])] += chance.choice([100, 500, 7_000])


def change_amount(hand: Json, chance: random.Random) -> None:
    """Change one bet."""
    event = chance.choice([event for event in hand["Events"] if event["BetAmt"]])
    event["BetAmt"] = max(0, event["BetAmt"] + chance.choice([-100, 100, 1_000]))


def change_card(hand: Json, chance: random.Random) -> None:
    """Read one card as one that another place holds."""
    places: list[tuple[Json, str]] = [(event, "BoardCards") for event in hand["Events"] if event["BoardCards"]]
    cards = [card for player in hand["Players"] for card in player["HoleCards"][0].split()]
    place, key = chance.choice(places)
    place[key] = chance.choice(cards)


def change_winner(hand: Json, chance: random.Random) -> None:
    """Give one player's gain to another."""
    players = hand["Players"]
    winner = max(players, key=lambda player: player["EndStackAmt"] - player["StartStackAmt"])
    other = chance.choice([player for player in players if player is not winner])
    gain = winner["EndStackAmt"] - winner["StartStackAmt"]
    winner["EndStackAmt"] -= gain
    other["EndStackAmt"] += gain


def swap_hole_cards(hand: Json, chance: random.Random) -> None:
    """Give the winner's cards to a player who lost."""
    first, second = hand["Players"][0], hand["Players"][chance.choice([1, 2])]
    first["HoleCards"], second["HoleCards"] = second["HoleCards"], first["HoleCards"]


CORRUPTIONS: tuple[Corruption, ...] = (change_stack, change_amount, change_card, change_winner, swap_hole_cards)
