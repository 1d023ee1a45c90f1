"""The icons of the installed console, drawn as the flame of static/icon.svg."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from PIL import Image, ImageDraw

_GRID = 32
"""The drawing has the coordinates of static/icon.svg."""
_SMOOTHING = 4
"""Icons are drawn so many times larger and then made smaller: their edges are smooth."""
_GROUND, _FLAME, _EARTH, _WHITE = "#111922", "#ef8a17", "#7cc7d6", "#ffffff"
_STEPS = 24

Point = tuple[float, float]


class Form(NamedTuple):
    """The form of an icon.

    `size` is in pixels, `share` the part of the size that the drawing fills, `corner` the radius of
    the ground's corners on the grid. A `plain` icon is white on nothing: phones colour it.
    """

    size: int
    share: float = 1.0
    corner: float = 7.0
    plain: bool = False


FORMS = {
    "icon-192": Form(192),
    "icon-512": Form(512),
    "maskable-512": Form(512, share=0.76, corner=0.0),
    "apple-touch-180": Form(180, share=0.86, corner=0.0),
    "badge-96": Form(96, plain=True),
}
"""The icons by name. Systems cut a maskable icon to a circle, so its drawing is smaller."""


@cache
def icon(name: str) -> bytes:
    """Return an icon as PNG."""
    form = FORMS[name]
    side = form.size * _SMOOTHING
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    unit = side / _GRID
    if not form.plain:
        pen.rounded_rectangle((0, 0, side - 1, side - 1), form.corner * unit, fill=_GROUND)

    def placed(point: Point) -> Point:
        x, y = (_GRID / 2 + (value - _GRID / 2) * form.share for value in point)
        return x * unit, y * unit

    pen.polygon([placed(point) for point in _flame()], fill=_WHITE if form.plain else _FLAME)
    begin, end, width = placed((9, 27)), placed((23, 27)), 2.5 * unit * form.share
    colour = _WHITE if form.plain else _EARTH
    pen.line((begin, end), fill=colour, width=round(width))
    for x, y in (begin, end):
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)
    output = io.BytesIO()
    picture.resize((form.size, form.size), Image.Resampling.LANCZOS).save(output, "PNG")
    return output.getvalue()


def _flame() -> Iterator[Point]:
    yield from _curve((16, 5), (17, 10), (22, 11.5), (22, 17.5))
    for step in range(_STEPS + 1):
        angle = math.pi * step / _STEPS
        yield 16 + 6 * math.cos(angle), 17.5 + 6 * math.sin(angle)
    yield from _curve((10, 17.5), (10, 15), (11.5, 14), (12, 12))
    yield from _curve((12, 12), (13.5, 13), (14, 14), (14, 15.5))
    yield from _curve((14, 15.5), (15.5, 13), (16.5, 9.5), (16, 5))


def _curve(begin: Point, first: Point, second: Point, end: Point) -> Iterator[Point]:
    """Yield points of a cubic curve from its begin to its end."""
    points = (begin, first, second, end)
    for step in range(_STEPS + 1):
        t = step / _STEPS
        shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        pairs = list(zip(shares, points, strict=True))
        yield sum(share * x for share, (x, _) in pairs), sum(share * y for share, (_, y) in pairs)
