"""Show a hand without what tells its hole cards, and what was said of it, inside the broadcast delay."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from pokervod_pipelines.api.visibility import WITHHELD, Visibility
from pokervod_pipelines.hands.clip_link_store import Disagreement
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.listing import LinkedClip, ListedHand, StoredFinding, find_young_hands
from pokervod_pipelines.hands.quarantined import QuarantinedFile


def cover_hand(hand: Hand) -> Hand:
    """Return the hand without hole cards, the hand that was made of them, and sentences that may name them."""
    seats = tuple(replace(each, hole_cards=()) for each in hand.seats)
    return replace(hand, seats=seats, best_hand=None, findings=(), unread=())


def show_hands(connection: Connection, found: Sequence[ListedHand], visibility: Visibility) -> list[ListedHand]:
    """Return the hands; inside the delay without the rank of the best one: with the board it tells the hole cards."""
    if visibility.since is None:
        return [*found]
    young = find_young_hands(connection, [each.hand_id for each in found], visibility.since)
    return [cover_listed(each) if each.hand_id in young else each for each in found]


def cover_listed(hand: ListedHand) -> ListedHand:
    """Return the hand without the rank of the best one."""
    return replace(hand, best_rank=None, best_rank_number=None)


def cover_finding(finding: StoredFinding) -> StoredFinding:
    """Return the finding with its code and place, without its sentence."""
    return replace(finding, message=WITHHELD)


def cover_clip(clip: LinkedClip) -> LinkedClip:
    """Return the clip without its title and the name of its video, which people write."""
    return replace(clip, title=WITHHELD, path=clip.path and WITHHELD)


def show_disagreement(found: Disagreement, visibility: Visibility) -> Disagreement:
    """Return the disagreement; inside the delay without what hand and sheet say, which may be cards."""
    if not visibility.hides(found.at):
        return found
    return replace(found, hand_says=WITHHELD, sheet_says=WITHHELD, reason=found.reason and WITHHELD)


def show_quarantined(found: QuarantinedFile, visibility: Visibility) -> QuarantinedFile:
    """Return the file; inside the delay without its reason, which may quote it."""
    return replace(found, reason=WITHHELD) if visibility.hides(found.read_at) else found
