import pytest

from pokervod_pipelines.catalog.preferred import rank_file


def best(*files: dict[str, object]) -> int:
    """Return the index of the preferred file."""
    defaults = {"is_missing": False, "version": None, "name": "x.mp4", "size": 1}
    ranks = [rank_file(**{**defaults, "file_id": place, **file}) for place, file in enumerate(files)]
    return ranks.index(min(ranks))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        # Game of Gold: 찐최종 > 최종 > none > 클린본
        ({"version": "찐최종"}, {"version": "최종"}),
        ({"version": "최종"}, {"version": None}),
        ({"version": None}, {"version": "clean"}),
        ({"version": "final_edit"}, {"version": "clean"}),
        # a viewer's cut before an editor's
        ({"version": "mastered"}, {"version": "CLEAN"}),
        ({"version": "PGM"}, {"version": "Clean"}),
        ({"version": "mastered"}, {"version": "dirty"}),
        ({"version": None}, {"version": "nobug"}),
        ({"version": None}, {"version": "NC"}),
        ({"version": None, "name": "WSOP_2012_Show_27_FINAL_4CH.mxf"}, {"version": "nobug"}),
        ({"version": "FinalLook_HiRes"}, {"version": "GGPoker"}),
        # of two alike the larger, then the older row
        ({"size": 9}, {"size": 1}),
        ({"size": 1}, {"size": 1}),
        # what is not there is nobody's first choice
        ({"version": "clean"}, {"version": "mastered", "is_missing": True}),
    ],
)
def test_the_better_file_is_preferred(better: dict[str, object], worse: dict[str, object]) -> None:
    assert best(better, worse) == 0


def test_a_final_table_is_no_final_edit() -> None:
    plain, final_table = {"name": "Main Event Day 8"}, {"name": "Main Event Final Table", "size": 1}

    assert best(plain, final_table) == 0
