"""Check that a document is replaced as a whole or not at all, and that the old one is kept."""

import json
from pathlib import Path

import pytest

from pokervod_pipelines.rollout.fixers.command_fixers import RegenerateDocument
from pokervod_pipelines_tests.rollout.fixers.commands import list_files, python
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext

WRITE = "import sys; open(sys.argv[1], 'w').write(sys.argv[2]); sys.exit(int(sys.argv[3]))"
OLD = '{"openapi": "3.0.0"}'
NEW = json.dumps({"openapi": "3.1.0", "paths": {}})


def writer(text: str, status: int = 0) -> dict[str, list[str]]:
    return {"export": python(WRITE, "{output}", text, str(status))}


def limit(commands: dict[str, list[str]]) -> float:
    return 1 if "sleep" in str(commands) else 60


def make_fixer(document: str = "documents/search.json", **changes: object) -> RegenerateDocument:
    return RegenerateDocument.model_validate({"command": "export", "document": document} | changes)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "documents" / "search.json"
    path.parent.mkdir()
    path.write_text(OLD)
    path.chmod(0o640)
    return path


def test_the_new_document_takes_the_place_of_the_old_which_is_kept(document: Path, make_context: MakeContext) -> None:
    report = make_fixer().fix(make_context(commands=writer(NEW)), dry_run=False)

    assert report.done, report.summary
    assert report.summary == "ran 'export', exit status 0; documents/search.json is new, the old one is search.json.bak"
    assert document.read_text() == NEW
    assert document.stat().st_mode & 0o777 == 0o640
    assert {path.name: path.read_text() for path in document.parent.iterdir()} == {
        "search.json": NEW,
        "search.json.bak": OLD,
    }


def test_no_earlier_copy_is_written_over(document: Path, make_context: MakeContext) -> None:
    contents = [json.dumps({"version": number}) for number in range(3)]
    for content in contents:
        assert make_fixer().fix(make_context(commands=writer(content)), dry_run=False).done

    assert {path.name: path.read_text() for path in document.parent.iterdir()} == {
        "search.json": contents[2],
        "search.json.bak": OLD,
        "search.json.bak2": contents[0],
        "search.json.bak3": contents[1],
    }


@pytest.mark.parametrize("name", ["clipping.json", "clipping.yaml", "clipping.yml"])
def test_a_document_that_was_missing_is_made(name: str, document: Path, make_context: MakeContext) -> None:
    report = make_fixer(f"documents/{name}").fix(make_context(commands=writer(NEW)), dry_run=False)

    assert report.done, report.summary
    assert report.summary.endswith(f"documents/{name} is new, no old one existed")
    assert document.with_name(name).read_text() == NEW


@pytest.mark.parametrize(
    ("commands", "problem"),
    [
        (writer("{"), "documents/search.json was kept: search.json: not valid JSON: Expecting"),
        (
            {"export": python("import sys; open(sys.argv[1], 'w').write('[' * 10**6)", "{output}")},
            "not valid JSON: maximum recursion",
        ),
        (writer("[1]"), "expected keys with values, got list"),
        (writer("{}"), "expected keys with values, got nothing"),
        (writer(NEW, 3), "the command 'export' failed, exit status 3"),
        (writer(OLD), "wrote the same documents/search.json again"),
        ({"export": python("pass", "{output}")}, "search.json: the file is missing"),
        (
            {"export": python("import os, sys; os.symlink('/etc/passwd', sys.argv[1])", "{output}")},
            "a link leads out of",
        ),
        ({"export": python("open('x', 'wb').truncate(1)")}, "has no argument {output}"),
        ({"export": python("import sys; open(sys.argv[1], 'wb').truncate(2**25)", "{output}")}, "larger than 20 MB"),
        ({"export": python("import time; time.sleep(60)", "{output}")}, "did not finish within 1 s"),
        ({}, "the command 'export' is not allowed"),
    ],
)
def test_the_old_document_stays_when_the_new_one_is_none(
    commands: dict[str, list[str]], problem: str, document: Path, make_context: MakeContext, tmp_path: Path
) -> None:
    before = list_files(tmp_path)

    report = make_fixer(seconds=limit(commands)).fix(make_context(commands=commands), dry_run=False)

    assert not report.done
    assert problem in report.summary
    assert list_files(tmp_path) == before


def test_invalid_yaml_is_refused(document: Path, make_context: MakeContext) -> None:
    report = make_fixer("documents/a.yaml").fix(make_context(commands=writer("a: [")), dry_run=False)

    assert "a.yaml:1: not valid YAML" in report.summary
    assert [path.name for path in document.parent.iterdir()] == ["search.json"]


def test_a_dry_run_changes_nothing(document: Path, make_context: MakeContext, tmp_path: Path) -> None:
    before = list_files(tmp_path)

    report = make_fixer().fix(make_context(commands=writer(NEW)), dry_run=True)

    assert not report.done
    assert report.summary == "would run 'export' and replace documents/search.json by its output"
    assert list_files(tmp_path) == before


def test_a_link_out_of_the_folder_is_not_followed(document: Path, make_context: MakeContext, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}_outside.json"
    outside.write_text(OLD)
    document.with_name("linked.json").symlink_to(outside)

    report = make_fixer("documents/linked.json").fix(make_context(commands=writer(NEW)), dry_run=False)

    assert not report.done
    assert "a link leads out of" in report.summary
    assert outside.read_text() == OLD


def test_a_folder_that_is_missing_is_reported(document: Path, make_context: MakeContext) -> None:
    report = make_fixer("nowhere/a.json").fix(make_context(commands=writer(NEW)), dry_run=False)

    assert not report.done
    assert "the folder of nowhere/a.json does not exist" in report.summary
