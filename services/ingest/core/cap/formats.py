"""Times, references and shapes as CAP writes them.

The parsers return None for a text in another format; the `…_problem` functions return the reason.
"""

from __future__ import annotations

import re
from datetime import datetime
from math import isfinite
from typing import NamedTuple

from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_NAME = re.compile(r"[^\s,<&]{1,200}")


class Reference(NamedTuple):
    """A reference to a message: its sender, its identifier, the time when it was sent."""

    sender: str
    identifier: str
    sent: datetime


def parse_time(text: str) -> datetime | None:
    """Return a time with its offset (never Z), in the years 2000 to 2199; None for other text."""
    time = _time(text)
    return time if time is not None and FIRST_INSTANT <= time < END_OF_INSTANTS else None


def time_problem(text: str) -> str | None:
    """Return the problem of a time, None if there is none."""
    time = _time(text)
    if time is None:
        return "is no time with an offset"
    in_range = FIRST_INSTANT <= time < END_OF_INSTANTS
    return None if in_range else "does not lie in the years 2000 to 2199"


def _time(text: str) -> datetime | None:
    if _TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_name(text: str) -> bool:
    """Return True if a text can be an identifier or a sender: no space, comma, `<` or `&`."""
    return _NAME.fullmatch(text) is not None


def parse_references(text: str) -> list[Reference] | None:
    """Return the references, `sender,identifier,sent` separated by white space; None for others."""
    references = []
    for name in text.split():
        parts = name.split(",")
        sent = parse_time(parts[-1])
        if len(parts) != 3 or sent is None or not (is_name(parts[0]) and is_name(parts[1])):
            return None
        references.append(Reference(parts[0], parts[1], sent))
    return references


def polygon_problem(text: str) -> str | None:
    """Return the problem of a polygon: it has at least four points and ends where it begins."""
    points = [_point(name) for name in text.split()]
    if None in points:
        return "a point is not latitude,longitude in degrees"
    if len(points) < 4:
        return "has fewer than four points"
    return None if points[0] == points[-1] else "does not end where it begins"


def circle_problem(text: str) -> str | None:
    """Return the problem of a circle: a point, then a radius in km."""
    point, _, radius = text.partition(" ")
    if _point(point) is None:
        return "its centre is not latitude,longitude in degrees"
    radius_km = _number(radius.strip())
    return None if radius_km is not None and radius_km >= 0 else "its radius is no length in km"


def _point(text: str) -> tuple[float, float] | None:
    first, comma, second = text.partition(",")
    latitude, longitude = _number(first), _number(second)
    if not comma or latitude is None or longitude is None:
        return None
    on_earth = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return (latitude, longitude) if on_earth else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
