"""Locate a hand in the video of its clip, as far as the facts of that video allow."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.hands.listing import read_hand, read_linked_clips
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import ArchiveRoot
from pokervod_pipelines.workflows.hand_places import HandPlace, locate_hand
from pokervod_pipelines.workflows.hands import link_hands
from pokervod_pipelines_tests.hands.sessions import make_walk, write_session
from pokervod_pipelines_tests.hands.table import Table, table
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness, make_line

__all__ = ["harness", "table"]

NAME = "0504_Hand_04_Abel AA vs Cruz KTo_Clean"
VIDEO = f"ARCHIVE/WSOP/WSOP 2031/{NAME}.mp4"
FACTS = {"status": "ok", "num": 25, "den": 1, "start": None, "counted": None, "drop": False}
STORE = """
    insert into media_facts (file_id, size, mtime_ns, status, reason, duration_ms, rate_num, rate_den, start_timecode,
        timecode_rate, drop_frame)
    select id, size, mtime_ns, :status, 'x', 900000, :num, :den, :start, :counted, :drop from nas_files
"""

CLIP_AT_25 = ("0:01:00 (frame 1,500, timecode 00:01:00:00)", "0:01:40 (frame 2,500, timecode 00:01:40:00)")
NOT_TIMED = (None, None)


@pytest.fixture
def linked(harness: SheetHarness, table: Table) -> SheetHarness:
    """Link the hand of 18:00:00.9 to 18:02:06.1 to a clip from 0:01:00 to 0:01:40."""
    table.write(write_session(make_walk(number=4)))
    table.take()
    harness.add_files(VIDEO)
    build_catalog(harness.engine, correlation_id="test")
    cells = {"Hands": "94o vs 73o", "Tag_(Player)": "ABEL vs BRUN", "Winner": ""}
    harness.write(make_line(1, File_Name=NAME, **cells))
    harness.sync()
    harness.build()
    link_hands(harness.engine, harness.settings.zone, correlation_id="test")
    roots = (ArchiveRoot(name="nas", path=Path("/nas")),)
    harness.settings = harness.settings.model_copy(update={"archive_roots": roots})
    return harness


def locate(harness: SheetHarness, settings: Settings | None = None) -> list[HandPlace]:
    with harness.engine.connect() as connection:
        ((hand_id,),) = connection.execute(text("select hand_id from hand_clip_links"))
        hand, clips = read_hand(connection, hand_id), read_linked_clips(connection, hand_id)
        return [*locate_hand(connection, settings or harness.settings, hand, clips).values()]


@pytest.mark.parametrize(
    ("facts", "clip", "hand"),
    [
        ({"status": "broken"}, ("0:01:00", "0:01:40"), NOT_TIMED),
        ({}, CLIP_AT_25, NOT_TIMED),
        ({"num": 50}, ("0:01:00 (frame 3,000, timecode 00:01:00:00)", "0:01:40 (frame 5,000, timecode 00:01:40:00)"),
         NOT_TIMED),
        ({"start": "10:00:00:00"},
         ("0:01:00 (frame 1,500, timecode 10:01:00:00)", "0:01:40 (frame 2,500, timecode 10:01:40:00)"), NOT_TIMED),
        ({"start": "17:59:30:00"},
         ("0:01:00 (frame 1,500, timecode 18:00:30:00)", "0:01:40 (frame 2,500, timecode 18:01:10:00)"),
         ("0:00:30.901 (frame 772, timecode 18:00:00:22)", "0:02:36.148 (frame 3,903, timecode 18:02:06:03)")),
        ({"start": "18:00:30:00", "counted": 25},
         ("0:01:00 (frame 1,500, timecode 18:01:30:00)", "0:01:40 (frame 2,500, timecode 18:02:10:00)"),
         (None, "0:01:36.148 (frame 2,403, timecode 18:02:06:03)")),
        ({"start": "20:00:00:00"},
         ("0:01:00 (frame 1,500, timecode 20:01:00:00)", "0:01:40 (frame 2,500, timecode 20:01:40:00)"), NOT_TIMED),
        ({"num": 30_000, "den": 1001, "start": "01:00:00;00", "drop": True},
         ("0:01:00 (frame 1,798, timecode 01:00:59;28)", "0:01:40 (frame 2,997, timecode 01:01:39;29)"), NOT_TIMED),
    ],
)  # fmt: skip
def test_each_moment_is_located_as_exactly_as_it_is_known(
    linked: SheetHarness, facts: dict[str, Any], clip: tuple[str, str], hand: tuple[str | None, str | None]
) -> None:
    linked.execute(STORE, {**FACTS, **facts})

    (place,) = locate(linked)
    assert place.file == f"/nas/{VIDEO}"
    assert (str(place.clip_in), str(place.clip_out)) == clip
    assert tuple(each and str(each) for each in (place.hand_start, place.hand_end)) == hand


def test_a_clip_without_a_usable_video_has_no_place(linked: SheetHarness) -> None:
    elsewhere = linked.settings.model_copy(update={"archive_roots": ()})

    assert locate(linked, elsewhere) == []
    linked.execute("update hand_clips set problem = 'no video'")
    assert locate(linked) == []
