"""List the words of annotation sheets: the names of their headers, and the headers of other tables.

A new spelling of a header is one entry here. Headers are compared without case, spaces and punctuation, so
``File No.`` and ``file_no`` need one entry only. How a header row is found belongs in ``headers``.
"""

from enum import StrEnum


class SheetKind(StrEnum):
    """List the layouts of annotation sheets."""

    ARCHIVE = "archive"
    """One row per hand, without a key: File No. repeats (the sheet "metadata_archive")."""

    ICONIK = "iconik"
    """One row per clip of the iconik asset manager, keyed by its UUID."""

    CLIP_TRACKER = "clip_tracker"
    """One row per hand of the running series, the event written once above its hands."""


ARCHIVE_HEADERS = {
    "file_no": ("File No.", "File Number", "파일 번호"),
    "file_name": ("File Name", "Filename", "파일명", "파일 이름"),
    "folder_link": ("Nas Folder Link", "Nas Link", "Folder Link", "Nas Path", "폴더 링크"),
    "time_in": ("In", "Time In", "Timecode In", "TC In", "In Point"),
    "time_out": ("Out", "Time Out", "Timecode Out", "TC Out", "Out Point"),
    "grade": ("Hand Grade", "Grade", "등급"),
    "winner": ("Winner", "Winning Hand"),
    "hands": ("Hands", "Hand", "핸드"),
    "tag_player": ("Tag (Player)", "Tag Players", "Players"),
    "tag_poker_play": ("Tag (Poker Play)", "Poker Play"),
    "tag_emotion": ("Tag (Emotion)", "Emotion"),
    "tag_epic_hand": ("Tag (Epic Hand)", "Epic Hand"),
    "tag_runout": ("Tag (Runout)", "Runout"),
    "tag_adjective": ("Tag (Adjective)", "Adjective"),
    "description": ("Description", "Comment", "비고"),
}

ICONIK_HEADERS = {
    "source_id": ("id", "Asset ID", "UUID"),
    "title": ("title",),
    "time_in": ("time_start_ms",),
    "time_out": ("time_end_ms",),
    "seconds_in": ("time_start_S",),
    "seconds_out": ("time_end_S",),
    "description": ("Description",),
    "grade": ("HandGrade",),
    "hands": ("HANDTag", "Hand Tags"),
    "tag_player": ("PlayersTags", "PlayerTags"),
    "tag_poker_play": ("PokerPlayTags",),
    "tag_emotion": ("Emotion", "Emotion Tags"),
    "tag_epic_hand": ("EPICHAND",),
    "tag_runout": ("RUNOUTTag",),
    "tag_adjective": ("Adjective",),
    "flag_poker_play": ("Badbeat", "Bluff", "Suckout", "Cooler", "All-in"),
    "flag_runout": ("PostFlop",),
}

CLIP_TRACKER_HEADERS = {
    "file_no": ("File No.", "No.", "File Number"),
    "file_name": ("Filename", "File Name", "파일명"),
    "event": ("EVENT", "이벤트"),
    "event_name": ("Event Name", "이벤트 이름"),
    "time_range": ("timecode range", "Timecode", "Time Range", "Time Code", "In - Out", "타임코드", "구간"),
    "tag_player": ("players", "Player", "플레이어", "선수"),
    "hands": ("hands", "Hand", "핸드"),
    "grade": ("Hand Grade", "Grade", "등급"),
    "description": ("Remarks", "Comment", "비고"),
}

MANAGED_HEADERS = {
    "row_key": ("PokerVOD ID",),
    "state": ("PokerVOD State",),
    "matched_file": ("PokerVOD File",),
    "problem": ("PokerVOD Problem",),
    "synced": ("PokerVOD Synced",),
    "pin": ("Pin", "PokerVOD Pin", "핀"),
}
"""The PokerVOD columns, in any layout; they must be spelt exactly, and are not part of a row's content."""

HEADERS = {
    SheetKind.ARCHIVE: ARCHIVE_HEADERS,
    SheetKind.ICONIK: ICONIK_HEADERS,
    SheetKind.CLIP_TRACKER: CLIP_TRACKER_HEADERS,
}

REQUIRED = {
    SheetKind.ARCHIVE: (("file_no",), ("file_name", "folder_link"), ("time_in",), ("time_out",)),
    SheetKind.ICONIK: (("source_id",), ("title",), ("time_in", "seconds_in"), ("time_out", "seconds_out")),
    SheetKind.CLIP_TRACKER: (("event", "event_name", "file_name"), ("time_range",)),
}
"""For each layout: one field of each group is required."""

OTHER_TABLES = {
    "a work status table": ("Archive", "Category", "PIC", "Status", "Total", "Excel Done", "Progress %", "Notes 1"),
    "a sync log": ("Sync_ID", "Sync_Type", "Started_At", "Completed_At", "Assets_New", "Assets_Updated", "Status"),
    "a master catalog": ("Origin", "Entry Key", "Match Type", "Role", "Backup Type", "PokerGO Title", "Full Path"),
    "a list of web videos": ("Video ID", "Title", "PublishedAt", "2025 clips", "2024 Clips", "2023 Clips"),
    "a list of assets": ("Asset ID", "Title", "Status"),
    "a tournament table": ("tournament_number", "name", "buy_in", "rake", "starting_chips", "current_level"),
    "a table of chip counts": ("tournament_number", "player_name", "chips", "table_number", "seat_number", "rank"),
    "a blind structure": ("tournament_number", "level", "small_blind", "big_blind", "ante", "bb_ante"),
    "a payout structure": ("tournament_number", "place_start", "place_end", "amount", "percentage"),
    "a broadcast schedule": ("date", "time_start", "time_end", "event_title", "channel", "tournament_number"),
    "a seat list": ("PokerRoom", "TableName", "TableId", "SeatId", "PlayerId", "PlayerName", "ChipCount"),
}
"""Tables that people keep beside the annotations; they are skipped without a problem."""
