"""Codes of China's own lists, for kinds of event and for divisions.

A code is read only if its `valueName` names the list. No public profile of China defines these
names, so the names are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

from services.ingest.core.cap.xml import CapElement
from shared.contracts.units import is_above_cities

_EVENT_LISTS = re.compile(
    "gbt35561([0-9]{4})?|eventtype|eventtypecode"
    "|事件类型|事件类型编码|事件编码|事件分类编码|预警类型编码"
)
"""GB/T 35561, China's `eventType`, and their Chinese names, in the form of `_normalised`."""
_DIVISION_LISTS = re.compile(
    "gbt2260([0-9]{4})?|gbt10114([0-9]{4})?|division|divisioncode|adcode"
    "|行政区划|行政区划代码|行政区划编码|区划代码|统计用区划代码"
)
"""GB/T 2260 (districts and above), 10114 (towns), and the names of their codes."""
_EVENT = re.compile(r"1[1-4][A-Z0-9]{1,3}(:[a-z0-9_]{1,40})?", re.ASCII)
_DIVISION = re.compile(
    r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])([0-9]{4}|[0-9]{7}|[0-9]{10})", re.ASCII
)


def event_codes(info: CapElement) -> Iterator[str]:
    """Return the kinds of event that a block names."""
    for name, value in pairs(info, "eventCode", "parameter"):
        if _EVENT_LISTS.fullmatch(_normalised(name)) and _EVENT.fullmatch(value):
            yield value


def divisions(info: CapElement) -> Iterator[str]:
    """Return the divisions that a block names, as units."""
    for area in info.children_named("area"):
        for name, value in pairs(area, "geocode"):
            if _DIVISION_LISTS.fullmatch(_normalised(name)) and _DIVISION.fullmatch(value):
                yield value.ljust(12, "0")


def concerned(code: str, receiver: str) -> str:
    """Return the unit that a division concerns: the receiver, if the division is its province."""
    if not is_above_cities(code):
        return code
    digits = 2 if code[2:4] == "00" else 4
    return receiver if receiver[:digits] == code[:digits] else code


def pairs(element: CapElement, *names: str) -> Iterator[tuple[str, str]]:
    """Return `valueName` and `value` of the children with these names."""
    for name in names:
        for child in element.children_named(name):
            yield child.child_text("valueName"), child.child_text("value")


def _normalised(name: str) -> str:
    """Return a name without case, width, spaces and signs: `GB/T 35561-2017` is gbt355612017."""
    folded = normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())
