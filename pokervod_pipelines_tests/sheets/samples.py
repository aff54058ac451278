"""Provide small workbooks in the layouts that people keep, and the corpora of this room."""

from pathlib import Path
from typing import Any

from pokervod_pipelines.sheets.file_index import CandidateFile, FileIndex
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines_tests.read_yaml import read_yaml

CASES = Path(__file__).parent.parent / "cases" / "sheets"

ARCHIVE_HEADER = (
    *("File No.", "File Name", "Nas Folder Link", "In", "Out", "Hand Grade", "Winner", "Hands"),
    *("Tag (Player)",) * 3,
    *("Tag (Poker Play)",) * 7,
    *("Tag (Emotion)",) * 2,
)
ICONIK_HEADER = (
    *("id", "title", "time_start_ms", "time_end_ms", "time_start_S", "time_end_S", "Description", "ProjectName"),
    *("Year_", "PlayersTags", "HandGrade", "HANDTag", "EPICHAND", "PokerPlayTags", "Adjective", "Emotion"),
    *("Badbeat", "Bluff", "RUNOUTTag", "All-in"),
)
TRACKER_HEADER = ("File No.", "완료", "Filename", "EVENT", "Event Name", "?", "timecode range", "players", "hands")


def load_cases(name: str) -> Any:
    """Return the cases of one corpus."""
    return read_yaml(CASES / f"{name}.yml")


def make_tab(*rows: tuple[str, ...], title: str = "2031") -> Tab:
    """Return a tab of these rows."""
    return Tab(title, rows)


def make_index(*paths: str) -> FileIndex:
    """Return an index of videos at these paths, numbered from 1."""
    return FileIndex.build(CandidateFile(number, path) for number, path in enumerate(paths, start=1))
