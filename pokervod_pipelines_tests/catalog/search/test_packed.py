from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.catalog.search.packed import FacetColumn, PairFacetColumn, change_places, unpack_places

PLACES = st.sets(st.integers(0, 500))


@given(PLACES, PLACES, PLACES)
def test_changing_a_list_is_set_arithmetic(known: set[int], remove: set[int], add: set[int]) -> None:
    packed = change_places(b"", remove=(), add=sorted(known))

    changed = change_places(packed, remove=remove, add=list(add))

    assert unpack_places(changed).tolist() == sorted((known - remove) | add)


@given(st.dictionaries(st.integers(0, 50), st.sampled_from(["WSOP", "PAD", None]), min_size=1))
def test_a_column_counts_the_labels_of_its_places(labels: dict[int, str | None]) -> None:
    column = FacetColumn()
    column.assign(60, list(labels), [column.encode(label) for label in labels.values()])
    again = FacetColumn(column.codes.tobytes(), column.labels)

    told = [label for label in labels.values() if label]

    assert again.count(again.codes >= 0) == {label: told.count(label) for label in set(told)}
    assert list(again.count(again.codes >= 0).values()) == sorted((told.count(x) for x in set(told)), reverse=True)


def test_a_column_grows_and_keeps_what_it_had() -> None:
    column = FacetColumn()
    column.assign(2, [0, 1], [column.encode("WSOP"), column.encode("PAD")])
    column.assign(4, [1, 3], [column.encode(None), column.encode("GOG")])

    assert [column.labels[code] for code in column.codes] == ["WSOP", None, None, "GOG"]


def test_a_place_can_have_many_people_and_lose_them() -> None:
    people = PairFacetColumn()
    people.assign([0, 1], [["Ivey", "Dwan"], ["Ivey"]])
    people.assign([0], [["Antonius"]])
    again = PairFacetColumn(people.pairs.tobytes(), people.labels)
    everywhere = again.find(range(len(again.labels)), 3)

    assert everywhere.tolist() == [True, True, False]
    assert again.count(everywhere, 5) == {"Ivey": 1, "Antonius": 1}
    assert again.find([], 3).tolist() == [False, False, False]
