"""List named events: how names write them -> how the catalog calls them.

Formats (freezeout, shootout, 6-max, tag team, high roller) are not events: the rest of such a name is
buy-in and game. The longest spelling at a place wins.
"""

EVENTS = {
    "main event": "Main Event",
    "super main event": "Super Main Event",
    "mini main event": "Mini Main Event",
    "mystery millions": "Mystery Millions",
    **dict.fromkeys(("mystery bounty", "my.bo", "my bo"), "Mystery Bounty"),
    "millionaire maker": "Millionaire Maker",
    **dict.fromkeys(("monster stack", "monsterstack"), "Monster Stack"),
    "mini monster stack": "Mini Monster Stack",
    "colossus": "Colossus",
    "mini colossus": "Mini Colossus",
    **dict.fromkeys(("gladiators", "gladiators of poker"), "Gladiators of Poker"),
    "battle of the ages": "Battle of the Ages",
    "seniors": "Seniors",
    "seniors championship": "Seniors Championship",
    "super seniors": "Super Seniors",
    "ladies": "Ladies",
    "ladies championship": "Ladies Championship",
    "champions reunion": "Champions Reunion",
    "kickoff": "WSOP Kickoff",
    **dict.fromkeys(
        (
            "tournament of champions",
            "tournament of champs",
            "tounament of champs",
            "tounament of champions",
            "toc",
        ),
        "Tournament of Champions",
    ),
    **dict.fromkeys(
        ("poker players championship", "poker players champ", "players championship", "players champ", "ppc"),
        "Poker Players Championship",
    ),
    **dict.fromkeys(("heads up championship", "heads up no limit hold'em championship"), "Heads-Up Championship"),
    "huc": "HUC",
    **dict.fromkeys(("king's million", "kings million"), "King's Million"),
    **dict.fromkeys(("ggmillion$", "ggmillions", "ggmillion€", "ggmillion"), "GGMillion$"),
    "ggmillion$ high roller championship": "GGMillion$ High Roller Championship",
    "diamond high roller": "Diamond High Roller",
    "super turbo bounty": "Super Turbo Bounty",
    "crazy eights": "Crazy Eights",
    "the closer": "The Closer",
    "little one for one drop": "Little One for One Drop",
    **dict.fromkeys(("big one for one drop", "big one"), "Big One for One Drop"),
    "beat the legends": "Beat the Legends",
    "ante up for africa": "Ante Up for Africa",
    **dict.fromkeys(("champ invitational", "champions invitational"), "Champions Invitational"),
    "gcc": "GCC",
    "best hand ever played": "Best Hand Ever Played",
}

MAIN_EVENTS = frozenset({"Main Event", "Super Main Event"})

# Formats that count as the event only where a name has no number, no game and no other event.
LAST_RESORT_EVENTS = {"super high roller": "Super High Roller", "high roller": "High Roller"}

# Codes of archive tapes that carry an episode number (ME01, NC02, BIG_ONE_1). NC is National Championship there.
EPISODE_CODES = {
    "me": "Main Event",
    "gm": "GM",
    "hu": "HU",
    "ppc": "PPC",
    "nc": "NC",
    "bo": "BO",
    "gcc": "GCC",
    "hr": "HR",
    "toc": "TOC",
    "big one": "BIG_ONE",
    "nat champ": "NAT_CHAMP",
}

# Second part of a clip code (WE24-ME-23, WP23-PE-04): main event, player emotion, etc., episode clip.
CLIP_CODES = {"me": "Main Event", "pe": "PE", "et": "ET", "ep": "EP"}
