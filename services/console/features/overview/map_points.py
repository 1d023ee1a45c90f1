"""The points of each place's map, made anew once a minute at most: the catalogue seldom changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from services.console.features.overview.map_views import PlacePoints, points_of
from shared.contracts.catalog import SensorEntry

_VALID_S = 60.0
_MOST_PLACES = 2_000


class MapPoints:
    """The points by place."""

    def __init__(self) -> None:
        self._points: dict[str, tuple[float, PlacePoints]] = {}

    def of(self, root: str, sensors: Callable[[], Sequence[SensorEntry]]) -> PlacePoints:
        """Return the points of a place; `sensors` gives its sensors."""
        now = time.monotonic()
        made_at, points = self._points.get(root, (0.0, None))
        if points is None or now - made_at > _VALID_S:
            points = points_of(sensors())
            if len(self._points) >= _MOST_PLACES:
                self.forget()
            self._points[root] = now, points
        return points

    def forget(self) -> None:
        """Make all points anew when they are asked for next."""
        self._points.clear()
