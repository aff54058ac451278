"""List the WSOP before 2016: tapes and broadcast masters in the many shapes of two decades of tape rooms."""

from collections.abc import Iterator, Sequence

from pokervod_pipelines.sample.entries import GIGABYTE, SampleFile, make_video, seeded

ROOT = "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)"

SIDE_EVENTS = ("2k NLTH", "1500 7CS", "5k Limit Omaha", "1k Ladies NLTH", "2k Limit Holdem", "5k 7CS", "3k Razz")
BEST_OF = ("Biggest River Cards", "Table Talk", "Folded Winners")

Shape = tuple[str, Sequence[object], float]
"""A name with a gap for a number, the numbers, and the size of such a file in gigabytes."""

SHAPES: dict[int, tuple[Shape, ...]] = {
    1974: (("WSOP - 1974.avi{}", ("",), 0.7), ("WSOP - 1974.mp4{}", ("",), 7.9)),
    1984: (("WSOP_1984.{}", ("mov", "mxf"), 40), ("1984 World Series of Poker {}.mov", (1, 2), 98)),
    1985: (("WSOP_1985.{}", ("mov", "mxf"), 30), ("wsop-1985-me_nobug.mp4{}", ("",), 1.9)),
    1986: (("WSOP_1986.{}", ("mov", "mxf"), 30), ("wsop-1986-me_nobug.mp4{}", ("",), 1.9)),
    1996: (("WSOP_1996.{}", ("mov", "mxf"), 25), ("1996 World Series of Poker Part {}.mov", (1, 2), 99)),
    2002: (
        ("WSOP_2002-{:02d}.mxf", range(1, 9), 22),
        ("2002 WSOP Best of {}.mov", BEST_OF, 5),
        ("WSOP_2002_Best_Of_{}.mxf", ("Quiet_Rivers", "Table_Captains"), 4),
        ("WSOP_2002 Show {}_text.mxf", (7,), 21),
    ),
    2003: (
        ("MXFs/WSOP_2003_{}.mxf", range(1, 23), 22),
        ("MXFs/WSOP_2003_{}-MPEG-2 6.2Mbps 2-pass.mxf", (14,), 21),
    ),
    2006: (("MXFs/WSOP_2006_{:02d}.mxf", range(1, 19), 24),),
    2007: (("WSOP_2007_{:02d}.mp4", range(1, 15), 4),),
    2008: (
        ("Masters/2008 WSOP ME{:02d}.mov", range(1, 24), 96),
        ("Masters/2008 WSOP ME24 Final Table Part {}.mov.mov", (1, 2), 96),
        ("Masters/2008 WSOP Show {} 50K Mixed Champ.mov.mov", (3, 4), 96),
    ),
    2009: (("ESPN 2009 WSOP SEASON 7 SHOW {}.mov", range(1, 21), 36), ("WSOP_2009_3{}-1.mxf", (4, 5), 22)),
    2010: (("WS10_ME{:02d}_NB.mp4", range(1, 25), 3.5), ("WS10_PPC{:02d}_NB.mp4", (1, 2), 3.5)),
    2011: (
        ("WS11_Show_{}_NB.mp4", [f"{show}_ME{show - 8:02d}" for show in range(9, 31)], 3.5),
        ("WS11_Show_{}_NB.mp4", ("1_BIG_ONE_1", "2_BIG_ONE_2", "5_NAT_CHAMP_1", "31_FINAL"), 3.5),
    ),
    2012: (
        ("WSOP12_ME{:02d}_NB.mp4", range(1, 21), 3.5),
        ("WSOP12_APAC_ME{:02d}_NB.mp4", (1, 2), 3.5),
        ("WSOP12_NC{:02d}_NB.mp4", (1, 2), 3.5),
    ),
    2013: (
        ("WSOP13_ME{}_FINAL_4CH.mp4", [f"{number:02d}" for number in range(1, 15)], 3.5),
        ("WSOP13_ME{}_FINAL_4CH.mxf", ["14"], 22),
        ("WSOP13_BO{:02d}-FINAL_4CH.mp4", (5, 6), 3.5),
        ("WSOP13_APAC_MAIN_EVENT-SHOW {}.mp4", (1, 2), 3.5),
    ),
    2014: (
        ("Main Event MOVs/WSOP14_ME{:02d}_FINAL_4CH.mov", range(1, 10), 37),
        ("Main Event MOVs/WSOP14_ME{}_FINAL_4CH.mov", ("11_90", "13_90"), 55),
        ("Main Event MOVs/WSOP14_ME{}_FINAL_4CH_v2.mov", ("10", "12"), 37),
        ("NC MOVs/WSOP14_NC{:02d}_FINAL_4CH.mov", (1, 2), 37),
    ),
    2015: (
        ("WSOP15_ME{:02d}_NB.mp4", range(1, 15), 5.3),
        ("WSOP15_GCC_P{:02d}_NB.mp4", (1, 2), 3.5),
    ),
}


def list_files() -> Iterator[SampleFile]:
    """Yield the tapes of every year, oldest first."""
    for year in (1975, 1976, 1977, 1980, 1982):
        yield _make_tape(year, f"wsop-{year}-me-nobug.mp4", 3.6)
    for year, shapes in SHAPES.items():
        for shape, numbers, gigabytes in shapes:
            for number in numbers:
                yield _make_tape(year, shape.format(number), gigabytes)
    yield from _list_numbered_tapes()


def _list_numbered_tapes() -> Iterator[SampleFile]:
    """Yield the shows that carry the number of their tape, which is no year and no episode."""
    tape = seeded("tape numbers").randrange(100_000, 200_000)
    for show in range(1, 15):
        event = SIDE_EVENTS[show % len(SIDE_EVENTS)]
        generic = " Generic" if show % 2 else ""
        yield _make_tape(2003, f"Generics/2003 WSOP Show {show} {event}{generic}_ESM000{tape + show}.mov", 12)
        yield _make_tape(2006, f"Generic/WSOP 2006 Show {show} {event}{generic}_ESM000{tape + 200 + show}.mov", 12)
    for show in range(15, 27):
        yield _make_tape(2003, f"MOVs/2003 WSOP Show {show} ME {show - 14:02d}_ES0300{tape + show}.mov", 11.8)
        yield _make_tape(2007, f"WSOP 2007 Show {show} ME {show - 14}_ES0700{tape + show}_GMPO {900 + show}.mov", 11.9)
        yield _make_tape(
            2015,
            f"Main Event MXFs/2015 World Series of Poker - Main Event Show {show - 14:02d} - GMPO {2_200 + show}.mxf",
            22,
        )


def _make_tape(year: int, name: str, gigabytes: float) -> SampleFile:
    middle = int(gigabytes * GIGABYTE)
    return make_video(
        f"{ROOT}/WSOP {year}/{name}",
        min_bytes=middle - middle // 20,
        max_bytes=middle + middle // 20,
        about={"project": "WSOP", "year": str(year), "location": "LAS VEGAS", "tournament": "WSOP Archive"},
    )
