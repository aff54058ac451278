"""List the invented people and the ordinary words from which sample names and annotations are made.

No person here is real. A new title phrase or player is one entry; how they are put together belongs in ``families``
and ``annotations``.
"""

PLAYERS = (
    "Aldo Brenner", "Mira Castellan", "Tobias Wrenfield", "Jun Haneul", "Petra Lindqvar", "Oskar Vandermeer",
    "Silas Quimby", "Noor Al-Hazim", "Greta Holloway", "Dario Fontebello", "Yuki Morinaga", "Callum Ashdown",
    "Bianca Torrealba", "Sven Järvelund", "Lucía Peñarosa", "Ravi Chandrapal", "Hugo Delacourt", "Ines Marivaux",
    "Park Seojun", "Kim Dahye", "Otto Grünfeldt", "Marek Zawisza", "Selma Nordhavn", "Felix Ambergate",
    "Wanda Pickering", "Theo Underhill", "Zoltán Kerekes", "Amara Okonjo", "Rufus Tilbury", "Lena Sommerfeld",
    "Benji Castaway", "Max Thornquist", "Paolo Ventresca", "Eun Byeol", "Gideon Marsh", "Tamsin Oakley",
)  # fmt: skip

NICKNAMES = ("The Librarian", "Doc Marten", "Captain Nit", "Lady Ace", "Big Toby", "The Postman")

HANDS = ("AA", "KK", "QQ", "JJ", "TT", "99", "88", "55", "AKs", "AKo", "AQs", "A10s", "KQo", "QJs", "T9s", "72o")

CARDS = ("AhKh", "QdQc", "Jd9h", "7c7s", "AcTd", "Kh8s", "5d4d", "ThTs", "As2c", "6h6d", "QsJs", "9c8c", "KdKs", "3h3s")

GAMES = (
    "No-Limit Hold'em", "Pot-Limit Omaha", "Limit Hold'em Championship", "Seven Card Stud Championship",
    "No-Limit 2-7 Lowball Draw", "Omaha Hi-Lo 8 or Better", "H.O.R.S.E.", "Razz Championship",
    "Dealers Choice 6-Handed", "No-Limit Hold'em 6-Handed", "Mixed Triple Draw Lowball", "Eight Game Mix",
)  # fmt: skip

EVENTS = (
    "Mystery Millions", "Monster Stack", "Colossus", "Millionaire Maker", "Seniors Championship", "Gladiators of Poker",
    "Ladies Championship", "Battle of the Ages", "Crazy Eights", "The Closer", "Super Turbo Bounty",
)  # fmt: skip

GAME_CODES = ("nlh", "plo", "nlh-hr", "plo-hr", "27-SD", "omaha-hi-lo", "nlh-6max", "horse", "razz", "nlh-shr")

CLIP_ENDINGS = (
    "doubles-thru-{b}", "eliminated-4th-{hand}-vs-{other}", "hero-calls-with-A-high", "gets-bluff-thru-{b}",
    "{hand}-vs-{b}-{other}", "rivers-full-house", "wins-outro", "set-ov-set", "folds-{hand}-face-up",
    "flops-quads", "cracks-{hand}-to-double-up", "5-bet-jam-thru",
)  # fmt: skip

WEB_OPENINGS = (
    "Can {a} Find The Fold", "{a} Goes All-In With {words}", "{a} Is Trapping {b}", "Is {a} Walking Into A Cooler",
    "{b} Never Saw This River Coming", "Nobody Believes {a} Has {words}", "{a} Slowplays {words}",
    "The Table Goes Quiet After {a}'s Raise", "How Did {a} Get Away From {words}", "{a} Needs One Card To Survive",
    "{a} Shows The Bluff To {b}", "She Put {b} To The Test", "He Put {b} To The Test",
)  # fmt: skip

WEB_WORDS = ("QUADS", "Pocket Aces", "9 High", "A Full House", "The Nuts", "Second Nuts", "Ace-King", "Bottom Pair")

WEB_TAILS = (
    "",
    "",
    "?",
    "!",
    " In ${thousand},000 Pot",
    " In ${thousand},000 Pot?",
    " | From The Vault",
    ': "I Knew It"',
)

POKER_PLAY_TAGS = (
    "All-in", "Bluff", "Hero Call", "Hero Fold", "Bad beat", "Badbeat", "bad_beat", "Cooler", "Suckout", "Slow Play",
    "Value Bet", "Check Raise",
)  # fmt: skip

EMOTION_TAGS = ("Excited", "Frustrated", "Shocked", "Happy", "Angry", "Laughing", "Sad", "Relieved")
EPIC_HAND_TAGS = ("Royal Flush", "Straight Flush", "Quads", "Full House", "Set over Set")
RUNOUT_TAGS = ("Runner Runner", "One Outer", "Two Outer", "River Killer")
ADJECTIVE_TAGS = ("Brutal", "Incredible", "Insane", "Amazing", "Unlucky", "Intense")
UNKNOWN_TAGS = ("Umbrella Shuffle", "Left-Handed Riffle", "Tea Break", "Chip Tower Moment")
"""Unknown tags, about which an operator is asked."""
