"""Read which cut a file is, where its name has a word for it. A folder's word is not the name's version."""

from collections.abc import Set

from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.versions import CLIP_VERSIONS, TAPE_VERSIONS


def read_clip_version(fields: NameFields) -> None:
    """Set the version word of a clip."""
    _tell_word(fields, CLIP_VERSIONS)


def read_tape_version(fields: NameFields) -> None:
    """Set the version word of an archive tape."""
    _tell_word(fields, TAPE_VERSIONS)


def read_stream_version(fields: NameFields) -> None:
    """Set the publisher put before a stream's name, or the ``NC`` (no commentary) put behind it."""
    text = fields.name.text
    if text.startswith("pokergo wsop"):
        _tell_as_shown(fields, 0, len("pokergo"))
    elif text.endswith(" nc"):
        _tell_as_shown(fields, len(text) - len("nc"), len("nc"))


def _tell_word(fields: NameFields, versions: Set[str]) -> None:
    words = versions & fields.name.words
    if words:
        place, word = max((f" {fields.name.text} ".rindex(f" {word} "), word) for word in words)
        _tell_as_shown(fields, place, len(word))


def _tell_as_shown(fields: NameFields, start: int, length: int) -> None:
    word = fields.name.shown[start : start + length]
    fields.set("version", word, "version", word)
