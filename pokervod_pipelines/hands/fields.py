"""Read typed fields of JSON objects: a field of another type is named with its path.

Texts come back as the database can hold them.
"""

from collections.abc import Iterator
from typing import Any

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.folding import make_storable

MAX_CHIPS = 2**63 - 1
"""Limit of the database for a number of chips."""

MAX_SHOWN = 60
MAX_TEXT = 500


class BadField(BadInput):
    """Raised for a field that is missing or of another type; ``field`` is its path inside the record."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Fields:
    """Read one JSON object; each reader raises ``BadField`` with the path of the field."""

    __slots__ = ("_at", "_folder", "_mapping")

    def __init__(self, value: Any, folder: str = "", at: int | None = None) -> None:
        self._folder = folder
        self._at = at
        if not isinstance(value, dict):
            raise BadField(self.path or "the record", f"expected an object, got {describe(value)}")
        self._mapping = value

    @property
    def path(self) -> str:
        """Return the path of the object; joined only when something is wrong."""
        return self._folder if self._at is None else f"{self._folder}[{self._at}]"

    def locate(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def read_number(self, name: str, default: int | None = None, *, minimum: int = 0) -> int:
        """Return a whole number from ``minimum`` to ``MAX_CHIPS``; an absent or null field is the default."""
        value = self._mapping.get(name)
        if type(value) is int and minimum <= value <= MAX_CHIPS:
            return value
        if value is None and default is not None:
            return default
        if isinstance(value, float) and value.is_integer() and minimum <= value < 2**53:
            return int(value)
        raise BadField(self.locate(name), f"expected a whole number from {minimum}, got {describe(value)}")

    def read_text(self, name: str, default: str | None = None) -> str:
        """Return a text without the characters no database stores; an absent or null field is the default."""
        value = self._mapping.get(name)
        if isinstance(value, str):
            return clean_text(value)
        if value is None and default is not None:
            return default
        raise BadField(self.locate(name), f"expected text, got {describe(value)}")

    def read_flag(self, name: str) -> bool:
        """Return true or false; absent or null is false."""
        value = self._mapping.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise BadField(self.locate(name), f"expected true or false, got {describe(value)}")

    def read_texts(self, name: str) -> list[str]:
        """Return a list of texts; one text alone is a list of one, absent or null an empty one."""
        value = self._mapping.get(name)
        if isinstance(value, str):
            return [clean_text(value)]
        if value is None:
            return []
        if isinstance(value, list) and all(item is None or isinstance(item, str) for item in value):
            return [clean_text(item) for item in value if item]
        raise BadField(self.locate(name), f"expected a list of strings, got {describe(value)}")

    def read_object(self, name: str) -> "Fields":
        """Return the fields of an object; absent or null is an empty one."""
        value = self._mapping.get(name)
        return Fields({} if value is None else value, self.locate(name))

    def read_any(self, name: str) -> Any:
        """Return the field as it is, None for an absent one."""
        return self._mapping.get(name)

    def read_list(self, name: str) -> list[Any]:
        """Return a list of anything; the field is required."""
        value = self._mapping.get(name)
        if not isinstance(value, list):
            raise BadField(self.locate(name), f"expected a list, got {describe(value)}")
        return value

    def read_objects(self, name: str, *, is_required: bool = False) -> "Iterator[Fields]":
        """Yield the objects of a list; absent or null is an empty list, unless the field is required."""
        is_absent = self._mapping.get(name) is None and not is_required
        value = [] if is_absent else self.read_list(name)
        path = self.locate(name)
        return (Fields(item, path, at) for at, item in enumerate(value))


def clean_text(text: str) -> str:
    """Return the text as the database can hold it, cut to ``MAX_TEXT``, without outer blanks.

    >>> clean_text(" Cohen" + chr(0))
    'Cohen'
    """
    if text.isascii() and "\x00" not in text:  # nearly every text of a session
        return text.strip()[:MAX_TEXT]
    return make_storable(text).strip()[:MAX_TEXT]


def describe(value: Any) -> str:
    """Return a value for a message: what it is and how it begins.

    >>> describe(None), describe("x"), describe([1])
    ('nothing', "the text 'x'", 'a list')
    """
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {value[:MAX_SHOWN]!r}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of {value.bit_length():,} bits"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return f"the number {value}"
