"""The parts of a text message: how many messages a carrier sends and bills for one text."""

from __future__ import annotations

from typing import NamedTuple

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The alphabet of 7 bits (docs/sources.md S46)."""
_EXTENSION = frozenset("^{}\\[~]|€\f")
"""Characters that take two places in the alphabet of 7 bits."""


class Capacity(NamedTuple):
    """The places in a message that stands alone, and in each part of a longer one."""

    alone: int
    part: int


SEVEN_BITS = Capacity(160, 153)
SIXTEEN_BITS = Capacity(70, 67)


def parts(text: str) -> int:
    """Return the number of messages that carry a text; one character is never divided."""
    if _BASIC.issuperset(set(text) - _EXTENSION):
        sizes = [2 if character in _EXTENSION else 1 for character in text]
        return _parts(sizes, SEVEN_BITS)
    return _parts([2 if ord(character) > 0xFFFF else 1 for character in text], SIXTEEN_BITS)


def _parts(sizes: list[int], capacity: Capacity) -> int:
    if sum(sizes) <= capacity.alone:
        return 1
    count, room = 1, capacity.part
    for size in sizes:
        if size > room:
            count, room = count + 1, capacity.part
        room -= size
    return count
