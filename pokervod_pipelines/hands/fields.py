"""Typed reading of JSON objects: each field is what its reader expects or the reason names it.

What the fields mean is not known here. Texts come back fit to be stored: no NUL, no half characters.
"""

from collections.abc import Iterator
from typing import Any

from pokervod_pipelines.errors import BadInput

MOST_CHIPS = 2**63 - 1
"""A larger number fits no column and no chip rack."""

LONGEST_SHOWN = 60
LONGEST_TEXT = 500


class BadField(BadInput):
    """A field is missing or not what it must be; ``field`` is its path inside the record."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Fields:
    """One JSON object and where it stands; every reader raises ``BadField`` with the path of the field."""

    __slots__ = ("_at", "_folder", "_mapping")

    def __init__(self, value: Any, folder: str = "", at: int | None = None) -> None:
        self._folder = folder
        self._at = at
        if not isinstance(value, dict):
            raise BadField(self.path or "the record", f"expected an object, found {describe(value)}")
        self._mapping = value

    @property
    def path(self) -> str:
        """Where the object stands; put together only when somebody asks, which is when something is wrong."""
        return self._folder if self._at is None else f"{self._folder}[{self._at}]"

    def locate(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def read_number(self, name: str, default: int | None = None, *, least: int = 0) -> int:
        """Return a whole number from ``least`` to ``MOST_CHIPS``; an absent or null field is the default."""
        value = self._mapping.get(name)
        if type(value) is int and least <= value <= MOST_CHIPS:
            return value
        if value is None and default is not None:
            return default
        if isinstance(value, float) and value.is_integer() and least <= value < 2**53:
            return int(value)
        raise BadField(self.locate(name), f"expected a whole number from {least}, found {describe(value)}")

    def read_text(self, name: str, default: str | None = None) -> str:
        """Return a text without the characters no database stores; an absent or null field is the default."""
        value = self._mapping.get(name)
        if isinstance(value, str):
            return clean_text(value)
        if value is None and default is not None:
            return default
        raise BadField(self.locate(name), f"expected a text, found {describe(value)}")

    def read_flag(self, name: str) -> bool:
        """Return true or false; absent or null is false."""
        value = self._mapping.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise BadField(self.locate(name), f"expected true or false, found {describe(value)}")

    def read_texts(self, name: str) -> list[str]:
        """Return a list of texts; one text alone is a list of one, absent or null an empty one."""
        value = self._mapping.get(name)
        if isinstance(value, str):
            return [clean_text(value)]
        if value is None:
            return []
        if isinstance(value, list) and all(item is None or isinstance(item, str) for item in value):
            return [clean_text(item) for item in value if item]
        raise BadField(self.locate(name), f"expected a list of texts, found {describe(value)}")

    def read_object(self, name: str) -> "Fields":
        """Return the fields of an object; absent or null is an empty one."""
        value = self._mapping.get(name)
        return Fields({} if value is None else value, self.locate(name))

    def read_any(self, name: str) -> Any:
        """Return whatever stands there, None where nothing does."""
        return self._mapping.get(name)

    def read_list(self, name: str) -> list[Any]:
        """Return a list of anything; the field is required."""
        value = self._mapping.get(name)
        if not isinstance(value, list):
            raise BadField(self.locate(name), f"expected a list, found {describe(value)}")
        return value

    def read_objects(self, name: str, *, is_required: bool = False) -> "Iterator[Fields]":
        """Yield the objects of a list; absent or null is an empty list, unless the field is required."""
        is_absent = self._mapping.get(name) is None and not is_required
        value = [] if is_absent else self.read_list(name)
        path = self.locate(name)
        return (Fields(item, path, at) for at, item in enumerate(value))


def clean_text(text: str) -> str:
    """Return the text without NUL and half characters, cut to ``LONGEST_TEXT``, without outer blanks.

    >>> clean_text(" Cohen" + chr(0))
    'Cohen'
    """
    if text.isascii() and "\x00" not in text:
        return text.strip()[:LONGEST_TEXT]
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()[:LONGEST_TEXT]


def describe(value: Any) -> str:
    """Return a value for a message: what it is and how it begins.

    >>> describe(None), describe("x"), describe([1])
    ('nothing', "the text 'x'", 'a list')
    """
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {value[:LONGEST_SHOWN]!r}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of {value.bit_length():,} bits"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return f"the number {value}"
