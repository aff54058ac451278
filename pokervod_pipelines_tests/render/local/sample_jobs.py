"""Provide ordinary and hard values for the shipped templates, and jobs with them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from pokervod_pipelines.render.renderers.job import OutputSpec, RenderJob
from pokervod_pipelines.render.templates import Template, load_templates
from pokervod_pipelines.settings.render import RenderFormat

TEMPLATES = load_templates()
PLAYERS = ["Phil Ivey", "Jason Koon", "이성준", "Ștefan Căpraru", "Isaac Haxton", "Danny Tang", "Bryn Kenney", "A", "B"]

ORDINARY: dict[str, dict[str, Any]] = {
    "premium_hand": {
        "player": "Daniel Negreanu",
        "cards": ["Ah", "Ad", "Ks", "Kd", "Kh"],
        "hole_cards": ["Ah", "Kd"],
        "board": ["Ad", "Ks", "Kh", "7c", "2s"],
        "rank": "Full House, Kings full of Aces",
        "pot": 2_450_000,
        "event": "Main Event · Day 4",
    },
    "elimination": {"player": "김민수 (Minsu Kim)", "place": "9th", "prize": 112_500, "event": "$3M GTD Main Event"},
    "leaderboard": {
        "heading": "Main Event – Jeju",
        "subheading": "End of level 18",
        "rows": [
            {
                "position": number,
                "player": player,
                "chips": 9_000_000 - 123_000 * number,
                "big_blinds": 150 - number / 2,
            }
            for number, player in enumerate(PLAYERS, 1)
        ],
        "players_left": 27,
    },
    "chip_counts": {
        "heading": "Table 3",
        "rows": [{"player": player, "chips": 5_000_000, "big_blinds": 83} for player in [*PLAYERS, "C"]],
        "blinds": "30,000 / 60,000 / 60,000",
    },
    "payouts": {
        "heading": "Main Event – Incheon",
        "prize_pool": 2_500_000,
        "rows": [{"place": f"{number}th", "amount": 550_000 // number} for number in range(1, 10)],
    },
    "next_stream": {
        "heading": "$50K NLH 8-Handed Final RowTable",
        "date": "Saturday, 21 November",
        "time": "14:00",
        "zone": "Korea Standard Time",
        "channel": "Channel 7",
    },
}
NAMES = sorted(ORDINARY)

HARD_TEXTS = {
    "wide": "W" * 500,
    "hangul": "대한민국포커선수권대회" * 20,
    "words": "the quick brown fox jumps over " * 16,
    "right to left": "שלום עולם مرحبا بالعالم " * 8,
    "emoji": "🏆♠️👩‍👩‍👧 Winner 🇰🇷" * 10,
    "accents": "ẤỸḀ̊Șgjpqy" * 30,
    "one letter": "i",
    "zalgo": "Z̴͈͝a̵͇͂l̶̰͘g̷̣̓o̸̧͘" * 9,
    "marks": "«»“”…—–•·@#%&()[]{}<>/\\|" * 9,
}
HARD_NUMBERS = {
    "nothing": 0,
    "huge": 999_999_999_999_999_999,
    "below": -123_456_789,
    "broken": 1234.5678,
    "tiny": 0.001,
}


def make_spec(output: RenderFormat = "mov_alpha", **changes: Any) -> OutputSpec:
    """Return a small short output; ``changes`` are its other fields."""
    return OutputSpec(**{"format": output, "width": 640, "height": 360, "fps": 30, "seconds": 1.5, **changes})


def job(name: str, target: Path, output: RenderFormat = "mov_alpha", **changes: Any) -> RenderJob:
    """Return a job for the ordinary values of the template; ``changes`` are fields of its output."""
    return RenderJob(
        instruction_id=1,
        claim_id=uuid4(),
        template=TEMPLATES[name],
        layers=ORDINARY[name],
        spec=make_spec(output, **changes),
        target=target,
    )


def fill(template: Template, text: str, number: float) -> dict[str, Any]:
    """Fill all layers of the template to their limits, with the text and the number."""
    return {name: _fill_layer(layer, text, number) for name, layer in template.layers.items()}


def _fill_layer(layer: Any, text: str, number: float) -> Any:
    deck = [f"{rank}{suit}" for rank in "AKQJT" for suit in "shdc"]
    match layer.kind:
        case "text":
            return text[: layer.characters].strip()
        case "number" | "chips":
            return number
        case "card":
            return "As"
        case "cards":
            return deck[: layer.limit]
        case "rows":
            row = {
                name: text[: column.characters].strip() if column.kind == "text" else number
                for name, column in layer.columns.items()
            }
            return [row] * layer.limit
