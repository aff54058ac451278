"""Test the parser against what two people read in real names, where that table lies beside the checkout."""

from pathlib import Path

import pytest

from pokervod_pipelines_tests.catalog.names.scores import CORE_FIELDS, score_by_family

TABLE = Path(__file__).parents[4] / "shared" / "data" / "filename_truth.tsv"

pytestmark = pytest.mark.skipif(not TABLE.exists(), reason="the truth table is not beside this checkout")


def test_what_two_people_read_is_read_in_every_field() -> None:
    score = score_by_family(TABLE)["all"]

    assert score.precision >= 0.98
    assert score.recall >= 0.98


@pytest.mark.parametrize("part", [0, 1])
def test_either_half_of_the_table_scores_like_the_whole(part: int) -> None:
    score = score_by_family(TABLE, every=2, start=part)["all"]

    assert min(score.precision, score.recall) >= 0.98


def test_no_family_hides_behind_the_others() -> None:
    weak = {
        family: score
        for family, score in score_by_family(TABLE, CORE_FIELDS).items()
        if min(score.precision, score.recall) < 0.95
    }

    assert weak == {}
