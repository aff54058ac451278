"""Write names from fields: for each family of fixed shape a strategy of (name, what it encodes).

Used by the laws: what a family writes it reads back, and what downloads and copies add changes nothing.
"""

from datetime import date

from hypothesis import strategies as st

Form = tuple[str, dict[str, object]]

_WORDS = st.sampled_from(["hero", "river", "calls", "cooler", "doubles", "straight", "eliminated", "5th", "thru"])
_TITLE = st.lists(_WORDS, min_size=1, max_size=4).map("-".join)
_LETTERS = st.sampled_from(["", "A", "B", "ABC", "BD"])
_PEOPLE = st.lists(
    st.sampled_from(["Ivey", "Alan Keating", "LI", "Boeree", "O'Connell"]), min_size=2, max_size=4, unique=True
)
_CARDS = st.sampled_from(["AhKs", "87d", "1010", "QcQh", "A9s", "TsTh"])
_NUMBER = st.integers(1, 99)
_YEARS = st.integers(2000, 2039)
_DAYS = st.dates(date(2020, 1, 1), date(2039, 12, 31))
_MAIN = {"event_code_or_name": "Main Event", "event_kind": "main_event"}


def _named(year: int) -> dict[str, object]:
    return {"year": year, "year_in_filename": "yes"}


@st.composite
def poker_after_dark(draw: st.DrawFn) -> Form:
    season, episode, version = (
        draw(_NUMBER),
        draw(_NUMBER),
        draw(st.sampled_from([None, "GGPoker", "BestOf_FinalLook_HiRes"])),
    )
    middle = f"_{version}" if version else ""
    fields = {"project_code": "PAD", "season": season, "episode_number": episode}
    return f"PAD_S{season}_EP{episode:02d}{middle}-{draw(_NUMBER):03d}", fields | (
        {"version": version} if version else {}
    )


@st.composite
def game_of_gold(draw: st.DrawFn) -> Form:
    episode, day = draw(_NUMBER), draw(_DAYS)
    word, version = draw(st.sampled_from([("", None), ("_최종", "최종"), ("_찐최종", "찐최종"), ("_클린본", "clean")]))
    stamp = day.strftime(draw(st.sampled_from(["%Y%m%d", "%y%m%d"])))
    fields = {"project_code": "GOG", "episode_number": episode, "date": day.isoformat()}
    return f"E{episode:02d}_GOG_final_edit_{stamp}{word}", fields | ({"version": version} if version else {})


@st.composite
def hand_clip(draw: st.DrawFn) -> Form:
    people, number = draw(_PEOPLE), draw(st.integers(1, 999))
    version = draw(st.sampled_from(["Clean", "PGM"]))
    sides = " vs ".join(f"{person} {draw(_CARDS)}" for person in people)
    return f"1213_Hand_{number:02d}_{sides}_{version}", {
        "hand_number": number,
        "players": tuple(people),
        "version": version,
    }


@st.composite
def clip_code(draw: st.DrawFn) -> Form:
    year, number = draw(_YEARS), draw(st.integers(1, 999))
    code, series = draw(st.sampled_from([("WCLA", "CIRCUIT LA"), ("WP", "WSOP-PARADISE"), ("WE", "WSOP-EUROPE")]))
    kind, event = draw(st.sampled_from([("", {}), ("-ME", _MAIN), ("-PE", {"event_code_or_name": "PE"})]))
    fields = {"project_code": "WSOP", "sub_series": series, "clip_number": number, **_named(year)}
    return f"{code}{year % 100:02d}{kind}-{number:02d}", fields | event


def _moments(day: int) -> st.SearchStrategy[tuple[str, dict[str, object]]]:
    return st.sampled_from([("ft", {"stage": "final_table"}), (f"day{day}", {"day": day})])


