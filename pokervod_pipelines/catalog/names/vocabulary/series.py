"""List projects, their sub-series and the places they play at, with the spellings met in names and folders."""

# A word in a name or folder -> project code. First match wins, so WSOP names that mention "GGMillion" stay WSOP.
PROJECT_WORDS = {
    "wsop": "WSOP",
    "wsope": "WSOP",
    "wsopc": "WSOP",
    "world series of poker": "WSOP",
    "mpp": "MPP",
    "mediterranean poker party": "MPP",
    "pad": "PAD",
    **dict.fromkeys(("poker after dark", "pokerafterdark"), "PAD"),
    "gog": "GOG",
    "game of gold": "GOG",
    "hcl": "HCL",
    "hustler casino live": "HCL",
    "hustlercasinolive": "HCL",
    "ggmillions": "GGMILLIONS",
    "ggmillion$": "GGMILLIONS",
    "ggmillion": "GGMILLIONS",
}

LAS_VEGAS = "WSOP-LAS VEGAS"
EUROPE = "WSOP-EUROPE"
PARADISE = "WSOP-PARADISE"
APAC = "APAC"
ARCHIVE = "ARCHIVE"

# The word before a two-digit year (WS12, WSOP13, WSOPE08, WE24 ...) -> its sub-series, if any.
SERIES_CODES = {"ws": None, "wsop": None, "wsope": EUROPE, "wse": EUROPE, "we": EUROPE, "wp": PARADISE}

# What follows "wsop" in a name or folder -> sub-series.
WSOP_BRANCHES = {
    "las vegas": LAS_VEGAS,
    "europe": EUROPE,
    "paradise": PARADISE,
    "asia pacific": APAC,
    "apac": APAC,
    "archive": ARCHIVE,
}

# Places of circuits and super circuits, long spelling -> the one to show. Others are shown as they are written.
PLACES = {
    "los angeles": "LA",
    "la": "LA",
    "london": "London",
    "cyprus": "Cyprus",
    "las vegas": "Las Vegas",
    "lake tahoe": "Lake Tahoe",
    "new orleans": "New Orleans",
}

# Words after "circuit" that are not places.
_CIRCUIT_WORDS = "event events main stream subclip clip final day championship and ring series"
NOT_PLACES = frozenset(_CIRCUIT_WORDS.split())
