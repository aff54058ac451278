"""Define how a spreadsheet of a country writes and reads numbers, times, TRUE and the parts of a formula.

The API gives shown values and formulas in the spreadsheet's locale, and reads what is entered in it; values as they are
stored are the same everywhere.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Locale:
    """Hold one locale: its separators, its words, and the formats of a day and a time of day there."""

    name: str = "en_US"
    decimal: str = "."
    group: str = ","
    true: str = "TRUE"
    false: str = "FALSE"
    am: str = "AM"
    pm: str = "PM"
    day: str = "m/d/yyyy"
    time: str = "h:mm:ss am/pm"

    def write_number(self, text: str) -> str:
        """Return a number, written as in English, as it is written here."""
        return text.translate({ord(","): self.group, ord("."): self.decimal})

    def read_number(self, text: str) -> str:
        """Return a number, typed here, as it is written in English; other texts may come out as no number at all."""
        return text.translate({ord(self.group): ",", ord(self.decimal): "."})

    def read_formula(self, text: str) -> str | None:
        """Return a formula as it is written in English, None if it is no formula here.

        Semicolons set arguments apart everywhere, commas only where they are not the decimal sign.
        """
        if self.decimal == ".":
            return text
        pieces = re.split(r'("(?:[^"]|"")*")', text)
        code = [re.sub(r"(\d),(\d)", r"\1.\2", piece) if at % 2 == 0 else piece for at, piece in enumerate(pieces)]
        return None if any("," in piece for piece in code[::2]) else "".join(code)


NARROW = "\u202f"

LOCALES = {
    locale.name: locale
    for locale in (
        Locale(),
        Locale("en_GB", day="dd/mm/yyyy", time="hh:mm:ss"),
        Locale("ko_KR", am="오전", pm="오후", day="yyyy. m. d", time="am/pm h:mm:ss"),
        Locale("ja_JP", day="yyyy/mm/dd", time="h:mm:ss"),
        Locale("de_DE", ",", ".", "WAHR", "FALSCH", day="dd.mm.yyyy", time="hh:mm:ss"),
        Locale("fr_FR", ",", NARROW, "VRAI", "FAUX", day="dd/mm/yyyy", time="hh:mm:ss"),
        Locale("pt_BR", ",", ".", "VERDADEIRO", "FALSO", day="dd/mm/yyyy", time="hh:mm:ss"),
        Locale("sv_SE", ",", "\u00a0", "SANT", "FALSKT", day="yyyy-mm-dd", time="hh:mm:ss"),
    )
}
ENGLISH = LOCALES["en_US"]
