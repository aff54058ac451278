"""Check that a row is matched to its video or says why not, and never to a wrong video."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.sheets.file_index import CandidateFile, FileIndex, is_junk_path
from pokervod_pipelines.sheets.match import MatchStatus, match, match_lines
from pokervod_pipelines_tests.sheets.samples import load_cases, make_index

CASES: dict[str, Any] = load_cases("matches")
INDEX = make_index(*CASES["archive"])
DATA = Path(__file__).parents[3] / "shared" / "data"
VIDEO_SUFFIXES = {".mp4", ".mov", ".mxf", ".mkv", ".avi"}


@pytest.mark.parametrize(("name", "link", "answer", "matcher"), CASES["rows"])
def test_a_row_finds_its_video_or_says_why_not(name: str, link: str, answer: str, matcher: str) -> None:
    found = match(INDEX, name, link)

    assert (found.path if found.status is MatchStatus.MATCHED else found.status) == answer
    assert found.matcher == matcher
    assert found.reason


def test_a_matched_row_names_the_id_and_a_score() -> None:
    found = match(make_index("a/one.mp4", "a/two.mp4"), "two")

    assert (found.file_id, found.path, found.candidates) == (2, "a/two.mp4", ("a/two.mp4",))
    assert 0.9 < found.score <= 1


def test_an_ambiguous_row_lists_its_candidates_in_order_and_names_no_file() -> None:
    found = match(make_index("b/one.mp4", "a/one.mp4"), "one")

    assert found.candidates == ("a/one.mp4", "b/one.mp4")
    assert (found.file_id, found.path) == (None, "")
    assert "2 files fit" in found.reason


def test_a_row_without_a_video_lists_the_nearest_names_only_as_a_help() -> None:
    found = match(INDEX, "Can Moss Fold A Flush In $90,000 Pot")

    assert found.status is MatchStatus.NONE
    assert "Clips/Can Moss Fold A Flush In $120,000 Pot @Hustler Casino Live.mp4" in found.candidates
    assert "only similar" in found.reason


def test_composed_and_decomposed_hangul_are_one_name() -> None:
    index = make_index("ARCHIVE/\u1112\u1161\u11ab/\u1112\u1161\u11ab.mp4")

    assert match(index, "\ud55c").path == index.entries[0].file.path
    assert match(index, "", "Z:\\ARCHIVE\\\ud55c\\\ud55c.mp4").matcher == "exact path"


@pytest.mark.parametrize("path", ["a/._one.mp4", ".isg/one.mp4", "a/.one.mp4"])
def test_junk_is_never_a_candidate(path: str) -> None:
    assert is_junk_path(path)
    assert make_index(path).entries == ()


def test_only_videos_are_candidates() -> None:
    index = FileIndex.build([CandidateFile(1, "a/one.txt", is_video=False), CandidateFile(2, "a/one.mp4")])

    assert match(index, "one").file_id == 2


@pytest.mark.parametrize("name", ["show.mp4 ", "show.mp4.", "show.mp4\uf028", "sh\uf029ow.mp4"])
def test_a_row_finds_a_file_whose_name_windows_forbids(name: str) -> None:
    index = FileIndex.build([CandidateFile(1, f"a/{name}")])

    assert match(index, "sh.ow.mp4" if "\uf029" in name else "show.mp4").file_id == 1


def test_what_the_catalog_reads_in_a_name_finds_a_file_no_word_would() -> None:
    identities = {"a/x1.mp4": ("me", 1), "a/x2.mp4": ("me", 2), "a/y2.mp4": ("me", 2), "Main one": ("me", 1)}
    files = [CandidateFile(number, path) for number, path in enumerate(("a/x1.mp4", "a/x2.mp4", "a/y2.mp4"))]
    index = FileIndex.build(files, parsed_identity={**identities, "Main two": ("me", 2)}.get)

    assert match(index, "Main one").path == "a/x1.mp4"
    assert match(index, "Main one").matcher == "parsed identity"
    assert match(index, "Main two").candidates == ("a/x2.mp4", "a/y2.mp4")
    assert match(index, "Main three").status is MatchStatus.NONE


def test_a_parsed_identity_does_not_override_a_conflicting_feature() -> None:
    index = FileIndex.build([CandidateFile(1, "a/Show Day 2.mp4")], parsed_identity=lambda _: "the same")

    assert match(index, "The show on Day 3").status is MatchStatus.NONE


def test_lines_are_answered_in_order_with_line_breaks_written_as_backslash_n() -> None:
    answers = list(match_lines(INDEX, ["Deck_0031\t\n", "#12: $250,000 Super High Roller\\n(모음)\n", "nothing"]))

    assert [answer["status"] for answer in answers] == ["matched", "ambiguous", "none"]
    assert answers[0]["path"] == "NAS/ARCHIVE/SHOW/Deck/Day 4/Deck_0031.mp4"
    assert answers[1]["path"] is None
    assert set(answers[0]) == {"status", "path", "candidates", "reason", "stage", "score"}


@pytest.mark.parametrize("entry", INDEX.entries, ids=lambda entry: entry.name)
def test_every_file_is_found_by_its_own_path_from_any_client(entry: Any) -> None:
    below_root = entry.file.path.split("/", 1)[1]

    for link in (
        rf"\\NAS\share\{below_root}".replace("/", "\\"),
        f"Z:/{below_root}".upper(),
        f"smb://nas/x/{below_root}",
    ):
        assert match(INDEX, "", link).path == entry.file.path


@settings(max_examples=200)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_row_gets_an_answer_and_only_a_match_names_a_file(name: str, link: str) -> None:
    found = match(INDEX, name, link)

    assert (found.status is MatchStatus.MATCHED) == bool(found.path) == (found.file_id is not None)


@given(st.sampled_from(INDEX.entries), st.sampled_from("0123456789"), st.data())
def test_another_number_in_a_name_never_finds_the_same_file(entry: Any, digit: str, data: st.DataObject) -> None:
    title = entry.stem.split(" @")[0].split(" [")[0].split("_7968")[0].split(" (1)")[0]
    places = [place for place, character in enumerate(title) if character.isdigit() and character != digit]
    place = data.draw(st.sampled_from(places)) if places else None
    if place is not None:
        assert match(INDEX, title[:place] + digit + title[place + 1 :]).path != entry.file.path


@pytest.mark.skipif(not DATA.exists(), reason="the real truth table is not on this machine")
def test_on_the_real_truth_table_no_match_is_wrong_and_recall_is_high() -> None:
    def read(name: str) -> list[dict[str, str]]:
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))

    truth = read("sheet_match_truth.tsv")
    wanted = [{path.strip() for path in row["archive_paths"].split("; ") if path.strip()} for row in truth]
    paths = {row["path"] for row in read("archive_listing.tsv") if row["kind"] == "file"}.union(*wanted)
    index = make_index(*sorted(path for path in paths if Path(path).suffix.lower() in VIDEO_SUFFIXES))

    answers = [
        match(index, row["sheet_file_name_or_title"].replace("\\n", "\n"), row["sheet_nas_link"]) for row in truth
    ]

    answered = list(zip(truth, wanted, answers, strict=True))
    single = [(right, answer) for row, right, answer in answered if "ambiguous" not in row["match_kind"] and right]
    assert [row for row, right, answer in answered if answer.path and answer.path not in right] == []
    assert sum(answer.path in right for right, answer in single) >= 0.97 * len(single)
    assert {answer.status for row, _, answer in answered if "ambiguous" in row["match_kind"]} == {MatchStatus.AMBIGUOUS}
