"""A look into one real file: what it tells, or in words why it tells nothing. It never fails."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pokervod_pipelines.media.examine import examine_file
from pokervod_pipelines.media.facts import AudioTrack, MediaFacts, MediaStatus
from pokervod_pipelines.media.probe import probe_file
from pokervod_pipelines_tests.media.films import Film, make_film, make_old, make_sound, make_young
from pokervod_pipelines_tests.media.processes import kill_readers

RATES = [
    Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30),
    Fraction(50), Fraction(60_000, 1001), Fraction(60),
]  # fmt: skip


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_rate_and_length_are_exact_at_every_rate_of_the_trade(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    codec = "mpeg2video" if suffix == "ts" else "mpeg4"
    film = make_film(tmp_path / f"film.{suffix}", Film(rate=rate, frames=30, codec=codec))

    facts = examine_file(str(film))

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

    facts = examine_file(str(film))

    if name.endswith("mxf") and not timecode:
        return
    assert (facts.start_timecode, facts.drop_frame) == (timecode or None, drops)


def test_every_sound_track_is_told_with_its_language(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mkv", Film(sounds=[("eng", 2), ("kor", 1), ("", 6)]))

    assert examine_file(str(film)).audio == (
        AudioTrack("aac", 2, "eng"), AudioTrack("aac", 1, "kor"), AudioTrack("aac", 6, ""),
    )  # fmt: skip


def test_a_probe_in_a_child_tells_what_one_in_this_process_tells(reel: Path) -> None:
    facts = probe_file(reel, seconds_limit=60)

    assert facts == examine_file(str(reel))
    assert facts.status is MediaStatus.OK
    assert (facts.duration_ms, facts.frames, facts.container) == (2_000, 50, "mov")
    assert facts.bit_rate == pytest.approx(reel.stat().st_size * 8 / 2, rel=0.05)
    assert (facts.size, facts.mtime_ns) == (reel.stat().st_size, reel.stat().st_mtime_ns)


@pytest.mark.parametrize("name", ["찐최종 🏆.mp4", "two\nlines.mp4", "a:b?.mp4", "http:", "%03d.mp4", "x" * 250])
def test_any_name_can_be_looked_into(film: Path, name: str) -> None:
    assert probe_file(film.rename(film.with_name(name)), seconds_limit=60).status is MediaStatus.OK


def test_a_path_is_taken_from_the_callers_own_folder(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(film.parent)

    assert probe_file(Path(film.name), seconds_limit=60).status is MediaStatus.OK


def cut(path: Path) -> None:
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
    (cut, MediaStatus.BROKEN, "is cut off: its mdat"),
    (lambda path: path.write_bytes(b""), MediaStatus.BROKEN, "is empty: 0 bytes"),
    (lambda path: path.write_bytes(bytes(range(256)) * 500), MediaStatus.BROKEN, "no video that can be read"),
    (lambda path: path.write_text("this is no video\n" * 500), MediaStatus.BROKEN, "no video that can be read"),
    (play_list, MediaStatus.BROKEN, "no video that can be read"),
    (script, MediaStatus.BROKEN, "no video that can be read"),
    (make_sound, MediaStatus.BROKEN, "has no picture track"),
    (holes, MediaStatus.SPARSE, "holds nothing but zeros"),
    (folder, MediaStatus.UNREADABLE, "is no regular file"),
    (pipe, MediaStatus.UNREADABLE, "is no regular file"),
    (Path.unlink, MediaStatus.GONE, "is not there any more"),
]


@pytest.mark.parametrize(("spoil", "status", "reason"), BAD)
def test_a_bad_file_is_a_fact_with_a_reason(
    film: Path, spoil: Callable[[Path], object], status: MediaStatus, reason: str
) -> None:
    spoil(film)
    if film.is_file():
        make_old(film)

    facts = probe_file(film, seconds_limit=60)

    assert facts.status is status
    assert reason in facts.reason


def test_a_cut_file_still_tells_what_it_can(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", Film(frames=100, options=(("movflags", "faststart"),)))
    os.truncate(film, film.stat().st_size - 100)

    facts = examine_file(str(make_old(film)))

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

    facts = examine_file(str(make_old(target)))

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
        facts = probe_file(film, seconds_limit=60)
        recorder.stdin.close()

    assert facts.status is MediaStatus.GROWING
    assert "while it was read" in facts.reason


def test_a_file_that_takes_too_long_is_left_with_a_reason(film: Path) -> None:
    facts = probe_file(make_young(film), seconds_limit=0.2)

    assert facts == MediaFacts(status=MediaStatus.TIMEOUT, reason="gave no answer within 0.2 s")


def test_a_child_killed_in_the_middle_is_a_reason(film: Path) -> None:
    facts = probe_file(make_young(film), seconds_limit=60)
    while facts.status is MediaStatus.OK:  # again where the child was faster than its murderer
        with ThreadPoolExecutor() as threads:
            probing = threads.submit(probe_file, make_young(film), seconds_limit=60)
            while not (probing.done() or kill_readers()):
                os.sched_yield()
            facts = probing.result()

    assert facts == MediaFacts(status=MediaStatus.BROKEN, reason="broke down its reader (SIGKILL)")
