"""List the WSOP away from Las Vegas: Circuit, Super Circuit, Paradise and Europe, as numbered clips and as streams."""

from collections.abc import Iterator

from pokervod_pipelines.sample.entries import GIGABYTE, MEGABYTE, SampleFile, make_video, seeded
from pokervod_pipelines.sample.vocabulary import PLAYERS

CIRCUIT = "ARCHIVE/WSOP/WSOP Circuit Event"
PARADISE = "ARCHIVE/WSOP/WSOP Bracelet Event/WSOP-PARADISE"
EUROPE = "ARCHIVE/WSOP/WSOP Bracelet Event/WSOP-EUROPE"
NO_COMMENTARY = "NO COMMENTARY WITH GRAPHICS VER"

EUROPE_2025 = ((3, "€500", "Mini Colossus"), (5, "€3,000", "Monster Stack"), (9, "€1,500", "Pot-Limit Omaha"))


def list_files() -> Iterator[SampleFile]:
    """Yield the files of the four series."""
    yield from _list_circuit()
    yield from _list_paradise()
    yield from _list_europe_episodes()
    yield from _list_europe_2023()
    yield from _list_europe_2025()


def _list_circuit() -> Iterator[SampleFile]:
    about = {"project": "WSOP", "year": "2025", "location": "LOS ANGELES", "tournament": "Circuit"}
    root = f"{CIRCUIT}/WSOP-Circuit/2025 WSOP Circuit LA"
    for number in range(1, 27):
        yield _make_clip(f"{root}/2025 WSOP-C LA SUBCLIP/WCLA25-{number:02d}.mp4", about)
    titles = (
        "Beat the Legends [Invitational]",
        "Main Event [Day 1A]",
        "Main Event [Day 2]",
        "Tournament of Champions, $1M GTD [Day 1]",
    )
    for title in titles:
        yield _make_stream(f"{root}/2025 WSOP-C LA STREAM/2025 WSOP Circuit Los Angeles - {title}.mp4", about)
    cyprus = {**about, "year": "2024", "location": "CYPRUS", "tournament": "Super Circuit"}
    for day in ("Day 1B-002", "Day 1D-004", "Day 3-005", "Final Table-001"):
        name = f"$3M GTD   WSOP Super Circuit Cyprus Mini Main Event - {day}.mp4"
        yield _make_stream(f"{CIRCUIT}/WSOP Super Ciruit/2024 WSOP Super Circuit Cyprus/{name}", cyprus)


def _list_paradise() -> Iterator[SampleFile]:
    rng = seeded("paradise")
    about = {"project": "WSOP", "year": "2024", "location": "BAHAMAS", "tournament": "Paradise"}
    root = f"{PARADISE}/2024 WSOP-PARADISE"
    for number in range(1, 35):
        yield _make_clip(f"{root}/SUBCLIP/WP24-{number:02d}.mp4", about)
    for day in ("Day 1A", "Day 1B", "Day 2", "Final Table"):
        players = " & ".join(rng.sample(PLAYERS, 2))
        yield _make_stream(f"{root}/STREAM/WSOP Paradise Main Event ({day}) - {players} [$10M Prize].mp4", about)
    for day in ("Day 1A", "Day 3 (Youtube Stream)", "Final Day"):
        name = f"2024 WSOP Paradise Super Main Event - {day}.mp4"
        yield _make_stream(
            f"{PARADISE}/2024 WSOP-PARADISE SUPER MAIN EVENT/{name}", {**about, "event": "Super Main Event"}
        )


def _list_europe_episodes() -> Iterator[SampleFile]:
    for year, episodes in ((2007, 10), (2013, 8), (2014, 6)):
        about = {"project": "WSOP", "year": str(year), "location": "EUROPE", "tournament": "Europe"}
        for episode in range(1, episodes + 1):
            name = f"WSOPE{year % 100:02d}_Episode_{episode}_H264.mov"
            middle = 2_130 * MEGABYTE
            path = f"{EUROPE}/{year} WSOP-Europe/{name}"
            yield make_video(path, min_bytes=middle, max_bytes=middle + 20 * MEGABYTE, about=about)


def _list_europe_2023() -> Iterator[SampleFile]:
    about = {"project": "WSOP", "year": "2023", "location": "ROZVADOV", "tournament": "Europe"}
    root = f"{EUROPE}/2023 WSOP-Europe"
    for number in range(1, 23):
        yield _make_clip(f"{root}/WE23-ME-{number:02d}.mp4", {**about, "event": "Main Event"})
    for name in (
        "#WSOPE 2023 NLH MAIN EVENT   DAY 1A   BRACELET EVENT #15.mp4",
        "#WSOPE 2023 NLH MAIN EVENT   DAY 2   BRACELET EVENT #15.mp4",
        "1107_WSOPE_2023_25K DIAMOND HIGH ROLLER_DAY2_BRACELET EVENT.mp4",
        "1112_WSOPE_2023_NLH_MAIN EVENT_DAY4_BRACELET EVENT.mp4",
        "wsope-2023-5k-plo8max-ft-007.mp4",
        "wsope-2023-1350-nlh-ft-012.mp4",
    ):
        yield _make_stream(f"{root}/{name}", about)


def _list_europe_2025() -> Iterator[SampleFile]:
    """Yield the final days without commentary, named by the recorder or by the event, and the stream beside them."""
    about = {"project": "WSOP", "year": "2025", "location": "ROZVADOV", "tournament": "Europe"}
    for number, buy_in, event in EUROPE_2025:
        folder = f"{EUROPE}/2025 WSOP-Europe/2025 WSOP-EUROPE #{number} {event.upper()} FINAL"
        for part in (1, 2, 3):
            name = f"{part}_2025 WSOPE #{number} {buy_in} {event} Final Day Part {part}_NC.mp4"
            yield _make_stream(f"{folder}/{NO_COMMENTARY}/{name}", {**about, "event": f"Event #{number}"})
        name = f"🏆 WSOPE {event} - Final Day [BRACELET EVENT #{number}] live from the casino 👑 #wsop #poker.mp4"
        yield _make_stream(f"{folder}/{name}", {**about, "event": f"Event #{number}"})
    main = f"{EUROPE}/2025 WSOP-Europe/2025 WSOP-EUROPE #15 MAIN EVENT/{NO_COMMENTARY}"
    for place, day in enumerate(("Day 1 A", "Day 1 B", "Day 3")):
        for take in range(1, 5):
            name = f"HyperDeck_01{place}{take}-00{5 - take}.mp4"
            yield _make_stream(f"{main}/{day}/{name}", {**about, "event": "Main Event"})


def _make_clip(path: str, about: dict[str, str]) -> SampleFile:
    return make_video(path, min_bytes=60 * MEGABYTE, max_bytes=800 * MEGABYTE, about=about)


def _make_stream(path: str, about: dict[str, str]) -> SampleFile:
    return make_video(path, min_bytes=5 * GIGABYTE, max_bytes=50 * GIGABYTE, about=about)
