"""The course of commands: how many of their units have signed and reported, over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.console.core.record import Json


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """The units that had signed and that had reported by a moment."""

    at: datetime
    signed: int
    reported: int


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one or more commands within a subtree; without a unit it has no points."""

    total: int
    sign_by: datetime | None
    points: tuple[CoursePoint, ...]


def course_view(result: Course) -> Json:
    """Return a course as JSON."""
    return {
        "total": result.total,
        "sign_by": result.sign_by,
        "points": [
            {"at": point.at, "signed": point.signed, "reported": point.reported}
            for point in result.points
        ],
    }
