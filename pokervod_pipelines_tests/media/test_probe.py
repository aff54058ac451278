"""Probe one real file: it has facts, or a reason in words why it has none, and never fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.media import reader
from pokervod_pipelines.media.facts import AudioTrack, MediaFacts, MediaStatus
from pokervod_pipelines.media.probe import probe_file
from pokervod_pipelines.media.reader import PROGRAM, describe_failure, limit_reading, read_videos
from pokervod_pipelines.processes.failures import ChildDied, ChildStuck, ChildTimedOut
from pokervod_pipelines_tests.media.films import Film, make_film, make_old, make_sound, make_young
from pokervod_pipelines_tests.processes.system import list_children, read_process

RATES = [
    Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30),
    Fraction(50), Fraction(60_000, 1001), Fraction(60),
]  # fmt: skip


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_rate_and_duration_are_exact_at_every_standard_rate(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    codec = "mpeg2video" if suffix == "ts" else "mpeg4"
    film = make_film(tmp_path / f"film.{suffix}", Film(rate=rate, frames=30, codec=codec))

    facts = probe_file(str(film))

    assert (facts.status, facts.reason) == (MediaStatus.OK, "")
    assert facts.rate == rate
    assert facts.duration_ms == pytest.approx(float(30_000 / rate), abs=1 if suffix != "ts" else 45)
    assert facts.video_codec == codec
    assert (facts.width, facts.height) == (160, 90)


@pytest.mark.parametrize(
    ("name", "rate", "timecode", "drops"),
    [
        ("a.mov", Fraction(25), "01:00:00:00", False),
        ("a.mov", Fraction(30_000, 1001), "00:59:58;00", True),
        ("a.mov", Fraction(30_000, 1001), "10:00:00:00", False),
        ("a.mp4", Fraction(24_000, 1001), "23:59:59:23", False),
        ("a.mp4", Fraction(60_000, 1001), "00:01:00;04", True),
        ("a.mxf", Fraction(25), "09:58:30:00", False),
        ("a.mxf", Fraction(30_000, 1001), "00:59:58;00", True),
        ("a.mov", Fraction(25), "", None),
    ],
)
def test_the_start_timecode_is_that_of_the_first_frame(
    tmp_path: Path, name: str, rate: Fraction, timecode: str, drops: bool | None
) -> None:
    codec = "mpeg2video" if name.endswith("mxf") else "mpeg4"
    film = make_film(tmp_path / name, Film(rate=rate, timecode=timecode, codec=codec))

    facts = probe_file(str(film))

    if name.endswith("mxf") and not timecode:
        return
    assert (facts.start_timecode, facts.drop_frame) == (timecode or None, drops)


def test_every_audio_track_has_its_language(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mkv", Film(sounds=[("eng", 2), ("kor", 1), ("", 6)]))

    assert probe_file(str(film)).audio == (
        AudioTrack("aac", 2, "eng"), AudioTrack("aac", 1, "kor"), AudioTrack("aac", 6, ""),
    )  # fmt: skip


def ask(path: Path, seconds: float = 60.0) -> MediaFacts | Exception:
    """Return what a probe in a child process returns or raises."""
    limits = limit_reading(1, workers=1, seconds=seconds, deadline=time.monotonic() + 600)
    ((key, answer),) = read_videos([("key", str(path), partial(probe_file, str(path)))], limits)
    assert key == "key"
    return answer


def test_a_probe_in_a_child_returns_what_one_in_this_process_does(reel: Path) -> None:
    facts = ask(reel)

    assert isinstance(facts, MediaFacts)
    assert facts == probe_file(str(reel))
    assert facts.status is MediaStatus.OK
    assert (facts.duration_ms, facts.frames, facts.container) == (2_000, 50, "mov")
    assert facts.bit_rate == pytest.approx(reel.stat().st_size * 8 / 2, rel=0.05)
    assert (facts.size, facts.mtime_ns) == (reel.stat().st_size, reel.stat().st_mtime_ns)


@pytest.mark.parametrize("name", ["찐최종 🏆.mp4", "two\nlines.mp4", "a:b?.mp4", "http:", "%03d.mp4", "x" * 250])
def test_a_file_of_any_name_can_be_probed(film: Path, name: str) -> None:
    assert probe_file(str(film.rename(film.with_name(name)))).status is MediaStatus.OK


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def play_list(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n")


def script(path: Path) -> None:
    path.write_text(f"ffconcat version 1.0\nfile '{path.name}'\n")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def holes(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 10 << 30)


BAD: list[tuple[Callable[[Path], object], MediaStatus, str]] = [
    (truncate, MediaStatus.BROKEN, "truncated: its mdat"),
    (lambda path: path.write_bytes(b""), MediaStatus.BROKEN, "empty (0 bytes)"),
    (lambda path: path.write_bytes(bytes(range(256)) * 500), MediaStatus.BROKEN, "not a readable video"),
    (lambda path: path.write_text("this is no video\n" * 500), MediaStatus.BROKEN, "not a readable video"),
    (play_list, MediaStatus.BROKEN, "not a readable video"),
    (script, MediaStatus.BROKEN, "not a readable video"),
    (make_sound, MediaStatus.BROKEN, "no video track"),
    (holes, MediaStatus.SPARSE, "contains only zeros"),
    (folder, MediaStatus.UNREADABLE, "not a regular file"),
    (pipe, MediaStatus.UNREADABLE, "not a regular file"),
    (Path.unlink, MediaStatus.MISSING, "file is missing"),
]


@pytest.mark.parametrize(("spoil", "status", "reason"), BAD)
def test_a_bad_file_is_a_fact_with_a_reason(
    film: Path, spoil: Callable[[Path], object], status: MediaStatus, reason: str
) -> None:
    spoil(film)
    if film.is_file():
        make_old(film)

    facts = probe_file(str(film))

    assert facts.status is status
    assert reason in facts.reason


def test_a_truncated_file_still_has_the_facts_that_can_be_read(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", Film(frames=100, options=(("movflags", "faststart"),)))
    os.truncate(film, film.stat().st_size - 100)

    facts = probe_file(str(make_old(film)))

    assert (facts.status, facts.duration_ms, facts.frames) == (MediaStatus.BROKEN, 4_000, 100)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(damage=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=40)), min_size=1, max_size=8))
def test_no_damage_makes_a_probe_fail(damage: list[tuple[float, bytes]], reel: Path, tmp_path: Path) -> None:
    content = bytearray(reel.read_bytes())
    for place, bytes_ in damage:
        start = int(len(content) * place)
        content[start : start + len(bytes_)] = bytes_
    target = tmp_path / "damaged.mp4"
    target.write_bytes(content)

    facts = probe_file(str(make_old(target)))

    assert facts.status in {MediaStatus.OK, MediaStatus.BROKEN}
    assert bool(facts.reason) == (facts.status is MediaStatus.BROKEN)


@pytest.mark.parametrize("begin_with", ["nothing", "a whole film"])
def test_a_file_that_a_recorder_writes_is_growing(film: Path, begin_with: str) -> None:
    if begin_with == "nothing":
        film.unlink()
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), str(film)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdin is not None
        recorder.stdout.readline()
        facts = probe_file(str(film))
        recorder.stdin.close()

    assert facts.status is MediaStatus.GROWING
    assert "while it was read" in facts.reason


def test_a_file_that_takes_too_long_is_left_with_a_reason(film: Path) -> None:
    answer = ask(make_young(film), seconds=0.2)

    assert isinstance(answer, ChildTimedOut)
    assert describe_failure(answer) == "gave no answer within 0.2 s"


def kill_busy_readers() -> int:
    """Kill this process's readers that have a video open; return how many."""
    busy = [pid for pid in list_children(PROGRAM.name) if b"libavformat" in read_process(pid, "maps")]
    for pid in busy:
        os.kill(pid, signal.SIGKILL)
    return len(busy)


def test_a_child_killed_in_the_middle_is_a_reason(film: Path) -> None:
    answer: object = None
    while not isinstance(answer, ChildDied):  # again where the child was faster than we
        with ThreadPoolExecutor() as threads:
            probing = threads.submit(ask, make_young(film))
            while not (probing.done() or kill_busy_readers()):
                os.sched_yield()
            while not probing.done():  # its second attempt, too
                kill_busy_readers()
                os.sched_yield()
            answer = probing.result()

    assert describe_failure(answer) == "crashed its reader (SIGKILL)"


def test_a_reader_that_the_disk_holds_makes_the_archive_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = ChildStuck("gave no answer within 60 s and cannot be killed")
    monkeypatch.setattr(reader, "ask_all", lambda _program, calls, _limits: ((key, stuck) for key, _ in calls))

    with pytest.raises(
        ArchiveUnavailable, match=r"^/mnt/a\.mp4: does not answer .its reader gave no .* Check the mount"
    ):
        ask(Path("/mnt/a.mp4"))
