"""Times, references and shapes as CAP writes them; None or a reason tells that it is none."""

from __future__ import annotations

import re
from datetime import datetime
from math import isfinite
from typing import NamedTuple

from shared.contracts.fields import END_OF_INSTANTS, FIRST_INSTANT

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_NAME = re.compile(r"[^\s,<&]{1,200}")


class Reference(NamedTuple):
    """Another message: who sent it, its identifier, when."""

    sender: str
    identifier: str
    sent: datetime


def moment(text: str) -> datetime | None:
    """A time with its offset (never Z), of this age; None when it is none."""
    result = _time(text)
    return result if result is not None and FIRST_INSTANT <= result < END_OF_INSTANTS else None


def moment_problem(text: str) -> str | None:
    """What is wrong with a time."""
    result = _time(text)
    if result is None:
        return "is no time with an offset"
    return (
        None
        if FIRST_INSTANT <= result < END_OF_INSTANTS
        else "does not lie in the years 2000 to 2199"
    )


def _time(text: str) -> datetime | None:
    if _TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_name(text: str) -> bool:
    """Whether a text can be an identifier or a sender: no space, comma, `<` or `&`."""
    return _NAME.fullmatch(text) is not None


def references(text: str) -> list[Reference] | None:
    """`sender,identifier,sent` separated by white space; None when one of them is not."""
    results = []
    for name in text.split():
        parts = name.split(",")
        sent = moment(parts[-1])
        if len(parts) != 3 or sent is None or not (is_name(parts[0]) and is_name(parts[1])):
            return None
        results.append(Reference(parts[0], parts[1], sent))
    return results


def polygon_problem(text: str) -> str | None:
    """What is wrong with a polygon: at least four points, the last one the first."""
    points = [_point(name) for name in text.split()]
    if None in points:
        return "a point is not latitude,longitude in degrees"
    if len(points) < 4:
        return "has fewer than four points"
    return None if points[0] == points[-1] else "does not end where it begins"


def circle_problem(text: str) -> str | None:
    """What is wrong with a circle: a point and a radius in km."""
    point, _, radius = text.partition(" ")
    if _point(point) is None:
        return "its centre is not latitude,longitude in degrees"
    result = _number(radius.strip())
    return None if result is not None and result >= 0 else "its radius is no length in km"


def _point(text: str) -> tuple[float, float] | None:
    lat, comma, lon = text.partition(",")
    x, y = _number(lat), _number(lon)
    if not comma or x is None or y is None:
        return None
    return (x, y) if -90 <= x <= 90 and -180 <= y <= 180 else None


def _number(text: str) -> float | None:
    try:
        result = float(text)
    except ValueError:
        return None
    return result if isfinite(result) else None
