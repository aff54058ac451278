"""Words beside a number that say what it counts, or that it describes the file or the game."""

COUNTED = {
    **{
        word: word
        for word in """
    part disc tape reel roll table half hour segment block chapter act volume section side camera show episode day
    session round heat level match group pool quarter take final
    """.split()  # noqa: SIM905 - as one reads them
    },
    **dict.fromkeys(("pt", "파트"), "part"),
    **dict.fromkeys(("cd", "dvd", "disk", "디스크"), "disc"),
    **dict.fromkeys(("tbl", "테이블"), "table"),
    **{"테이프": "tape", "seg": "segment", "vol": "volume", "cam": "camera", "ep": "episode"},
}
"""Things of which a name has a first and a second, and how a title calls them."""

COUNTED_ELSEWHERE = frozenset({"clip", "flight", "game", "hand", "no", "number", "player", "season", "seat", "week"})
"""Things whose number rules read, or that never tells two programmes apart."""

FORMATS_BEFORE = frozenset(
    """
    mpeg mp prores dnxhd dnxhr rec bt v ver version rev aac ac dd ddp crf copy draft encode export render hd uhd intra
    """.split()  # noqa: SIM905 - as one reads them
)
FORMATS_BEHIND = frozenset(
    """
    pass fps mbps kbps hz khz bit bits ch mb gb tb min mins minutes handed max way bet card game
    """.split()  # noqa: SIM905 - as one reads them
)
"""Words before and behind a number that describes the file or the game."""

TAPE_MARKS = frozenset(
    """
    generic generics master masters text full episode reair nb nobug final 4ch 2ch h264 hires finallook mpeg mbps pass
    prores copy eurosport espn pokergo ggpoker clean mastered updated 1080p 720p 480p 4k wsop wsope world series of
    poker show gmpo esm cc nc me ft stream youtube live the no commentary version ver invitational championship event
    events main bracelet
    """.split()  # noqa: SIM905 - a list of sixty quoted words is no easier to read
)
"""Words of a programme's name that describe the file or the whole show, so that they make no title."""
