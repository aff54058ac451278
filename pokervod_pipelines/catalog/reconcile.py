"""Which new group carries on the id of which old one, so that nothing is ever re-numbered without need.

Pure: keys, ids and members in, ids out. The same for seasons, events and episodes.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def reconcile(
    old: Mapping[Key, int],
    new: Iterable[Key],
    old_members: Mapping[Key, Iterable[int]],
    new_homes: Mapping[int, Iterable[Key]],
) -> dict[Key, int]:
    """The old id for every new key that has one; keys absent from the answer are new and need an id.

    A key that stays keeps its id. An old key that vanished hands its id to the new key that now holds most of its
    files, if that key is new itself and no vanished key brought it more; otherwise its id retires. ``old_members`` is
    needed of vanished keys only, ``new_homes`` of their members only. Ties go to the smaller key, so the order of
    input does not matter.
    """
    kept = {key: old[key] for key in new if key in old}
    claims: list[tuple[int, str, int, Key]] = []
    for key in old.keys() - kept.keys():
        shares = Counter(home for member in old_members.get(key, ()) for home in new_homes.get(member, ()))
        if shares:
            heir, count = min(shares.items(), key=lambda share: (-share[1], str(share[0])))
            if heir not in old:
                claims.append((-count, str(heir), old[key], heir))
    for _, _, identity, heir in sorted(claims, key=lambda claim: claim[:3]):
        kept.setdefault(heir, identity)
    return kept
