"""Create notes: what a person writes down about one hand in one video, before a sheet gives it a shape."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from pokervod_pipelines.sample.annotations.faults import Fault, Faults
from pokervod_pipelines.sample.annotations.footage import Footage
from pokervod_pipelines.sample.families.irregular_names import SAME_NAME
from pokervod_pipelines.sample.vocabulary import (
    ADJECTIVE_TAGS,
    EMOTION_TAGS,
    EPIC_HAND_TAGS,
    HANDS,
    PLAYERS,
    POKER_PLAY_TAGS,
    RUNOUT_TAGS,
    UNKNOWN_TAGS,
)

NO_HAND = "핸드 없음"
THIRTY_MINUTES = 1_800_000
HAND_SECONDS = (20, 420)
VERSUS = (" vs ", " vs ", " vs ", " VS ", " Vs ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Describe one hand; times in milliseconds from the start of the video, a multiple of 1,000."""

    footage: Footage
    in_ms: int
    out_ms: int
    grade: str
    winner: str
    hands: str
    players: tuple[str, ...]
    poker_play: tuple[str, ...]
    emotion: tuple[str, ...]
    epic_hand: tuple[str, ...]
    runout: tuple[str, ...]
    adjective: tuple[str, ...]
    fault: Fault | None = None
    lost_name: str = ""
    """The name of a video that cannot be found, or is ambiguous; such a note has no link."""


def make_notes(rng: Random, footage: Sequence[Footage], count: int, faults: Faults) -> list[Note]:
    """Return ``count`` notes on these videos, in their order, several on a video, with exactly these faults."""
    notes: list[Note] = []
    share = max(1, count // max(len(footage), 1))
    chosen = sorted(rng.sample(range(len(footage)), min(len(footage), count // share)))
    for place, index in enumerate(chosen):
        turns = (count - len(notes)) // (len(chosen) - place)
        notes += [_make_note(rng, footage[index], turn, turns) for turn in range(turns)]
    return _apply_faults(rng, notes, faults)


def _make_note(rng: Random, footage: Footage, turn: int, turns: int) -> Note:
    """Return the note for one of ``turns`` equal stretches of the video."""
    stretch = footage.seconds / turns
    longest = max(1, int(stretch) - 2)
    length = rng.randrange(*HAND_SECONDS) if longest > HAND_SECONDS[1] else rng.randrange(longest) + 1
    start = int(stretch * turn) + rng.randrange(max(1, int(stretch) - length))
    winner, loser = rng.sample(HANDS, 2)
    return Note(
        footage=footage,
        in_ms=start * 1000,
        out_ms=(start + length) * 1000,
        grade=rng.choice(("★", "★★", "★★", "★★★", "")),
        winner=winner,
        hands=rng.choice(VERSUS).join((winner, loser) if rng.randrange(2) else (loser, winner)),
        players=tuple(footage.file.about.get("players", "").split("; "))
        if rng.randrange(2)
        else _pick(rng, PLAYERS, 3),
        poker_play=_pick(rng, POKER_PLAY_TAGS, 4),
        emotion=_pick(rng, EMOTION_TAGS, 2),
        epic_hand=_pick(rng, EPIC_HAND_TAGS, 1),
        runout=_pick(rng, RUNOUT_TAGS, 1),
        adjective=_pick(rng, ADJECTIVE_TAGS, 2),
    )


def _pick(rng: Random, words: Sequence[str], limit: int) -> tuple[str, ...]:
    return tuple(rng.sample(words, rng.randrange(limit + 1)))


def _apply_faults(rng: Random, notes: list[Note], faults: Faults) -> list[Note]:
    """Return the notes with the faults spread over them, those after a video's end on videos that play."""
    valid = {index: note.footage.plays for index, note in enumerate(notes)}
    for fault, count in faults.items():
        fit = [index for index, plays in valid.items() if plays == (fault is Fault.BEYOND_VIDEO_END)]
        for number, index in enumerate(rng.sample(fit, count)):
            notes[index] = apply_fault(notes[index], fault, number)
            del valid[index]
    return notes


def apply_fault(note: Note, fault: Fault, number: int) -> Note:
    """Return the note with the fault, the ``number``-th of its kind; the sheet adds what only a cell can show."""
    changes: dict[str, object] = {}
    match fault:
        case Fault.END_NOT_AFTER_START:
            changes = {"out_ms": max(0, note.in_ms - 1000 * (number % 2))}
        case Fault.TOO_LONG:
            changes = {"out_ms": note.in_ms + THIRTY_MINUTES + 1000 * (1 + number)}
        case Fault.BEYOND_VIDEO_END:
            changes = {"out_ms": (int(note.footage.seconds) + 5 + number) * 1000}
        case Fault.UNKNOWN_VIDEO:
            changes = {"lost_name": f"Backstage reel {number + 1:02d} - never digitised"}
        case Fault.AMBIGUOUS_VIDEO:
            changes = {"lost_name": SAME_NAME.removesuffix(".mp4")}
        case Fault.BAD_GRADE:
            changes = {"grade": "★★★★"}
        case Fault.UNKNOWN_TAG:
            changes = {"poker_play": (*note.poker_play, UNKNOWN_TAGS[number % len(UNKNOWN_TAGS)])}
        case Fault.NO_HAND:
            changes = {"hands": NO_HAND, "winner": ""}
    return replace(note, fault=fault, **changes)  # type: ignore[arg-type]


def show_clock(milliseconds: int) -> str:
    """Return a time as a clock: hours without a leading zero, always minutes and seconds.

    >>> show_clock(25_135_000)
    '6:58:55'
    """
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def show_long_clock(milliseconds: int) -> str:
    """Return a time as a clock with two-digit hours.

    >>> show_long_clock(326_000)
    '00:05:26'
    """
    return show_clock(milliseconds).zfill(len("00:00:00"))
