"""List hands cut from the WSOP Paradise stream: date, hand number, players, cards, clean or with graphics."""

from collections.abc import Iterator

from pokervod_pipelines.sample.entries import MEGABYTE, SampleFile, make_video, seeded
from pokervod_pipelines.sample.vocabulary import CARDS, PLAYERS

ROOT = "ARCHIVE/WSOP/WSOP Bracelet Event/WSOP-PARADISE/2024 WSOP-PARADISE SUPER MAIN EVENT/Hand Clip"
DAYS = {"1213": "Day 1B", "1214": "Day 1C", "1215": "Day 1D", "1216": "Day 2", "1217": "Day 3", "1218": "Day 4"}
LAST_DAY = "1219"
HANDS_A_DAY = 11


def list_files() -> Iterator[SampleFile]:
    """Yield the hands day by day; a few exist in one version only, and the names are typed by hand."""
    rng = seeded("hand clips")
    for date, day in {**DAYS, LAST_DAY: "Final Day"}.items():
        for number in sorted(rng.sample(range(40, 99), HANDS_A_DAY)):
            players = rng.sample(PLAYERS, 3 if number % 7 == 0 else 2)
            cards = rng.sample(CARDS, len(players))
            places = (f"({rng.randrange(2, 10)}th)" if date == LAST_DAY and number % 3 == 0 else "", "", "")
            sides = [
                f"{player.split()[-1] if number % 4 else player}{place} {hand}"
                for player, hand, place in zip(players, cards, places, strict=False)
            ]
            name = f"{date}_Hand_{number}_{' vs '.join(sides)}"
            for version in ("Clean", "PGM") if number % 6 else ("PGM",):
                yield _make_clip(f"{day}/{name}_{version}.mp4", "; ".join(players))


def _make_clip(name: str, players: str) -> SampleFile:
    about = {
        **{"project": "WSOP", "year": "2024", "location": "BAHAMAS", "tournament": "Paradise", "players": players},
        "event": "Super Main Event",
    }
    return make_video(f"{ROOT}/{name}", min_bytes=400 * MEGABYTE, max_bytes=1_900 * MEGABYTE, about=about)
