"""The texts of digests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.contracts.fields import Level
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts.lines import joined_text, one_line
from shared.domain.shortening import shorten
from shared.domain.wording import LEVELS

_ZH_CHARACTERS, _EN_CHARACTERS = 36, 30
"""The longest headline of a content, so that the whole digest fits into one text message."""


class DigestLine(NamedTuple):
    """The calls of a digest that are shown in one line, with the word of their category."""

    category: Bilingual
    calls: int
    headline: str


def digest_headline(by_level: Sequence[tuple[Level, int]]) -> str:
    """Return the headline with the number of calls of each level."""
    total = sum(count for _, count in by_level)
    zh = "，".join(f"{LEVELS[level].zh}{count}" for level, count in by_level)
    en = ", ".join(f"{count} {LEVELS[level].en}" for level, count in by_level)
    return one_line(
        Bilingual(f"摘要：{total}条待处理（{zh}）", f"Digest: {total} to deal with ({en})")
    )


def fault_digest_headline(total: int) -> str:
    """Return the headline with the number of faults of the system itself."""
    return one_line(Bilingual(f"摘要：{total}条系统故障", f"Digest: {total} faults of the system"))


def of_digest(lines: Sequence[DigestLine], unnamed: int) -> str:
    """Return the text of a digest, the most urgent line first.

    `unnamed` is the number of calls without a line of their own.
    """
    texts = []
    for line in lines:
        category, words = line.category, bilingual_of(line.headline)
        texts.append(
            Bilingual(
                f"[{category.zh}] {shorten(words.zh, _ZH_CHARACTERS)} ×{line.calls}",
                f"[{category.en}] {shorten(words.en, _EN_CHARACTERS)} ×{line.calls}",
            )
        )
    if unnamed:
        texts.append(Bilingual(f"另有{unnamed}条。", f"{unnamed} more."))
    texts.append(Bilingual("请在列表中逐条处理。", "Open the list: each of them waits there."))
    return joined_text(*texts)
