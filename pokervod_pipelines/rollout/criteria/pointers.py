"""JSON pointers (RFC 6901): the way to a value in a document."""

from collections.abc import Mapping, Sequence


class NotThere(LookupError):
    """The pointer leads nowhere; the text says where it ends."""


def follow(values: object, pointer: str) -> object:
    """Return what the pointer leads to. Raises ``NotThere``.

    >>> follow({"a/b": [1, 2]}, "/a~1b/1")
    2
    """
    if pointer and not pointer.startswith("/"):
        raise NotThere(f"{pointer!r} is no pointer such as '/tests/passed'")
    here = values
    for part in pointer.split("/")[1:]:
        here = _step(here, part.replace("~1", "/").replace("~0", "~"))
    return here


def _step(here: object, part: str) -> object:
    if isinstance(here, Mapping) and part in here:
        return here[part]
    if isinstance(here, Sequence) and not isinstance(here, str) and part.isdecimal() and int(part) < len(here):
        return here[int(part)]
    raise NotThere(f"there is no {part!r}")
