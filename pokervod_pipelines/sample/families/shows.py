"""List the other shows: Poker After Dark, Game of Gold, GGMillion$ and the Mediterranean Poker Party."""

from collections.abc import Iterator

from pokervod_pipelines.sample.entries import GIGABYTE, MEGABYTE, SampleFile, make_video, seeded
from pokervod_pipelines.sample.vocabulary import PLAYERS

FINAL, TRULY_FINAL, CLEAN = "최종", "찐최종", "클린본"

GAME_OF_GOLD = {
    1: (f"{CLEAN}_240202",),
    2: ("20240213", CLEAN),
    3: (f"20240214_{FINAL}", f"{CLEAN}_20240206"),
    4: ("240216", f"20240219_{FINAL}", f"20240221_{TRULY_FINAL}", f"{CLEAN}_20240207"),
    5: (f"20240220_{FINAL}", f"{CLEAN}_20240209"),
    6: ("20240222", f"20240223_{TRULY_FINAL}"),
    7: ("240226", f"{CLEAN}_240219"),
    8: ("20240227",),
    9: (f"20240228_{FINAL}", f"20240229_{TRULY_FINAL}", f"{CLEAN}_20240221"),
    10: ("20240301",),
    11: (f"20240304_{TRULY_FINAL}", f"{CLEAN}_20240226"),
    12: (f"20240306_{FINAL}", f"{CLEAN}_20250109"),
}
"""Episode → its edits; the date is that of the edit."""

PARTY_EVENTS = (
    ("$3M GTD   $3K MPP High Roller", ("Day 1A", "Day 1B", "Day 2 Session 1", "Day 2 Session 2", "Final Table")),
    ("$2M GTD   $1.5K MPP Mystery Bounty", ("Day 1A", "Day 2", "Final Day")),
    ("$1M GTD   $500 MPP Grand Final", ("Day 1C", "Day 3", "Final Table")),
)


def list_files() -> Iterator[SampleFile]:
    """Yield the files of the four shows."""
    yield from _list_poker_after_dark()
    yield from _list_game_of_gold()
    yield from _list_ggmillions()
    yield from _list_poker_party()


def _list_poker_after_dark() -> Iterator[SampleFile]:
    rng = seeded("poker after dark")
    names = [f"PAD S12/pad-s12-ep{episode:02d}-{rng.randrange(41, 99):03d}" for episode in range(1, 17)]
    names += [f"PAD S13/PAD_S13_EP{episode:02d}_GGPoker-{rng.randrange(41, 99):03d}" for episode in range(1, 17)]
    names += [
        "PAD S13/PAD_S13_EP17_FinalLook-HiRes-051",
        "PAD S13/PAD_S13_EP18_FinalLook_HiRes-052",
        "PAD S13/PAD_S13_EP19_BestOf_FinalLook_HiRes-053",
    ]
    about = {"project": "PAD", "tournament": "Poker After Dark", "location": "LAS VEGAS"}
    for name in names:
        path = f"ARCHIVE/PAD/{name}.mp4"
        yield make_video(path, min_bytes=5 * GIGABYTE, max_bytes=5_700 * MEGABYTE, about=about)


def _list_game_of_gold() -> Iterator[SampleFile]:
    about = {"project": "GOG", "tournament": "Game of Gold"}
    for episode, edits in GAME_OF_GOLD.items():
        for edit in edits:
            path = f"ARCHIVE/GOG 최종/e{episode:02d}/E{episode:02d}_GOG_final_edit_{edit}.mp4"
            yield make_video(path, min_bytes=6 * GIGABYTE, max_bytes=7 * GIGABYTE, about=about)


def _list_ggmillions() -> Iterator[SampleFile]:
    rng = seeded("ggmillions")
    about = {"project": "GGMILLIONS", "tournament": "GGMillion$"}
    for week in range(22):
        first, second = rng.sample(PLAYERS, 2)
        guests = f"{first} & {second}" if week % 3 == 0 else first
        date = f"25{1 + week // 4:02d}{1 + week % 4 * 7:02d}_" if week % 2 else ""
        copy = " (1)" if week % 10 == 4 else ""
        path = f"ARCHIVE/GGMillions/{date}Super High Roller Poker FINAL TABLE with {guests}{copy}.mp4"
        yield make_video(path, min_bytes=800 * MEGABYTE, max_bytes=1_900 * MEGABYTE, about={**about, "players": guests})


def _list_poker_party() -> Iterator[SampleFile]:
    about = {"project": "MPP", "year": "2024", "location": "CYPRUS", "tournament": "MPP"}
    for event, days in PARTY_EVENTS:
        for day in days:
            path = f"ARCHIVE/MPP/2024 MPP Cyprus/{event}/{event} – {day}.mp4"
            yield make_video(path, min_bytes=9 * GIGABYTE, max_bytes=15 * GIGABYTE, about=about)
