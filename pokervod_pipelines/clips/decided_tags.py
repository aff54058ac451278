"""Decide tags of a clip against its row: what a person adds stays, what a person removes does not return.

A decision is about one tag of one clip. It counts in every build, so a sync of the sheet does not undo it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.tag_words import TAG_WORDS, TagCategory
from pokervod_pipelines.clips.tags import Tag, parse_tag, simplify_tag
from pokervod_pipelines.decisions import Decision, DecisionKind, Subject, read_in_force, record
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.suggestions import suggest_name

StoredTag = tuple[str, str, bool]
"""Category, name, whether the tag is known."""


@dataclass(frozen=True, slots=True, order=True)
class DecidedTag:
    """Hold a tag and whether the clip has it."""

    category: str
    name: str
    is_on: bool


DecidedTags = Mapping[int, Sequence[DecidedTag]]
"""What people decided, by clip."""


def read_decided_tags(connection: Connection) -> dict[int, list[DecidedTag]]:
    """Return the tags that people decided, by clip, each in the order of its decisions."""
    found: dict[int, list[DecidedTag]] = {}
    for decision in read_in_force(connection, DecisionKind.CLIP_TAG):
        subject = decision.subject
        decided = DecidedTag(str(subject["category"]), str(subject["tag"]), bool(decision.value))
        found.setdefault(int(subject["clip_id"]), []).append(decided)
    return found


def apply_decided(tags: Iterable[StoredTag], decided: Collection[DecidedTag]) -> tuple[StoredTag, ...]:
    """Return the tags of a row without those that a person removed, and with those that a person added.

    >>> apply_decided([("poker_play", "bluff", True)], [DecidedTag("poker_play", "bluff", False)])
    ()
    """
    subjects = {(each.category, each.name) for each in decided}
    kept = [tag for tag in tags if tag[:2] not in subjects]
    known = {(each.category, each.name) for each in decided if each.name in TAG_WORDS[TagCategory(each.category)]}
    added = [(each.category, each.name, (each.category, each.name) in known) for each in decided if each.is_on]
    return (*kept, *added)


def read_person_tag(text: str, category: str | None = None) -> Tag:
    """Return the tag that a person means.

    A word that is on no list is a new tag only where its category is given. Raises ``BadInput`` otherwise, and for a
    category that does not exist.
    """
    if category is not None and category not in [*TagCategory]:
        raise BadInput(f"--category: unknown category {category!r}; {suggest_name(category, TagCategory)}")
    tag = parse_tag(category or TagCategory.POKER_PLAY, text)
    if tag is None:
        raise BadInput(f"expected a tag such as bluff, got {text!r}")
    if not tag.is_known and category is None:
        names = [name for words in TAG_WORDS.values() for name in words]
        raise BadInput(f"unknown tag {text!r}, which is new only with --category; {suggest_name(tag.name, names)}")
    return tag


def find_own_tag(text: str, tags: Collection[tuple[str, str]], clip_id: int) -> Tag:
    """Return the tag of the clip that a person means; raise ``BadInput`` where the clip does not have it."""
    known = {simplify_tag(name): (category, name) for category, name in tags}
    for meant in (text, *(tag.name for category in TagCategory if (tag := parse_tag(category, text)))):
        if found := known.get(simplify_tag(meant)):
            return Tag(TagCategory(found[0]), found[1])
    names = sorted(name for _, name in tags)
    raise BadInput(f"clip {clip_id} has no tag {text!r}; {suggest_name(text, names)}")


def was_added(connection: Connection, clip_id: int, tag: Tag) -> bool:
    """Return whether a person's decision in force gives the clip the tag, whatever its row says."""
    in_force = read_in_force(connection, DecisionKind.CLIP_TAG, _make_subject(clip_id, tag))
    return any(decision.value for decision in in_force)


def record_tag(connection: Connection, clip_id: int, tag: Tag, *, is_on: bool, actor: Actor) -> Decision:
    """Record that the clip has the tag, or has it not, for the next build, which the caller starts."""
    return record(connection, DecisionKind.CLIP_TAG, _make_subject(clip_id, tag), is_on, actor=actor)


def _make_subject(clip_id: int, tag: Tag) -> Subject:
    return {"clip_id": clip_id, "category": tag.category.value, "tag": tag.name}
