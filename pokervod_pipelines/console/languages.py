"""Choose the language of a page, and load its messages: English is in the templates, other languages in ``locales``."""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations, translation
from pathlib import Path

from fastapi import Request

LANGUAGES: Mapping[str, str] = {"en": "English", "ko": "한국어"}
"""The languages of the pages, each by its own name."""

ENGLISH = "en"

COOKIE = "pokervod_language"

DOMAIN = "console"

LOCALES = Path(__file__).parent / "locales"


def find_language(request: Request, own: str | None = None) -> str:
    """Return the language of the user, else the one chosen in this browser, else the browser's first that we have."""
    for wanted in (own or "", request.cookies.get(COOKIE, ""), *rank_languages(request.headers.get("accept-language"))):
        if (language := wanted.partition("-")[0].lower()) in LANGUAGES:
            return language
    return ENGLISH


def rank_languages(header: str | None) -> list[str]:
    """Return the languages of a header ``Accept-Language``, the one liked best first.

    >>> rank_languages("en;q=0.5, ko-KR, *;q=0.1, de;q=0, fr;q=much")
    ['ko-KR', 'en', '*']
    """
    ranked = []
    for each in (header or "")[:500].split(","):
        name, _, quality = each.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if weight > 0:
            ranked.append((weight, name.strip()))
    return [name for _, name in sorted(ranked, key=lambda pair: -pair[0])]


@cache
def load_messages(language: str) -> NullTranslations | GNUTranslations:
    """Return the messages of the language; what it lacks is shown in English."""
    if language == ENGLISH:
        return NullTranslations()
    return translation(DOMAIN, LOCALES, [language], fallback=True)
