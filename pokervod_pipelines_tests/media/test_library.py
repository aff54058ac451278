"""Probe a library: only videos that are due, storing every result, with problems that stay visible."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.media.library import MediaReport, probe_library
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.media.films import make_old, make_young

Register = Callable[..., int]


def run(engine: Engine, settings: Settings, **options: object) -> MediaReport:
    return probe_library(engine, settings, "films", correlation_id="c", **options)  # type: ignore[arg-type]


def read(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def statuses(engine: Engine) -> dict[object, object]:
    rows = read(engine, "select f.path, m.status from media_facts m join nas_files f on f.id = m.file_id")
    return {path: status for path, status in rows}  # noqa: C416 - narrows the type


@pytest.fixture
def library(archive: Path, reel: Path, register: Register) -> Path:
    """Return a folder with six kinds of video, two files that are not videos, and one missing file."""
    shutil.copy(reel, archive / "whole.mp4")
    (archive / "garbage.mp4").write_bytes(b"nonsense" * 1_000)
    (archive / "empty.mov").write_bytes(b"")
    (archive / "cut.mp4").write_bytes(reel.read_bytes()[:-3_000])
    for name in ("sparse.mxf", "notes.txt", "._whole.mp4", "old.mp4"):
        (archive / name).write_bytes(b"")
        os.truncate(archive / name, 1 << 30)
    for path in archive.iterdir():
        register(
            make_old(path).name,
            category="metadata" if path.suffix == ".txt" else "video",
            is_junk=path.name.startswith("._"),
            state="missing" if path.name == "old.mp4" else "present",
        )
    register("vanished.mp4")
    return archive


def test_every_video_that_is_present_has_its_facts(engine: Engine, settings: Settings, library: Path) -> None:
    report = run(engine, settings)

    assert statuses(engine) == {
        "whole.mp4": "ok",
        "garbage.mp4": "broken",
        "empty.mov": "broken",
        "cut.mp4": "broken",
        "sparse.mxf": "sparse",
    }
    assert (report.probed, report.changed, report.missing, report.pending) == (5, 5, 1, 1)
    assert report.by_status == {"ok": 1, "broken": 3, "sparse": 1, "due": 1}
    assert report.problem_count == 4
    assert [problem.where for problem in report.problems] == ["cut.mp4", "empty.mov", "garbage.mp4", "sparse.mxf"]
    assert report.problems[1].what == "broken: empty (0 bytes)"


def test_the_facts_are_stored_as_they_were_read(engine: Engine, settings: Settings, library: Path) -> None:
    run(engine, settings)

    columns = "duration_ms, frames, container, video_codec, width, height, rate_num, rate_den, start_timecode, audio"
    (row,) = read(engine, f"select {columns} from media_facts where status = 'ok'")
    sound = [{"codec": "aac", "channels": 2, "language": "eng"}]
    assert row == (2_000, 50, "mov", "mpeg4", 160, 90, 25, 1, None, sound)


def test_a_second_pass_reads_and_stores_nothing(engine: Engine, settings: Settings, library: Path) -> None:
    run(engine, settings)
    before = read(engine, "select * from media_facts order by file_id") + read(engine, "select * from events")

    report = run(engine, settings)

    assert (report.probed, report.changed) == (0, 0)
    assert report.problem_count == 4
    assert read(engine, "select * from media_facts order by file_id") + read(engine, "select * from events") == before


def test_changed_facts_append_one_event(engine: Engine, settings: Settings, library: Path) -> None:
    run(engine, settings)

    ((type_, source, correlation, payload),) = read(engine, "select type, source, correlation_id, payload from events")
    assert (type_, source, correlation) == ("media.facts.changed", "media", "c")
    assert isinstance(payload, dict)
    assert payload["library"] == "films"
    assert payload["file_ids"] == [id_ for (id_,) in read(engine, "select file_id from media_facts order by 1")]


def test_a_changed_file_is_read_again_and_only_that(
    engine: Engine, settings: Settings, library: Path, reel: Path, register: Register
) -> None:
    run(engine, settings)
    shutil.copy(reel, library / "garbage.mp4")
    os.utime(library / "garbage.mp4", (1_000, 1_000))
    register("garbage.mp4")

    report = run(engine, settings)

    assert (report.probed, report.changed) == (1, 1)
    assert statuses(engine)["garbage.mp4"] == "ok"


@pytest.mark.parametrize(
    ("status", "age", "again"),
    [
        ("ok", "10 years", False),
        ("sparse", "10 years", False),
        ("broken", "23 hours", False),
        ("broken", "25 hours", True),
        ("timeout", "50 minutes", False),
        ("timeout", "70 minutes", True),
        ("unreadable", "50 minutes", False),
        ("unreadable", "70 minutes", True),
        ("growing", "0 minutes", True),
    ],
)
def test_a_failed_probe_is_retried_in_its_time(
    engine: Engine, settings: Settings, library: Path, status: str, age: str, again: bool
) -> None:
    run(engine, settings)
    where = "where file_id = (select id from nas_files where path = 'whole.mp4')"
    with engine.begin() as connection:
        connection.execute(
            text(f"update media_facts set status = '{status}', probed_at = now() - interval '{age}' {where}")
        )

    assert run(engine, settings).probed == again
    assert statuses(engine)["whole.mp4"] == ("ok" if again else status)


def test_a_broken_file_probed_again_appends_no_event(engine: Engine, settings: Settings, library: Path) -> None:
    run(engine, settings)
    with engine.begin() as connection:
        connection.execute(text("update media_facts set probed_at = now() - interval '2 days'"))

    report = run(engine, settings)

    assert (report.probed, report.changed) == (3, 0)
    assert read(engine, "select count(*) from events") == [(1,)]
    assert run(engine, settings).probed == 0


def test_a_pass_that_is_switched_off_reads_nothing(engine: Engine, settings: Settings, library: Path) -> None:
    off = settings.model_copy(update={"media": settings.media.model_copy(update={"enabled": False})})

    report = run(engine, off)

    assert (report.enabled, report.probed, report.pending) == (False, 0, 6)
    assert statuses(engine) == {}


def test_a_pass_without_time_leaves_all_for_the_next(engine: Engine, settings: Settings, library: Path) -> None:
    assert run(engine, settings, pass_seconds=0).pending == 6
    assert run(engine, settings).probed == 5


def test_a_file_that_takes_too_long_has_that_as_its_fact(
    engine: Engine, settings: Settings, archive: Path, film: Path, register: Register
) -> None:
    make_young(Path(shutil.copy(film, archive / "slow.mp4")))
    register("slow.mp4")
    hasty = settings.model_copy(update={"media": settings.media.model_copy(update={"seconds_per_file": 0.2})})

    report = run(engine, hasty)

    assert report.problems == (Problem("slow.mp4", "timeout: gave no answer within 0.2 s"),)
    assert run(engine, hasty).probed == 0


def test_progress_is_reported_up_to_the_last_file(engine: Engine, settings: Settings, library: Path) -> None:
    reported: list[int] = []

    run(engine, settings, progress=reported.append)

    assert reported == sorted(reported)
    assert reported[-1] == 5


def test_two_passes_at_once_do_the_work_once(engine: Engine, settings: Settings, library: Path) -> None:
    reports: list[MediaReport] = []
    threads = [threading.Thread(target=lambda: reports.append(run(engine, settings))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(report.probed for report in reports) == [0, 5]


KILLED = """
import os, sys
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.media import library
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings
library.BATCH_FILES = 10
library.probe_library(
    make_engine(sys.argv[1]), Settings.model_validate_json(sys.argv[2]), "films", correlation_id="c",
    progress=lambda count: os.kill(os.getpid(), 9) if count >= 30 else None,
)
"""


def test_a_pass_that_is_killed_keeps_what_it_did(
    engine: Engine, settings: Settings, archive: Path, register: Register
) -> None:
    for number in range(100):
        (archive / f"{number}.mp4").write_bytes(b"")
        register(make_old(archive / f"{number}.mp4").name)
    url = engine.url.render_as_string(hide_password=False)
    program = [sys.executable, "-c", KILLED, url, settings.model_dump_json()]
    killed = subprocess.run(program, cwd=Path(__file__).parents[2], check=False)

    report = run(engine, settings)

    assert killed.returncode == -9
    assert 1 <= report.probed <= 70
    assert statuses(engine) == {f"{number}.mp4": "broken" for number in range(100)}
    assert len(read(engine, "select jsonb_array_elements(payload->'file_ids') from events")) == 100


def test_facts_of_an_older_version_count_until_they_are_probed_again(
    engine: Engine, settings: Settings, archive: Path, reel: Path, register: Register
) -> None:
    make_old(Path(shutil.copy(reel, archive / "show.mp4")))
    register("show.mp4")
    probe_library(engine, settings, "films", correlation_id="c")
    with engine.begin() as connection:
        connection.execute(text("update media_facts set probe_version = 1"))

    reports = [probe_library(engine, settings, "films", correlation_id="c") for _ in range(2)]

    assert [(report.probed, report.changed) for report in reports] == [(1, 0), (0, 0)]
