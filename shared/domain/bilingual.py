"""Words for people in Chinese and English: one string on the wire, one language per reader.

A text of a machine or a plan holds both languages as `中文 ‖ English`. A view calls `said` with the
language of its reader; `services/console/static/js/lib/i18n.js` does the same. A text without the
separator was written by a person and stays as written for every reader.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from shared.contracts.fields import Language
from shared.domain.shortening import shorten

SEPARATOR = " ‖ "
LINE_CHARACTERS = 200
"""The most characters of both languages together, as contracts limit a line."""


class Bilingual(NamedTuple):
    """The same words in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """The words in one language."""
        return self.zh if language is Language.ZH else self.en

    def joined(self, most: int = LINE_CHARACTERS) -> str:
        """Return one string of at most `most` characters; the longer half is cut first."""
        if self.zh == self.en:
            return shorten(self.zh, most)
        room = most - len(SEPARATOR)
        zh = shorten(self.zh, max(room // 2, room - len(self.en))).rstrip()
        return zh + SEPARATOR + shorten(self.en, room - len(zh)).rstrip()


def bilingual_of(text: str) -> Bilingual:
    """Return the halves of a text; a text in one language is the same in both."""
    zh, separator, en = text.partition(SEPARATOR)
    return Bilingual(zh, en) if separator else Bilingual(text, text)


def in_language(text: str, language: Language) -> str:
    """Return the half of a text for readers of this language."""
    return bilingual_of(text).of(language)


def all_in_language(value: Any, language: Language) -> Any:
    """A JSON value with every text in one language."""
    match value:
        case str():
            return in_language(value, language)
        case list():
            return [all_in_language(item, language) for item in value]
        case dict():
            return {name: all_in_language(item, language) for name, item in value.items()}
        case _:
            return value
