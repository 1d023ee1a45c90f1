"""Positions in geofences, and the distance of two positions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

from shared.contracts.fields import Position
from shared.contracts.geofences import Circle, Geofence, Polygon, corner_of, is_between, side_of

_EARTH_M = 6_371_000.0


def lies_within(geofences: Sequence[Geofence], position: Position | None) -> bool:
    """Return whether a position lies in one of the geofences, edges included.

    Without geofences everything does; with geofences nothing without a position does.
    """
    if not geofences:
        return True
    return position is not None and any(_contains(geofence, position) for geofence in geofences)


def metres(position: Position, destination: Position) -> float:
    """Return the great-circle distance in metres."""
    lat1, lat2 = radians(position.lat), radians(destination.lat)
    half = sin((lat2 - lat1) / 2) ** 2
    half += cos(lat1) * cos(lat2) * sin(radians(destination.lon - position.lon) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(half)))


def _contains(geofence: Geofence, position: Position) -> bool:
    if isinstance(geofence, Circle):
        return metres(geofence.centre, position) <= geofence.radius_m
    return _is_in_ring(geofence, position)


def _is_in_ring(polygon: Polygon, position: Position) -> bool:
    """Return whether a ray to the east crosses the ring an odd number of times."""
    point = corner_of(position)
    corners = [corner_of(corner) for corner in polygon.corners]
    is_inside = False
    for start, end in pairwise((*corners, corners[0])):
        side = side_of(start, end, point)
        if side == 0 and is_between(start, end, point):
            return True
        if (start[1] > point[1]) != (end[1] > point[1]) and (side > 0) == (end[1] > start[1]):
            is_inside = not is_inside
    return is_inside