@st.composite
def bracelet_clip(draw: st.DrawFn) -> Form:
    clip, year, event, day = draw(_NUMBER), draw(_YEARS), draw(_NUMBER), draw(st.integers(1, 9))
    amount, buy_in = draw(st.sampled_from([("25k", 25_000), ("1500", 1_500), ("1.5k", 1_500)]))
    game, variant = draw(st.sampled_from([("nlh-hr", "NLHE"), ("plo", "PLO"), ("2-7TD", "2-7 Triple Draw")]))
    moment, told = draw(_moments(day))
    fields = {"project_code": "WSOP", "clip_number": clip, "event_number": event, "buy_in": buy_in, "game": variant}
    name = f"{clip}-wsop-{year}-be-ev-{event:02d}-{amount}-{game}-{moment}-{draw(_TITLE)}-clean"
    return name, fields | told | {"version": "clean"} | _named(year)


@st.composite
def archive_code(draw: st.DrawFn) -> Form:
    year, show, episode = draw(st.integers(2000, 2019)), draw(_NUMBER), draw(_NUMBER)
    fields = {"project_code": "WSOP", "show_number": show, "episode_number": episode, **_MAIN, **_named(year)}
    return f"WS{year % 100:02d}_Show_{show}_ME{episode:02d}_NB", fields


@st.composite
def archive_tape(draw: st.DrawFn) -> Form:
    year, tape, part = draw(st.integers(1970, 2019)), draw(_NUMBER), draw(st.none() | st.integers(1, 9))
    name, fields = f"WSOP_{year}_{tape:02d}", {"project_code": "WSOP", "seq": tape, **_named(year)}
    return (f"{name}-{part}", fields | {"part": part}) if part else (name, fields)


@st.composite
def archive_show(draw: st.DrawFn) -> Form:
    year, show, episode = draw(st.integers(2003, 2019)), draw(_NUMBER), draw(_NUMBER)
    name = f"WSOP {year} Show {show} ME {episode} Generic_ESM{draw(st.integers(0, 999_999_999)):09d}"
    fields = {"project_code": "WSOP", "show_number": show, "episode_number": episode, "version": "Generic"}
    return name, fields | _MAIN | _named(year)


@st.composite
def stream(draw: st.DrawFn) -> Form:
    year, event, day, letters = draw(_YEARS), draw(_NUMBER), draw(st.integers(1, 12)), draw(_LETTERS)
    buy_in = draw(st.integers(100, 1_000_000))
    fields = {"project_code": "WSOP", "event_number": event, "buy_in": buy_in, "game": "NLHE", "day": day}
    fields |= {**_MAIN, **_named(year), **({"flight": letters} if letters else {})}
    name = f"{year} WSOP Event #{event} - ${buy_in:,} No Limit Hold'em Main Event Day {day}{letters}"
    if part := draw(st.none() | st.integers(1, 9)):
        return f"{name} Part {part}", fields | {"part": part}
    return name, fields


@st.composite
def mediterranean(draw: st.DrawFn) -> Form:
    millions, thousands, session = draw(st.integers(1, 20)), draw(_NUMBER), draw(st.integers(1, 9))
    name = f"${millions}M GTD   ${thousands}K MPP Main Event - Day 3 Session {session}"
    money = {"gtd": millions * 1_000_000, "buy_in": thousands * 1_000}
    return name, {"project_code": "MPP", "event_code_or_name": "MPP Main Event", "day": 3, "session": session} | money


@st.composite
def ggmillions(draw: st.DrawFn) -> Form:
    day, people = draw(_DAYS), ("Ana Silva", "Bo Chen")
    fields = {"project_code": "GGMILLIONS", "event_code_or_name": "Super High Roller Poker", "stage": "final_table"}
    name = f"{day:%y%m%d}_Super High Roller Poker FINAL TABLE with {' & '.join(people)}"
    return name, fields | {"players": people, "date": day.isoformat()} | _named(day.year)


FAMILIES = {
    "poker_after_dark": poker_after_dark(),
    "game_of_gold": game_of_gold(),
    "hand_clip": hand_clip(),
    "clip_code": clip_code(),
    "bracelet_clip": bracelet_clip(),
    "archive_code": archive_code(),
    "archive_tape": archive_tape(),
    "archive_show": archive_show(),
    "wsop_stream": stream(),
    "mpp": mediterranean(),
    "ggmillions": ggmillions(),
}

ANY_FORM = st.one_of(*FAMILIES.values())
