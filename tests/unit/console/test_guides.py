"""The guides for people name buttons and headings as the screens do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WORDS = ROOT / "services" / "console" / "static" / "i18n"
MARKS = {"zh-CN": re.compile(r"「([^」]+)」"), "en": re.compile(r"\*\*([^*]+)\*\*")}
GUIDES = (
    ("guide-admin.zh-CN.md", "zh-CN"),
    ("guide-officer.zh-CN.md", "zh-CN"),
    ("guide-admin.md", "en"),
    ("guide-officer.md", "en"),
)


def named(text: str, language: str) -> list[str]:
    """Return the marked words of a guide, each on one line."""
    return [" ".join(words.split()) for words in MARKS[language].findall(text)]


def is_screen_words(words: str, screen_words: set[str]) -> bool:
    """Return whether a screen has these words; a text with a number has them with any number."""
    digits = re.sub(r"\d+", "{n}", words)
    return words in screen_words or digits in screen_words


@pytest.mark.parametrize(("name", "language"), GUIDES)
def test_every_button_and_field_of_a_guide_is_on_a_screen(name: str, language: str) -> None:
    screen_words = set(
        json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8")).values()
    )
    words = named((ROOT / "docs" / name).read_text(encoding="utf-8"), language)
    assert len(set(words)) > 8, "the guide names buttons"
    assert [item for item in words if not is_screen_words(item, screen_words)] == []


def test_a_word_that_no_screen_has_is_seen() -> None:
    assert not is_screen_words("删除一切", {"删除"})
    assert is_screen_words("最近 24 小时", {"最近 {n} 小时"})
