"""Measure the import of session files and the replay of their hands."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.hands.stored_replay import replay_hands
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.bench.figure import Figure, scratch, scratch_database
from pokervod_pipelines_tests.hands.sessions import (
    SESSION_ID,
    Json,
    make_player,
    make_showdown,
    make_walk,
    write_session,
)

HANDS_A_FILE = 100


OTHERS = ("2c 3c", "4c 5c", "6c 8c", "9c 10c", "jc qc")


def make_full_hand(number: int) -> Json:
    """Return a hand at a table of eight; two of them have 27 events, the average of real hands."""
    hand = (make_walk if number % 2 else make_showdown)(number=number, at=number)
    others = [make_player(seat, cards=cards) for seat, cards in enumerate(OTHERS, 4)]
    folds = [event | {"PlayerNum": seat} for seat in range(4, 9) for event in hand["Events"][1:2]]
    hand["Players"] += others
    hand["Events"] = folds + hand["Events"]
    return hand


def write_sessions(folder: Path, hands: int) -> None:
    """Write this many hands in session files below the folder."""
    folder.mkdir()
    made = [make_full_hand(number) for number in range(HANDS_A_FILE)]
    for at in range(hands // HANDS_A_FILE):
        raw = write_session(*made, ID=SESSION_ID + at)
        (folder / f"PGFX_live_data_export GameID={SESSION_ID + at}.json").write_bytes(raw)


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Measure an import from nothing and the same again, in seconds."""
    count = 1_000 if is_small else 10_000
    with scratch() as folder, scratch_database(folder) as engine:
        write_sessions(folder / "table-1", count)
        settings = Settings(home=folder)
        target = "< 10" if count == 10_000 else ""
        for what, to_reach in ((f"{count:,} hands imported, s", target), ("the same files again, s", "")):
            started = time.perf_counter()
            import_hands(engine, settings, [folder / "table-1"], correlation_id="bench")
            yield Figure(what, f"{time.perf_counter() - started:.2f}", to_reach)
        report = replay_hands(engine, seconds_limit=5)
        yield Figure("replayed by the rules, hands a second", f"{report.hands / report.seconds:,.0f}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield Figure("largest memory of the process, MB", f"{peak:.0f}", "< 256")
