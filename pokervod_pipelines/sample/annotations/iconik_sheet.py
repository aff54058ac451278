"""Build ``iconik_metadata.csv``: the export of an asset manager, thirty-five columns, a UUID a row, milliseconds."""

import csv
import io
import uuid
from collections.abc import Mapping
from random import Random

from pokervod_pipelines.sample.annotations.faults import FAULTS, Fault
from pokervod_pipelines.sample.annotations.footage import list_footage
from pokervod_pipelines.sample.annotations.notes import Note, make_notes
from pokervod_pipelines.sample.entries import seeded

COLUMNS = (
    *("id", "title", "time_start_ms", "time_end_ms", "time_start_S", "time_end_S", "Description", "ProjectName"),
    *("ProjectNameTag", "SearchTag", "Year_", "Location", "Venue", "EpisodeEvent", "Source", "Scene", "GameType"),
    *("PlayersTags", "HandGrade", "HANDTag", "EPICHAND", "Tournament", "PokerPlayTags", "Adjective", "Emotion"),
    *("AppearanceOutfit", "SceneryObject", "_gcvi_tags", "Badbeat", "Bluff", "Suckout", "Cooler", "RUNOUTTag"),
    *("PostFlop", "All-in"),
)

NOTES = 900


def build_iconik_sheet() -> tuple[bytes, int]:
    """Return the file (UTF-8) and how many of its rows count, the faulty ones included."""
    rng = seeded("iconik")
    footage = [each for each in list_footage() if each.has_own_name]
    notes = make_notes(rng, [each for each in footage if each.plays] * 4 + footage, NOTES, FAULTS["iconik_metadata"])
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(_make_row(rng, note) for note in notes)
    return text.getvalue().encode(), len(notes)


def _make_row(rng: Random, note: Note) -> dict[str, str]:
    about = note.footage.file.about
    return {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "title": note.lost_name or note.footage.file.stem,
        **_format_times(note, rng.randrange(1000)),
        "Description": f"{' vs '.join(filter(None, note.players[:2]))} {note.hands}".strip(),
        "ProjectName": about.get("project", ""),
        "ProjectNameTag": about.get("project", ""),
        "SearchTag": ",".join(note.poker_play[:2]),
        "Year_": about.get("year", ""),
        "Location": about.get("location", ""),
        "EpisodeEvent": about.get("event", ""),
        "Source": rng.choice(("CLEAN", "PGM", "")),
        "GameType": rng.choice(("NLH", "PLO", "MIXED", "")),
        "HandGrade": note.grade,
        "HANDTag": note.hands,
        "Tournament": about.get("tournament", ""),
        **_format_tags(note),
    }


def _format_times(note: Note, shift: int) -> dict[str, str]:
    """Return the four time cells, both ends moved on by ``shift`` milliseconds: nobody cuts on the full second."""
    start, end = note.in_ms + shift, note.out_ms + shift
    if note.fault is Fault.BAD_TIMECODE:
        return {"time_start_ms": "99:99", "time_end_ms": str(end)}
    if note.fault is Fault.MISSING_OUT:
        return {"time_start_ms": str(start), "time_start_S": f"{start / 1000:.3f}"}
    ends = {"time_end_ms": str(end), "time_end_S": f"{end / 1000:.3f}"}
    return {"time_start_ms": str(start), "time_start_S": f"{start / 1000:.3f}", **ends}


def _format_tags(note: Note) -> Mapping[str, str]:
    plays = {play.casefold().replace(" ", "").replace("_", "") for play in note.poker_play}
    flags = {
        name: "TRUE" if name.casefold() in plays else "FALSE" for name in ("Badbeat", "Bluff", "Suckout", "Cooler")
    }
    return {
        "PlayersTags": ",".join(filter(None, note.players)),
        "EPICHAND": ",".join(note.epic_hand),
        "PokerPlayTags": ",".join(note.poker_play),
        "Adjective": ",".join(note.adjective),
        "Emotion": ",".join(note.emotion),
        "RUNOUTTag": ",".join(note.runout),
        **flags,
        "PostFlop": "FALSE",
        "All-in": "TRUE" if "All-in" in note.poker_play else "FALSE",
    }
