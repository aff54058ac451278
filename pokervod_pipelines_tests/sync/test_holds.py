"""Check that a sync leaves a held library and a held sheet as they are, and says so instead of failing."""

from pathlib import Path

import pytest

from pokervod_pipelines_tests.sync.installation import InProcess, Installation, build_installation

MISSING = "select path from nas_files where state = 'missing'"


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    """Build an installation whose commands run in this process."""
    return build_installation(tmp_path, database_url=database_url, kind=InProcess)


def hold(installation: Installation, kind: str, name: str) -> None:
    done = installation.run("hold", kind, name, "--until", "released", "--reason", "it moves", "--by", "anna")
    assert (done.returncode, done.stdout) == (0, f"{kind} {name} is held by anna until released: it moves\n")


def release(installation: Installation, kind: str, name: str) -> None:
    done = installation.run("release", kind, name, "--reason", "it has moved", "--by", "anna")
    assert (done.returncode, done.stdout) == (0, f"{kind} {name} is released\n")


def test_a_sync_leaves_what_is_held_and_says_so(installation: Installation) -> None:
    installation.sync()
    [sheet] = [row[0] for row in installation.ask("select sheet from sheet_states")]
    hold(installation, "library", "WSOP")
    hold(installation, "sheet", sheet)
    for path in installation.archive.glob("ARCHIVE/WSOP/WSOP 19*/*.mp4"):
        path.unlink()
    installation.sheet.unlink()

    held = installation.sync()
    status = installation.run("status")
    missing_while_held = installation.ask(MISSING)

    told = {each["name"]: each["held"] for stage in ("libraries", "media", "sheets") for each in held[stage]}
    by_anna = "held by anna until released: it moves"
    assert told == {"WSOP": by_anna, "PAD": None, "rest": None, sheet: by_anna}
    assert held["status"] == "success"
    assert missing_while_held == []
    assert "failed" not in status.stdout
    assert "held: library WSOP, by anna until released: it moves" in status.stdout
    refused = installation.run("nas", "scan", "--library", "WSOP")
    assert (refused.returncode, "WSOP is held by anna until released" in refused.stderr) == (1, True)

    release(installation, "library", "WSOP")
    release(installation, "sheet", sheet)
    lost = installation.run("sync", "--json")
    assert lost.returncode != 0, "the files and the sheet are missing, which is told again"


def test_a_held_sync_is_refused(installation: Installation) -> None:
    hold(installation, "workflow", "full_sync")

    refused = installation.run("sync", "--json")

    assert refused.returncode == 1
    assert "the workflow full_sync is held by anna until released: it moves; it starts once" in refused.stderr
