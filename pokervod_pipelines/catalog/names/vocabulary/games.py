"""List poker variants: how names write them -> how the catalog calls them. The longest spelling at a place wins."""

_HOLDEM = ("hold'em", "holdem", "hold em")
_NO_LIMIT = ("no limit", "nl")
_PLO_WORDS = ("pot limit omaha", "plo")

GAMES = {
    **{f"{limit} {game}": "NLHE" for limit in _NO_LIMIT for game in _HOLDEM},
    **{f"short deck {limit} {game}": "Short Deck" for limit in _NO_LIMIT for game in _HOLDEM},
    **{f"{limit} short deck": "Short Deck" for limit in _NO_LIMIT},
    **{f"limit {game}": "Limit Hold'em" for game in _HOLDEM},
    **dict.fromkeys(("nlh", "nlhe", "nlth", "nlhm", "nlhth", "nlh6max"), "NLHE"),
    **dict.fromkeys(_PLO_WORDS, "PLO"),
    **{f"{plo} {kind}": "PLO Hi-Lo" for plo in _PLO_WORDS for kind in ("hi lo", "hi lo 8 or better", "8 or better")},
    "plo8": "PLO Hi-Lo",
    "short deck": "Short Deck",
    "limit omaha": "Limit Omaha",
    "omaha": "Omaha",
    **dict.fromkeys(("omaha hi lo", "omaha hi lo 8 or better", "omaha 8", "o8"), "Omaha Hi-Lo"),
    **dict.fromkeys(("mixed omaha", "mixed omaha hi lo"), "Mixed Omaha"),
    "big o": "Big O",
    **dict.fromkeys(("7cs", "seven card stud", "7 card stud", "stud"), "7-Card Stud"),
    **dict.fromkeys(("seven card stud hi lo", "7 card stud hi lo", "stud hi lo", "stud 8"), "7-Card Stud Hi-Lo"),
    "razz": "Razz",
    **dict.fromkeys(("h.o.r.s.e.", "h.o.r.s.e", "h o r s e", "horse"), "HORSE"),
    **dict.fromkeys(("8 game", "8 game mix", "eight game"), "8-Game"),
    **dict.fromkeys(("dealer's choice", "dealers choice"), "Dealer's Choice"),
    **{f"{limit} 2 7 lowball draw": "2-7 Lowball Draw" for limit in _NO_LIMIT},
    **{f"{limit} 2 7 single draw": "2-7 Lowball Draw" for limit in _NO_LIMIT},
    **dict.fromkeys(("2 7 lowball draw", "2 7 single draw", "2 7sd", "2 7 sd", "27 sd", "27sd"), "2-7 Lowball Draw"),
    **dict.fromkeys(
        (
            "2 7 triple draw",
            "2 7 lowball triple draw",
            "limit 2 7 lowball triple draw",
            "2 7td",
            "2 7 td",
            "27 td",
            "27td",
        ),
        "2-7 Triple Draw",
    ),
    **dict.fromkeys(("badugi", "mixed big bet", "mixed triple draw"), "Mixed"),
}
