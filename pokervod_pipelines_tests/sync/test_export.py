"""Go from a video and an annotation row to a cut clip and its lists, by the commands alone."""

import csv
import json
import re
from pathlib import Path

import av
import pytest

from pokervod_pipelines.sample.videos import PLAYABLE, encode_video
from pokervod_pipelines_tests.sync.installation import HEADER, InProcess, Installation, build_installation


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Encode a playable video at 25 frames a second, 5 seconds long."""
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    encode_video(next(each for each in PLAYABLE if each.rate == 25), path)
    return path


@pytest.fixture
def installation(tmp_path: Path, video: Path, database_url: str) -> Installation:
    """Put one clip inside a playable video, one beyond its end and one in a sparse file."""
    installation = build_installation(tmp_path, database_url=database_url, kind=InProcess)
    text = (tmp_path / "pokervod.yaml").read_text(encoding="utf-8")
    (tmp_path / "pokervod.yaml").write_text(text.replace("media: {enabled: false}", ""), encoding="utf-8")
    (installation.archive / "ARCHIVE/PAD/pad-s12-ep99-001.mp4").write_bytes(video.read_bytes())
    rows = [
        "1,pad-s12-ep99-001,,0:00:01,0:00:03,★★★,JJ,JJ vs AKo,Stone,Rivers,Bad beat\n",
        "2,pad-s12-ep99-001,,0:00:04,0:59:59,★,,,Stone,,\n",
        "3,pad-s12-ep01-002,,0:00:01,0:00:03,★,,,Stone,,\n",
    ]
    installation.sheet.write_text(HEADER + "".join(rows), encoding="utf-8")
    return installation


def test_a_clip_reaches_the_editor(installation: Installation, tmp_path: Path) -> None:
    document = installation.sync()
    listed = json.loads(installation.run("clips", "list", "--json").stdout)

    cut = installation.run("clips", "export", "cut", "--format", "media", "--player", "Stone", "--handles", "5")
    edl = installation.run("clips", "export", "lists", "--format", "edl", "--query", "pad ep99")
    table = installation.run("clips", "export", "table", "--format", "csv")

    refused = [installation.run("clips", "export", path, "--format", "csv") for path in ("pokervod.yaml", "/proc/x")]

    assert document["media"][1]["counts"]["ok"] == 1
    assert [(clip["grade"], clip["problem"] is None) for clip in listed] == [(3, True), (1, False), (1, True)]
    assert "longer" in listed[1]["problem"] or "30" in listed[1]["problem"]
    assert "1 of 2 clips exported" in cut.stdout, cut.stderr
    assert "1 clip not exported; clip 3: its video cannot be used: contains only zeros" in cut.stderr
    assert "2 of 2 clips exported" in table.stdout, table.stderr
    rows = list(csv.DictReader((tmp_path / "table/pokervod.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["rate"], row["first_frame"], row["in_ms"]) for row in rows] == [("25", "25", "1000"), ("", "", "1000")]
    assert [(each.returncode, each.stderr) for each in refused] == [
        (2, "pokervod.yaml: cannot be written (File exists); correct the path or its rights"),
        (2, "/proc/x: cannot be written (No such file or directory); correct the path or its rights"),
    ]
    (media,) = (tmp_path / "cut").iterdir()
    with av.open(str(media)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 2 * 25 + 2 * 5
    (events,) = (tmp_path / "lists").iterdir()
    line = next(line for line in events.read_text().splitlines() if line.startswith("001"))
    assert re.findall(r"\d\d:\d\d:\d\d:\d\d", line)[:2] == ["00:00:01:00", "00:00:03:00"], edl.stderr


@pytest.mark.long
def test_a_clip_beyond_the_end_of_its_video_says_both_times(installation: Installation) -> None:
    text = installation.sheet.read_text(encoding="utf-8").replace("0:59:59", "0:00:09")
    installation.sheet.write_text(text, encoding="utf-8")

    installation.sync()

    problems = [problem for (problem,) in installation.ask("select problem from hand_clips where problem is not null")]
    assert len(problems) == 1
    assert "0:00:09" in problems[0]
    assert "video ends at 0:00:06" in problems[0]
