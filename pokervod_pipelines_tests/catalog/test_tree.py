from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.tree import explain_file, read_stats, read_tree
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.catalog.inventory import add_file, change_file


@pytest.fixture
def add(engine: Engine) -> Callable[..., int]:
    """Return ``add(path)``, which adds a file to inventory and catalog and returns its id."""

    def make(path: str, **overrides: object) -> int:
        file_id = add_file(engine, path, **overrides)
        build_catalog(engine, correlation_id="test")
        return file_id

    return make


def outline(engine: Engine, project: str | None = None) -> list[str]:
    """Return the tree as indented titles."""
    return [
        line
        for show in read_tree(engine, project)
        for line in [
            show.code,
            *(
                line
                for season in show.seasons
                for line in [
                    f" {season.title}",
                    *(
                        line
                        for event in season.events
                        for line in [f"  {event.title}", *(f"   {episode.label}" for episode in event.episodes)]
                    ),
                ]
            ),
        ]
    ]


def test_the_tree_reads_from_top_to_bottom(engine: Engine, add: Callable[..., int]) -> None:
    for path in (
        "Clips/시퀀스 01.mp4",
        "A/WSOP 2025 Bracelet Events _ Event #21 $25K Razz _ Day 2.mp4",
        "A/WSOP 2025 Bracelet Events _ Event #3 $5K Razz.mp4",
        "A/WSOP 2025 Main Event _ Day 10.mp4",
        "A/WSOP 2025 Main Event _ Day 2ABC.mp4",
        "A/WSOP 2025 Main Event _ Day 1A.mp4",
        "A/WE24-ME-02.mp4",
        "A/WSOP - 1973.avi",
        "PAD S12/pad-s12-ep10-002.mp4",
        "PAD S12/pad-s12-ep09-001.mp4",
    ):
        add(path)

    assert outline(engine) == [
        "PAD", " Season 12", "  Episodes", "   Episode 9", "   Episode 10",
        "WSOP",
        " WSOP 1973", "  Main Event", "   Main Event",
        " WSOP Europe 2024", "  Main Event", "   Clip 2",
        " WSOP 2025",
        "  Main Event", "   Day 1A", "   Day 2ABC", "   Day 10",
        "  Event #3 $5,000 Razz", "   Event #3 $5,000 Razz",
        "  Event #21 $25,000 Razz", "   Day 2",
        "OTHER", " Year unknown", "  Clips", "   시퀀스 01",
    ]  # fmt: skip


def test_one_project_can_be_read_alone(engine: Engine, add: Callable[..., int]) -> None:
    add("PAD S12/pad-s12-ep09-001.mp4")
    add("A/WSOP - 1973.avi")

    assert [show.code for show in read_tree(engine, "PAD")] == ["PAD"]
    assert read_tree(engine, "MPP") == ()


def test_the_preferred_file_of_an_episode_comes_first(engine: Engine, add: Callable[..., int]) -> None:
    add("GOG/E11_GOG_final_edit_클린본_20231201.mp4")
    add("GOG/E11_GOG_final_edit_20231203_찐최종.mp4")
    add("GOG/E11_GOG_final_edit_20231202_최종.mp4")

    (episode,) = read_tree(engine)[0].seasons[0].events[0].episodes

    assert [file.version for file in episode.files] == ["찐최종", "최종", "clean"]
    assert [file.is_preferred for file in episode.files] == [True, False, False]


def test_the_figures_count_a_file_once_by_project_and_year(engine: Engine, add: Callable[..., int]) -> None:
    add("A/WSOP 2025 Main Event Day 1B & $100K PLO Final Table.mp4", size=2 * 10**12)
    gone = add("A/WSOP 2025 Main Event _ Day 1A.mp4", size=10**12)
    add("A/WE24-ME-02.mp4", size=10**12)
    change_file(engine, gone, state="missing")
    _annotate(engine, gone)

    this, other = (row for row in sorted(read_stats(engine), key=lambda row: -(row.year or 0)))

    assert (this.project, this.year, this.files, this.episodes, this.terabytes) == ("WSOP", 2025, 2, 3, 3.0)
    assert (this.clips, this.missing) == (1, 1)
    assert (other.year, other.files, other.clips, other.missing) == (2024, 1, 0, 0)


def _annotate(engine: Engine, file_id: int) -> None:
    """Add a clip and a retired clip of the file."""
    with engine.begin() as connection:
        for number in (1, 2):
            row = connection.scalar(
                text("""
                    insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content)
                    values ('s', 't', :number, :number, 'f', '', '{}') returning id
                """),
                {"number": number},
            )
            connection.execute(
                text("""
                    insert into hand_clips
                        (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, input_hash, retired_at)
                    values (:row, 's', :file_id, 0, 1, '', '', '', '', case when :number = 2 then now() end)
                """),
                {"row": row, "file_id": file_id, "number": number},
            )


def test_a_file_is_explained_by_its_keys_and_the_words_they_come_from(engine: Engine, add: Callable[..., int]) -> None:
    add("PAD S12/pad-s12-ep09-001.mp4")

    told = explain_file(engine, "PAD S12/pad-s12-ep09-001.mp4")

    ((_, title, keys),) = told.episodes
    assert (title, keys) == ("Poker After Dark · Season 12 Episode 9", "PAD / :s12 / episodes / ep-9")
    assert {finding.field for finding in told.findings} == {"project_code", "season", "episode_number"}
    assert told.reason is None


def test_the_numbers_that_no_rule_read_are_explained(engine: Engine, add: Callable[..., int]) -> None:
    add("A/WSOP 2025 Main Event Day 2 Table 1.mp4")

    findings = {
        finding.field: finding for finding in explain_file(engine, "A/WSOP 2025 Main Event Day 2 Table 1.mp4").findings
    }

    assert findings["unread"][1:] == ("table 1", "no rule", "table 1", "name")


def test_a_file_of_no_show_says_why(engine: Engine, add: Callable[..., int]) -> None:
    add("Clips/시퀀스 01.mp4")

    assert explain_file(engine, "Clips/시퀀스 01.mp4").reason == "neither the name nor a folder names a known show"


@pytest.mark.parametrize(
    ("outside", "reason"),
    [
        ({"is_junk": True}, "junk"),
        ({"category": "metadata"}, "not a video but metadata"),
        ({"state": "cleared"}, "cleared"),
    ],
)
def test_a_file_outside_the_catalog_says_why(
    engine: Engine, add: Callable[..., int], outside: dict[str, object], reason: str
) -> None:
    add("A/x.mp4", **outside)

    told = explain_file(engine, "A/x.mp4")

    assert told.episodes == ()
    assert reason in (told.reason or "")


def test_a_path_that_the_inventory_does_not_know_is_named_in_the_error(engine: Engine) -> None:
    with pytest.raises(BadInput, match=r"no/such\.mp4: unknown file"):
        explain_file(engine, "no/such.mp4")
