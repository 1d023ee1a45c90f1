"""Codes of China's own lists, taken only where the document says that they are: kinds of event and divisions.

No profile of China's that is public says how CAP's `valueName` is to be written, so these names are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

from services.ingest.core.cap.xml import Part

_EVENT_LISTS = re.compile(
    "gbt35561([0-9]{4})?|eventtype|eventtypecode|事件类型|事件类型编码|事件编码|事件分类编码|预警类型编码"
)
"""GB/T 35561, China's `eventType`, and what it is called in Chinese; as `_plain` writes them."""
_DIVISION_LISTS = re.compile(
    "gbt2260([0-9]{4})?|gbt10114([0-9]{4})?|division|divisioncode|adcode"
    "|行政区划|行政区划代码|行政区划编码|区划代码|统计用区划代码"
)
"""GB/T 2260 (districts and above) and 10114 (towns), and what their codes are called."""
_EVENT = re.compile(r"1[1-4][A-Z0-9]{1,3}(:[a-z0-9_]{1,40})?", re.ASCII)
_DIVISION = re.compile(
    r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])([0-9]{4}|[0-9]{7}|[0-9]{10})", re.ASCII
)


def event_codes(info: Part) -> Iterator[str]:
    """The kinds of event that a block names."""
    for name, value in pairs(info, "eventCode", "parameter"):
        if _EVENT_LISTS.fullmatch(_plain(name)) and _EVENT.fullmatch(value):
            yield value


def divisions(info: Part) -> Iterator[str]:
    """The divisions that a block names, as units."""
    for area in info.each("area"):
        for name, value in pairs(area, "geocode"):
            if _DIVISION_LISTS.fullmatch(_plain(name)) and _DIVISION.fullmatch(value):
                yield value.ljust(12, "0")


def pairs(part: Part, *names: str) -> Iterator[tuple[str, str]]:
    """valueName and value of the children of these names."""
    for name in names:
        for one in part.each(name):
            yield one.said("valueName"), one.said("value")


def _plain(name: str) -> str:
    """A name without its case, width, spaces and signs: `GB/T 35561-2017` is gbt355612017."""
    return "".join(one for one in normalize("NFKC", name).casefold() if one.isalnum())
