"""Growing files of one session become every hand once, in any order of files."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.records import Session
from pokervod_pipelines.hands.snapshots import choose, merge_snapshots, weigh
from pokervod_pipelines_tests.hands.hand_factory import read_one
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session


def make_snapshots() -> list[Session]:
    """Return three files of one session, the second hand still being played in the first; and another session."""
    early = make_showdown(at=3, Duration="PT30S")
    early["Events"] = early["Events"][:4]
    files = [
        write_session(make_walk(), early),
        write_session(make_walk(), make_showdown(at=3), make_walk(at=6)),
        write_session(make_showdown(at=3), {"HandNum": 9}),
        write_session(make_walk(), ID=7),
    ]
    return [read_session(raw, file=f"{number}.json") for number, raw in enumerate(files)]


def test_every_hand_is_there_once_in_its_longest_telling_in_any_order() -> None:
    merged = {merge_snapshots(files) for files in permutations(make_snapshots())}

    ((other, session),) = merged
    assert (other.session_id, len(other.hands)) == (7, 1)
    assert [len(hand.actions) for hand in session.hands] == [2, 15, 2]


@given(st.lists(st.sampled_from(range(4)), min_size=1), st.integers(0, 10))
def test_merging_again_changes_nothing(order: list[int], repeats: int) -> None:
    files = make_snapshots()
    once = merge_snapshots(files[at] for at in order)

    assert merge_snapshots([files[at] for at in order] * (1 + repeats % 3)) == once
    assert [one.hands for one in merge_snapshots(once)] == [one.hands for one in once]


def test_two_tellings_of_equal_length_are_chosen_by_what_they_hold() -> None:
    first, second = read_one(make_walk()), read_one(make_walk(number=2))

    assert choose(first, second) == choose(second, first)
    assert weigh(first) != weigh(second)


def test_hand_numbers_repeat_and_starts_do_not() -> None:
    (session,) = merge_snapshots([read_session(write_session(make_walk(), make_walk(at=1)), file="a.json")])

    assert [hand.hand_number for hand in session.hands] == [1, 1]
