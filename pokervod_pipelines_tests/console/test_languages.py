"""Every message of the pages is in every language, and what is compiled is what was translated."""

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from pokervod_pipelines.console import languages

ROOM = Path(languages.__file__).parent

METHODS = [("**/templates/**.j2", "jinja2"), ("**.py", "python")]

OTHERS = sorted({*languages.LANGUAGES} - {languages.ENGLISH})


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_and_none_is_left_over(language: str) -> None:
    folder = ROOM / "locales" / language / "LC_MESSAGES"
    with (folder / "console.po").open("rb") as file:
        catalog = read_po(file, locale=language, abort_invalid=True)
    options = {"**/templates/**.j2": {"newstyle_gettext": "true"}}
    shown = {message for _, _, message, _, _ in extract_from_dir(str(ROOM), METHODS, options)}

    assert {each.id for each in catalog if each.id and not each.fuzzy and all(_list(each.string))} == shown
    for each in catalog:
        for translated in _list(each.string) if each.id else ():
            assert _list_names(translated) <= _list_names("".join(_list(each.id))), translated


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_compiled_is_what_was_translated(language: str) -> None:
    """After a change: .venv/bin/pybabel compile -D console -d pokervod_pipelines/console/locales."""
    folder = ROOM / "locales" / language / "LC_MESSAGES"
    compiled = BytesIO()
    with (folder / "console.po").open("rb") as file:
        write_mo(compiled, read_po(file))

    compiled.seek(0)
    with (folder / "console.mo").open("rb") as file:
        assert _list_messages(GNUTranslations(file)) == _list_messages(GNUTranslations(compiled))


def _list_messages(translations: GNUTranslations) -> dict[object, str]:
    """Return the messages without the head, which has the time."""
    return {each: text for each, text in translations._catalog.items() if each}  # type: ignore[attr-defined]


def _list(texts: object) -> list[str]:
    return [texts] if isinstance(texts, str) else [*texts]  # type: ignore[misc]


def _list_names(text: str) -> set[str]:
    return {part.partition(")")[0] for part in text.split("%(")[1:]}
