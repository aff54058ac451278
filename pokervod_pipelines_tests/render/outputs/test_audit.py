"""Audit finished outputs, except when the share is not mounted."""

import os
import shutil
from pathlib import Path

import pytest

from pokervod_pipelines.render.outputs import audit
from pokervod_pipelines.render.outputs.audit import KnownOutput, OutputsUnavailable, audit_outputs
from pokervod_pipelines.render.outputs.digest import hash_output, stat_output


def make_known(root: Path, path: str, content: bytes = b"graphic" * 100) -> KnownOutput:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return know(root, path)


def make_known_sequence(root: Path, path: str) -> KnownOutput:
    (root / path).mkdir(parents=True)
    for number in range(1, 4):
        (root / path / f"{number:05}.png").write_bytes(b"picture %d" % number)
    return know(root, path)


def know(root: Path, path: str) -> KnownOutput:
    measure = stat_output(root / path)
    return KnownOutput(
        path=path, size_bytes=measure.size_bytes, mtime_ns=measure.mtime_ns, sha256=hash_output(root / path)
    )


def rewrite(path: Path, content: bytes) -> None:
    """Write other content, with a later time whatever the resolution of the clock."""
    path.write_bytes(content)
    os.utime(path, ns=(2**61, 2**61))


def test_untouched_outputs_have_no_problem(tmp_path: Path) -> None:
    known = [make_known(tmp_path, "a/x.mov"), make_known_sequence(tmp_path, "a/y")]

    assert audit_outputs(tmp_path, known) == []
    assert audit_outputs(tmp_path / "missing", []) == []


def test_an_output_of_the_same_size_and_time_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = make_known(tmp_path, "x.mov")
    monkeypatch.setattr(audit, "hash_output", None)

    assert audit_outputs(tmp_path, [known]) == []


def test_an_output_with_only_another_time_is_fine(tmp_path: Path) -> None:
    known = make_known(tmp_path, "x.mov")
    os.utime(tmp_path / "x.mov", ns=(5, 5))

    assert audit_outputs(tmp_path, [known]) == []


@pytest.mark.parametrize(("content", "text"), [(b"graphiC" * 100, "other content"), (b"cut", "has 3 bytes")])
def test_a_changed_output_is_reported_with_figures(content: bytes, text: str, tmp_path: Path) -> None:
    known = make_known(tmp_path, "x.mov")
    rewrite(tmp_path / "x.mov", content)

    (problem,) = audit_outputs(tmp_path, [known])

    assert problem.kind == "changed"
    assert text in problem.text


def test_a_sequence_is_changed_by_any_of_its_frames(tmp_path: Path) -> None:
    changed, renamed, short = (make_known_sequence(tmp_path, name) for name in ("a", "b", "c"))
    rewrite(tmp_path / "a" / "00002.png", b"picture 5")
    (tmp_path / "b" / "00003.png").rename(tmp_path / "b" / "00004.png")
    os.utime(tmp_path / "b" / "00001.png", ns=(2**61, 2**61))
    (tmp_path / "c" / "00003.png").unlink()

    problems = audit_outputs(tmp_path, [changed, renamed, short])

    assert [problem.kind for problem in problems] == ["changed"] * 3


JUNK = [".DS_Store", "Thumbs.db", "._00001.png", "@eaDir/00001.png", "notes/00001.png"]


@pytest.mark.parametrize("junk", JUNK)
def test_desktop_files_beside_the_frames_are_no_change(junk: str, tmp_path: Path) -> None:
    known = make_known_sequence(tmp_path, "a")
    (tmp_path / "a" / junk).parent.mkdir(exist_ok=True)
    rewrite(tmp_path / "a" / junk, b"how the window stood")

    assert audit_outputs(tmp_path, [known]) == []
    assert hash_output(tmp_path / "a") == known.sha256


def test_a_missing_output_is_reported_while_others_exist(tmp_path: Path) -> None:
    known = [make_known(tmp_path, path) for path in ("a/x.mov", "b/y.mov", "c/z.mov")]
    (tmp_path / "a" / "x.mov").unlink()
    shutil.rmtree(tmp_path / "b")

    problems = audit_outputs(tmp_path, known)

    assert [(problem.output, problem.kind) for problem in problems] == [(known[0], "missing"), (known[1], "missing")]


def test_a_folder_where_a_file_was_is_a_change_and_a_file_where_a_folder_was_is_a_loss(tmp_path: Path) -> None:
    known = [make_known(tmp_path, "x.mov"), make_known(tmp_path, "a/y.mov"), make_known(tmp_path, "z.mov")]
    (tmp_path / "x.mov").unlink()
    (tmp_path / "x.mov").mkdir()
    shutil.rmtree(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"")

    assert [problem.kind for problem in audit_outputs(tmp_path, known)] == ["changed", "missing"]


@pytest.mark.parametrize("state", ["missing", "empty", "only unfinished", "a file"])
def test_an_unmounted_root_is_reported_instead_of_missing_outputs(state: str, tmp_path: Path) -> None:
    known = make_known(tmp_path / "root", "a/x.mov")
    shutil.rmtree(tmp_path / "root")
    if state == "a file":
        (tmp_path / "root").write_bytes(b"")
    elif state != "missing":
        (tmp_path / "root" / (".unfinished" if state == "only unfinished" else "")).mkdir(parents=True)

    with pytest.raises(OutputsUnavailable, match="check the mount"):
        audit_outputs(tmp_path / "root", [known])


def test_an_unreadable_output_is_not_missing(tmp_path: Path) -> None:
    known = [make_known(tmp_path, "x.mov"), make_known(tmp_path, "loop/y.mov")]
    shutil.rmtree(tmp_path / "loop")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")  # the system gives up on it, whoever asks

    (problem,) = audit_outputs(tmp_path, known)

    assert problem.kind == "unreadable"
    assert "cannot be read" in problem.text
