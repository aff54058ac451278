"""Name shows, series, events, stages and versions for a viewer: the catalog's vocabulary, data only.

``names.vocabulary`` has the meaning of words in *file names*.
"""

OTHER = "OTHER"
"""Project of the videos that no rule knows."""

PROJECT_TITLES = {
    "WSOP": "World Series of Poker",
    "HCL": "Hustler Casino Live",
    "GGMILLIONS": "GGMillion$",
    "MPP": "Mediterranean Poker Party",
    "PAD": "Poker After Dark",
    "GOG": "Game of Gold",
    OTHER: "Not understood",
}

SHORT_PROJECT_TITLES = {**PROJECT_TITLES, "WSOP": "WSOP", "MPP": "MPP", OTHER: ""}

UNDATED_SEASONS = {"GOG": "All episodes", "HCL": "All clips", "PAD": "Season unknown"}
"""Titles of the one season of a show without year and number; others are "Year unknown"."""

RECURRING_SHOWS = frozenset({"GGMILLIONS"})
"""Shows that repeat one event: only its date, or its players, tell two programmes apart."""

TITLE_SHOWS = frozenset({"HCL", OTHER})
"""Shows of loose clips, each known only by its title."""

MAIN_SERIES = frozenset({"ARCHIVE", "WSOP-LAS VEGAS"})
"""Sub-series that are the World Series itself; a year has one, whatever its folders are called."""

SERIES_TITLES = {
    "WSOP-EUROPE": "WSOP Europe",
    "WSOP-PARADISE": "WSOP Paradise",
    "WSOP-APAC": "WSOP Asia Pacific",
    "APAC": "WSOP Asia Pacific",
    "CIRCUIT LA": "WSOP Circuit Los Angeles",
}
"""Others have their own words as title: ``SUPER CIRCUIT London`` is "WSOP Super Circuit London"."""

EURO_SERIES = frozenset({"WSOP-EUROPE"})
"""Series with buy-ins in euros; all others are in dollars."""

EVENT_TITLES = {
    "BIG_ONE": "Big One for One Drop",
    "BO": "Big One for One Drop",
    "EP": "EP clips",
    "ET": "Etcetera",
    "GCC": "Global Casino Championship",
    "GM": "Grudge Match",
    "HR": "High Roller",
    "HU": "Heads-Up Championship",
    "HUC": "Heads-Up Championship",
    "NAT_CHAMP": "National Championship",
    "NC": "National Championship",
    "PE": "Player Emotion",
    "PPC": "Poker Players Championship",
    "TOC": "Tournament of Champions",
}
"""Codes of tapes and clips; in 2013-15 ``NC`` is the National Championship, never "no commentary"."""

STRAND_TITLES = {
    "shows": "Television shows",
    "episodes": "Episodes",
    "specials": "Specials",
    "streams": "Streams",
    "clips": "Clips",
    "hands": "Hand clips",
}
"""Strands beside the tournaments of a season, in the order of the tree."""

STAGE_TITLES = {"final_table": "Final Table", "final_day": "Final Day", "final_four": "Final Four"}

STAGE_ORDER = {None: 0, "final_day": 1, "final_table": 2}

FIRST_TELEVISION_SERIES = 2003
"""Until the year before, the one broadcast of a World Series was its main event; since then it is a numbered series."""

LAST_TELEVISION_SERIES = 2016
"""From this year on a loose file of a World Series is a clip or stream, before it a special programme."""

CLIP_FORMATS = {
    "hr": "High Roller",
    "shr": "Super High Roller",
    "huc": "Heads-Up Championship",
    "6max": "6-Max",
    "6m": "6-Max",
    "8max": "8-Max",
    "ds": "Deepstack",
    "champ": "Championship",
    "championship": "Championship",
    "shootout": "Shootout",
    "turbo": "Turbo",
    "freezeout": "Freezeout",
    "deepstack": "Deepstack",
    "bounty": "Bounty",
    "highroller": "High Roller",
}
"""Words of a clip's coded head for the format of an event."""

CLIP_MARKS = frozenset({"ft", "hs", "be", "ev", "wsop", "me", "final", "table", "the"})
"""Words of a clip's coded head that its facts have already; "hs" is a highlight of several hands."""

CLIP_TAIL = frozenset({"clean", "updated", "mastered", "dirty", "pgm", "prob4", "prob3", "v2", "v3"})
"""Words after a clip's title that describe the file."""

HYPHENATED = {
    "6 max": "6-Max",
    "8 max": "8-Max",
    "6 handed": "6-Handed",
    "8 handed": "8-Handed",
    "heads up": "Heads-Up",
    "hi lo": "Hi-Lo",
    "8 game": "8-Game",
    "2 7": "2-7",
}
"""Words whose hyphen was lost when separators were made equal."""
