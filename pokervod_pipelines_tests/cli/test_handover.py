"""Check that `pokervod handover` writes what its file is named, and prints it without one."""

from pathlib import Path

from pokervod_pipelines_tests.cli.command import RunCommand


def test_the_page_is_printed_or_written_as_its_file_is_named(pokervod: RunCommand, tmp_path: Path) -> None:
    pokervod("incidents", "open", "No hands", "--subject", "show Final", "--by", "eva")

    printed = pokervod("handover").printed
    assert printed.startswith("# Handover 20")
    assert "- **1** warning, open, since " in printed
    for name, start in (("h.md", "# Handover 20"), ("h.html", "<!doctype html>")):
        assert pokervod("handover", "--shift", "1h", "--output", name).errors == f"written to {name}\n"
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_programs_read_the_same(pokervod: RunCommand) -> None:
    pokervod("incidents", "open", "No hands", "--subject", "show Final", "--by", "eva")

    found = pokervod("handover", "--since", "2h", "--json").json
    assert [each["id"] for each in found["open"]] == [each["id"] for each in found["opened"]] == [1]
    assert found["decisions"][0]["by"] == "eva"


def test_a_file_of_another_kind_is_refused(pokervod: RunCommand) -> None:
    assert pokervod("handover", "--output", "h.pdf").error == (
        "--output: expected a file named .md or .html, got 'h.pdf'"
    )
