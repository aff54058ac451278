"""List WSOP bracelet clips: numbered highlights, clean (without graphics) and mastered."""

from collections.abc import Iterator

from pokervod_pipelines.sample.entries import MEGABYTE, SampleFile, make_video, seeded
from pokervod_pipelines.sample.vocabulary import CLIP_ENDINGS, GAME_CODES, HANDS, PLAYERS

YEAR = 2023
ROOT = f"ARCHIVE/WSOP/WSOP Bracelet Event/WSOP-LAS VEGAS/{YEAR} WSOP-LAS VEGAS (PokerGo Clip)"
BUY_INS = ("800", "1500", "3k", "5k", "10k", "25k", "50k", "100k", "250k")
CLIPS = 62
MAIN_EVENT_FROM = 42

CLEAN_MARKS = ("-clean", "-clean", "-clean", "-CLEAN", "-Clean", "-clean-updated", "-clean-002", "-updated")
MASTERED_MARKS = ("", "", "", "", "-dirty", "_1_prob4", "-correct")


def list_files() -> Iterator[SampleFile]:
    """Yield the clips, most of them in both versions."""
    rng = seeded("bracelet clips")
    for number in range(1, CLIPS + 1):
        player, rival = (full.split()[-1] for full in rng.sample(PLAYERS, 2))
        hand, other = rng.sample(HANDS, 2)
        ending = rng.choice(CLIP_ENDINGS).format(b=rival, hand=hand, other=other)
        subject = _name_main_event(number) if number >= MAIN_EVENT_FROM else _name_event(number, rng.choice(BUY_INS))
        base = f"{number}-wsop-{YEAR}-{subject}{player}-{ending}"
        clean, mastered = rng.choice(CLEAN_MARKS), rng.choice(MASTERED_MARKS)
        if number % 9:
            yield _make_clip(f"Clean/{base}{clean}.mp4", f"{player}; {rival}")
        yield _make_clip(f"Mastered/{base}{mastered}.mp4", f"{player}; {rival}")


def _name_event(number: int, buy_in: str) -> str:
    event = 2 * number - number % 2
    game = GAME_CODES[number % len(GAME_CODES)]
    stage = ("ft-", "ft-hs-", "day2-", "day03-hs-")[number % 4]
    return f"be-ev-{event:02d}-{buy_in}-{game}-{stage}"


def _name_main_event(number: int) -> str:
    days = ("day1a", "day1b-hs", "day1c", "day1D", "day2abc-hs", "day3", "day4", "day5", "day7", "ft-day1", "ft-day2")
    return f"me-{days[(number - MAIN_EVENT_FROM) // 2]}-"


def _make_clip(name: str, players: str) -> SampleFile:
    about = {
        "project": "WSOP",
        "year": str(YEAR),
        "location": "LAS VEGAS",
        "tournament": "Bracelet",
        "players": players,
    }
    return make_video(f"{ROOT}/{name}", min_bytes=90 * MEGABYTE, max_bytes=900 * MEGABYTE, about=about)
