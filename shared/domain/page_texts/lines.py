"""Lines and texts in both languages, cut to the lengths that a page can hold."""

from __future__ import annotations

from shared.domain.bilingual import LINE_CHARACTERS, Bilingual
from shared.domain.page_texts.marks import TEXT_CHARACTERS

EMPTY = Bilingual("", "")


def one_line(words: Bilingual) -> str:
    """Return both languages as one line."""
    return words.joined(LINE_CHARACTERS)


def joined_text(*lines: Bilingual) -> str:
    """Return the lines that are not empty as one text."""
    return Bilingual(
        "\n".join(line.zh for line in lines if line.zh),
        "\n".join(line.en for line in lines if line.en),
    ).joined(TEXT_CHARACTERS)


def capitalised(words: str) -> str:
    """Return the words with a capital first letter."""
    return words[:1].upper() + words[1:]
