"""Read which cut a file is, where its name has a word for it. A folder's word is not the name's version."""

from collections.abc import Set

from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.versions import CLIP_VERSIONS, TAPE_VERSIONS


def read_clip_version(reading: NameFields) -> None:
    """Set the version word of a clip."""
    _tell_word(reading, CLIP_VERSIONS)


def read_tape_version(reading: NameFields) -> None:
    """Set the version word of an archive tape."""
    _tell_word(reading, TAPE_VERSIONS)


def read_stream_version(reading: NameFields) -> None:
    """Set the publisher put before a stream's name, or the ``NC`` (no commentary) put behind it."""
    text = reading.name.text
    if text.startswith("pokergo wsop"):
        _tell_as_shown(reading, 0, len("pokergo"))
    elif text.endswith(" nc"):
        _tell_as_shown(reading, len(text) - len("nc"), len("nc"))


def _tell_word(reading: NameFields, versions: Set[str]) -> None:
    words = versions & reading.name.words
    if words:
        place, word = max((f" {reading.name.text} ".rindex(f" {word} "), word) for word in words)
        _tell_as_shown(reading, place, len(word))


def _tell_as_shown(reading: NameFields, start: int, length: int) -> None:
    word = reading.name.shown[start : start + length]
    reading.set("version", word, "version", word)
