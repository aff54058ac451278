"""Check that the newest clips of a sheet are seen in the metadata of ``hand_clips``, which costs seconds at most."""

import base64
import io
import re
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, text

from pokervod_pipelines.defs.stages import clips_metadata
from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.media.clip_previews import PREVIEWS, WIDTH, embed_clip_previews
from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.media.thumbnails import open_thumbnail_cache
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun
from pokervod_pipelines_tests.hands.sessions import make_walk, write_session
from pokervod_pipelines_tests.media.conftest import Register, archive, reel, register, settings
from pokervod_pipelines_tests.media.films import make_old, read_number
from pokervod_pipelines_tests.media.test_thumbnails import Cutter, cut, film_id

__all__ = ["archive", "cut", "film_id", "reel", "register", "settings"]

PREVIEW = re.compile(r"!\[([^\]]*)\]\(data:image/jpeg;base64,([A-Za-z0-9+/=]+)\)  \n(.+)")


@pytest.fixture
def run(engine: Engine, settings: Settings) -> SyncRun:
    return SyncRun(engine=engine, settings=settings, correlation_id="test")


def read_previews(markdown: str) -> list[tuple[str, Any]]:
    """Return the caption and image of every paragraph."""
    found = [PREVIEW.fullmatch(paragraph) for paragraph in markdown.split("\n\n")]
    assert all(each and each[3].replace("*", "") == each[1] for each in found)
    return [(each[3], Image.open(io.BytesIO(base64.b64decode(each[2])))) for each in found if each]


def numbers(markdown: str) -> list[int]:
    return [read_number(np.asarray(image)) for _, image in read_previews(markdown)]


def test_the_newest_usable_clips_are_shown_by_their_first_frame(run: SyncRun, film_id: int, cut: Cutter) -> None:
    for number in range(8):
        cut(film_id, number * 200)
    cut(film_id, 1_800, problem="no such hand")
    cut(film_id, 1_880, is_retired=True)

    shown = embed_clip_previews(run.engine, run.settings, "s", pass_seconds=60)

    assert numbers(shown) == [35, 30, 25, 20, 15, 10]
    assert len(read_previews(shown)) == PREVIEWS
    assert {image.width for _, image in read_previews(shown)} == {WIDTH}
    assert embed_clip_previews(run.engine, run.settings, "another sheet") == ""


def test_a_preview_says_what_it_shows(run: SyncRun, film_id: int, cut: Cutter, tmp_path: Path) -> None:
    cut(film_id, 400)
    cut(film_id, 800)
    (tmp_path / "s.json").write_bytes(write_session(make_walk(number=7)))
    import_hands(run.engine, run.settings, [tmp_path / "s.json"], correlation_id="test")
    with run.engine.begin() as connection:
        connection.execute(text("update hand_clips set title = 'Final Table', out_ms = in_ms + 61000"))
        connection.execute(text("update hand_clips set hands = 'AA vs KK', title = '#1 Final' where in_ms = 800"))
        connection.execute(
            text("insert into hand_clip_links (hand_id, clip_id, how) select 1, id, 'time' from hand_clips")
        )

    shown = read_previews(embed_clip_previews(run.engine, run.settings, "s", pass_seconds=60))
    assert [caption for caption, _ in shown] == [
        "**#1 Final** · 0:00:00 to 0:01:01 · AA vs KK, hand #7",
        "**Final Table** · 0:00:00 to 0:01:01 · hand #7",
    ]


def test_a_title_cannot_break_the_markdown(run: SyncRun, film_id: int, cut: Cutter) -> None:
    cut(film_id, 400)
    with run.engine.begin() as connection:
        connection.execute(text(r"update hand_clips set title = E'A](x) [b]\n<i>`_*\\ 뒤집기'"))

    assert [
        caption for caption, _ in read_previews(embed_clip_previews(run.engine, run.settings, "s", pass_seconds=60))
    ] == ["**A (x) b i 뒤집기** · 0:00:00 to 0:00:00"]


def test_previews_once_drawn_are_shown_in_no_time(run: SyncRun, film_id: int, cut: Cutter, archive: Path) -> None:
    cut(film_id, 400)
    first = embed_clip_previews(run.engine, run.settings, "s", pass_seconds=60)
    (archive / "show.mp4").unlink()

    assert first
    assert embed_clip_previews(run.engine, run.settings, "s", pass_seconds=0) == first


def test_a_video_without_good_facts_is_not_opened(
    run: SyncRun, film_id: int, cut: Cutter, archive: Path, reel: Path, register: Register
) -> None:
    cut(film_id, 400)
    make_old(Path(shutil.copy(reel, archive / "unread.mp4")))
    cut(register("unread.mp4"), 800)
    (archive / "broken.mp4").write_bytes(b"nonsense" * 1_000)
    cut(register("broken.mp4"), 800)
    probe = text("delete from media_facts where file_id = (select id from nas_files where path = 'unread.mp4')")
    probe_library(run.engine, run.settings, "films", correlation_id="c")
    with run.engine.begin() as connection:
        connection.execute(probe)

    assert numbers(embed_clip_previews(run.engine, run.settings, "s", pass_seconds=60)) == [10]


@pytest.mark.parametrize("spoil", ["off", "no time", "deleted", "no folder"])
def test_previews_that_cannot_be_drawn_are_no_failure(
    run: SyncRun, film_id: int, cut: Cutter, archive: Path, spoil: str
) -> None:
    cut(film_id, 400)
    used = run.settings
    if spoil == "off":
        used = used.model_copy(update={"media": used.media.model_copy(update={"enabled": False})})
    elif spoil == "deleted":
        (archive / "show.mp4").unlink()
    elif spoil == "no folder":
        open_thumbnail_cache(used).folder.parent.mkdir(parents=True, exist_ok=True)
        open_thumbnail_cache(used).folder.write_text("in the way", encoding="utf-8")
    spoilt = SyncRun(engine=run.engine, settings=used, correlation_id="test")

    assert embed_clip_previews(spoilt.engine, spoilt.settings, "s", pass_seconds=0 if spoil == "no time" else 60) == ""


def test_the_metadata_of_clips_has_previews_only_where_there_are_any(run: SyncRun, film_id: int, cut: Cutter) -> None:
    outcome = StageResult(stage="clips", name="s", seconds=0.1, counts={"clips": 1})
    without = clips_metadata(run, outcome)
    cut(film_id, 400)

    shown = clips_metadata(run, outcome)

    assert set(shown) - set(without) == {"pictures"}
    assert isinstance(shown["pictures"], dg.MarkdownMetadataValue)
