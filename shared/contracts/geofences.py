"""Geofences 电子围栏: circles and polygons on the map, and the reasons why a polygon is none.

A polygon is one ring without holes: several geofences together make up an area with gaps. Its edges
are straight in degrees of longitude and latitude. Calculations are exact: degrees are rounded to
whole billionths, a tenth of a millimetre.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.fields import Contract, Position

MOST_CORNERS = 200
"""A polygon has at most so many corners: each pair of edges is compared once."""
MOST_GEOFENCES = 16
_BILLION = 1_000_000_000
_HALF_TURN = 180 * _BILLION
Corner = tuple[int, int]
"""Longitude and latitude in billionths of a degree."""


class Circle(Contract):
    """All positions at most `radius_m` metres from `centre`."""

    kind: Literal["circle"] = "circle"
    centre: Position
    radius_m: Annotated[float, Field(ge=1, le=500_000)]


class Polygon(Contract):
    """All positions inside a ring of corners and on its edges; the last edge leads to the first
    corner.
    """

    kind: Literal["polygon"] = "polygon"
    corners: Annotated[tuple[Position, ...], Field(min_length=3, max_length=MOST_CORNERS)]

    @model_validator(mode="after")
    def _is_a_simple_ring(self) -> Self:
        corners = [corner_of(position) for position in self.corners]
        if corners[0] == corners[-1]:
            raise ValueError("the last corner repeats the first: leave it out")
        longitudes = [longitude for longitude, _ in corners]
        if max(longitudes) - min(longitudes) >= _HALF_TURN:
            raise ValueError("crosses the 180th meridian: divide it into two polygons there")
        if (crossing := first_crossing(corners)) is not None:
            first, second = crossing
            raise ValueError(
                f"crosses itself: the edges from corner {first + 1} and from corner {second + 1} "
                "meet; allowed is a ring whose edges meet at its corners alone"
            )
        return self


Geofence = Annotated[Circle | Polygon, Field(discriminator="kind")]
Geofences = Annotated[tuple[Geofence, ...], Field(max_length=MOST_GEOFENCES)]


def corner_of(position: Position) -> Corner:
    """Return a position in whole billionths of a degree."""
    return round(position.lon * _BILLION), round(position.lat * _BILLION)


def side_of(start: Corner, end: Corner, point: Corner) -> int:
    """Return on which side of a line a point lies: positive left, negative right, 0 on the line."""
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def is_between(start: Corner, end: Corner, point: Corner) -> bool:
    """Return whether a point of the line through two corners lies between them."""
    return all(
        min(first, second) <= value <= max(first, second)
        for first, second, value in zip(start, end, point, strict=True)
    )


def first_crossing(corners: Sequence[Corner]) -> tuple[int, int] | None:
    """Return the first two edges that meet elsewhere than at their common corner.

    An edge has the number of its first corner. Two equal corners in a row are an edge without
    length, which meets its neighbour.
    """
    edges = list(pairwise((*corners, corners[0])))
    for first, (start, end) in enumerate(edges):
        if start == end:
            return first, (first + 1) % len(edges)
        for second in range(first + 1, len(edges)):
            begin, finish = edges[second]
            if second == first + 1:
                meets = _folds_back(start, end, finish)
            elif first == 0 and second == len(edges) - 1:
                meets = _folds_back(begin, start, end)
            else:
                meets = _meet(start, end, begin, finish)
            if meets:
                return first, second
    return None


def _folds_back(start: Corner, corner: Corner, end: Corner) -> bool:
    """Return whether the way from `start` over `corner` to `end` turns back on itself."""
    if side_of(start, corner, end) != 0:
        return False
    onward = [(b - a) * (c - b) for a, b, c in zip(start, corner, end, strict=True)]
    return sum(onward) <= 0


def _meet(start: Corner, end: Corner, begin: Corner, finish: Corner) -> bool:
    """Return whether two edges have a point in common."""
    sides = (
        side_of(start, end, begin),
        side_of(start, end, finish),
        side_of(begin, finish, start),
        side_of(begin, finish, end),
    )
    if _differ(*sides[:2]) and _differ(*sides[2:]):
        return True
    return (
        (sides[0] == 0 and is_between(start, end, begin))
        or (sides[1] == 0 and is_between(start, end, finish))
        or (sides[2] == 0 and is_between(begin, finish, start))
        or (sides[3] == 0 and is_between(begin, finish, end))
    )


def _differ(first: int, second: int) -> bool:
    return (first > 0 > second) or (second > 0 > first)
