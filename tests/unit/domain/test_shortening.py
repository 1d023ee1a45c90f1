"""Texts are cut at a border, never inside a name or a number."""

from __future__ import annotations

import pytest

from shared.domain.shortening import shorten

TEXT = "四明村沿江道路被淹，水深 0.6 米。联系人：朱沱镇 · 四明村 B岗 张三（电话 023 4985 0000）。"


@pytest.mark.parametrize("most", range(8, len(TEXT) + 2))
def test_no_cut_is_longer_or_divides_a_number(most: int) -> None:
    text = shorten(TEXT, most)
    assert len(text) <= most
    if len(TEXT) > most:
        assert text.endswith("…")
        bare = text.removesuffix("…")
        assert TEXT.startswith(bare)
        following = TEXT[len(bare) :].lstrip("。，：；· ")
        assert not (bare[-1].isdigit() and following[:1].isdigit()), text
        assert not bare.endswith(("0", "0.", "023", "4985"))


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("短", 5, "短"),
        ("朱沱站洪水：超保证水位 2.68 m，仍在上涨", 20, "朱沱站洪水：超保证水位 2.68 m…"),
        ("朱沱站洪水：超保证水位 2.68 m，仍在上涨", 16, "朱沱站洪水：超保证水位…"),
        (
            "Flood at Zhutuo: 2.68 m above the guarantee level",
            42,
            "Flood at Zhutuo: 2.68 m above the…",
        ),
        ("水" * 30, 10, "水" * 9 + "…"),
        ("e" * 30, 10, "e" * 9 + "…"),
    ],
)
def test_a_text_ends_at_a_border(text: str, most: int, cut: str) -> None:
    assert shorten(text, most) == cut
