"""List WSOP streams from Las Vegas, 2021 to 2025: whole broadcast days, named like their web titles."""

from collections.abc import Iterator

from pokervod_pipelines.sample.entries import GIGABYTE, SampleFile, make_video, seeded
from pokervod_pipelines.sample.vocabulary import EVENTS, GAMES

ROOT = "ARCHIVE/WSOP/WSOP Bracelet Event/WSOP-LAS VEGAS"
BUY_INS = (600, 1_500, 2_500, 3_000, 5_000, 10_000, 25_000, 50_000)
MAIN_EVENT_DAYS = (
    "Day 1A", "Day 1B", "Day 1C", "Day 2ABD", "Day 2C", "Day 3", "Day 4", "Day 5 Part1", "Day 5 Part2",
    "Day 6 Part1", "Day 6 Part2", "Day 7", "Final Table Day 1", "Final Table Day 2",
)  # fmt: skip
PARTED_DAYS = (4, 5, 6, 7)

LONGEST_NAME = "WSOP 2025 Bracelet Events _ Event #99 $25K No-Limit Hold'em _ Pot-Limit Omaha High Roller"
"""A folder and a file of this name make a path of 289 characters, as long as the longest of a real archive."""


def list_files() -> Iterator[SampleFile]:
    """Yield the streams year by year."""
    for year in (2021, 2022, 2023):
        yield from _list_year(year)
    yield from _list_2024()
    yield from _list_2025_side_events()
    yield from _list_2025_main_event()
    yield _make_longest()


def _list_year(year: int) -> Iterator[SampleFile]:
    rng = seeded(f"streams {year}")
    folder = f"{year} WSOP - LAS Vegas"
    for number in sorted(rng.sample(range(1, 88), 16)):
        dash = rng.choice((" - ", " -"))
        title = f"{year} WSOP Event #{number}{dash}${rng.choice(BUY_INS):,} {rng.choice(GAMES)} Final Table"
        yield _make_stream(folder, title, year, f"Event #{number}")
    for day in MAIN_EVENT_DAYS if year == 2022 else MAIN_EVENT_DAYS[::3]:
        title = f"{year} WSOP Event #70 - $10,000 No-Limit Hold'em Main Event {day}"
        yield _make_stream(folder, title, year, "Main Event")


def _list_2024() -> Iterator[SampleFile]:
    for day in ("Day 2", "Day 5", "Day 8", "Final Table Day 1"):
        yield _make_stream("2024 WSOP-LAS VEGAS STREAM", f"WSOP 2024 Main Event   {day} (1080p)", 2024, "Main Event")


def _list_2025_side_events() -> Iterator[SampleFile]:
    """Yield the side events, each in a folder of its own; every fifth is written without a space after "Event"."""
    rng = seeded("streams 2025")
    for place, number in enumerate(sorted(rng.sample(range(4, 99), 26))):
        thousands = rng.choice((1, 3, 5, 10, 25, 50, 100))
        subject = f"${thousands}K {rng.choice((*EVENTS, *GAMES))}{rng.choice(('', '', ' High Roller'))}"
        written = f"Event#{number}" if place % 5 == 0 else f"Event #{number}"
        title = f"WSOP 2025 Bracelet Events | {written} {subject}{(' | Day 2', '', ' | Final Table', '')[place % 4]}"
        name = title.replace(" | ", "   " if place % 6 == 0 else " _ ")
        folder = f"2025 WSOP-LAS VEGAS/WSOP 2025 BRACELET SIDE  EVENT/{title.replace(' | ', '  ')}"
        yield _make_stream(folder, name, 2025, f"Event #{number}", title=title)
        if place % 8 == 0:
            yield _make_stream(folder, f"{name}_{rng.randrange(10**8, 10**9)}", 2025, f"Event #{number}")


def _list_2025_main_event() -> Iterator[SampleFile]:
    root = "2025 WSOP-LAS VEGAS/WSOP 2025 MAIN EVENT/WSOP 2025 Main Event _"
    for flight in "BCD":
        title = f"WSOP 2025 Main Event | Day 1{flight} Feature Table"
        yield _make_stream(f"{root} Day 1/Day 1{flight}", title.replace("|", "_"), 2025, "Main Event", title=title)
    for name in (
        "WSOP 2025 Main Event Day 1E & $25K H.O.R.S.E. Final Table",
        "WSOP 2025 Main Event _ Day 2A_B_C (Part 1)",
    ):
        yield _make_stream(f"{root} Day 2", name, 2025, "Main Event")
    for day in PARTED_DAYS:
        for part in (3, 4):
            title = f"WSOP 2025 Main Event | Day {day} (Part {part})"
            yield _make_stream(f"{root} Day {day}", title.replace("|", "_"), 2025, "Main Event", title=title)
    title = "WSOP 2025 Main Event | Final Table | Day 2"
    yield _make_stream(f"{root} Final Table", title.replace("|", "_"), 2025, "Main Event", title=title)


def _make_longest() -> SampleFile:
    folder = f"2025 WSOP-LAS VEGAS/WSOP 2025 BRACELET SIDE  EVENT/{LONGEST_NAME} (LIVE)"
    return _make_stream(folder, LONGEST_NAME, 2025, "Event #99")


def _make_stream(folder: str, name: str, year: int, event: str, *, title: str = "") -> SampleFile:
    about = {"project": "WSOP", "year": str(year), "location": "LAS VEGAS", "tournament": "Bracelet", "event": event}
    path = f"{ROOT}/{folder}/{name}.mp4"
    return make_video(path, min_bytes=3 * GIGABYTE, max_bytes=15 * GIGABYTE, title=title, about=about)
