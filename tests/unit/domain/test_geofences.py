"""Geofences: what is refused at the door with its reason, and what lies inside."""

from __future__ import annotations

from fractions import Fraction
from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contracts.fields import Position
from shared.contracts.geofences import Circle, Geofence, Polygon
from shared.domain.geofences import lies_within, metres

Points = list[tuple[float, float]]
SQUARE: Points = [(106.0, 29.0), (106.1, 29.0), (106.1, 29.1), (106.0, 29.1)]


def ring(points: Points) -> Polygon:
    """Return the polygon of these longitudes and latitudes."""
    return Polygon(corners=tuple(Position(lon=lon, lat=lat) for lon, lat in points))


def is_inside(geofence: Circle | Polygon, lon: float, lat: float) -> bool:
    return lies_within((geofence,), Position(lon=lon, lat=lat))


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([(106, 29), (106.1, 29.1), (106.1, 29), (106, 29.1)], "crosses itself: the edges from"),
        ([(106, 29), (106.2, 29), (106.1, 29), (106.1, 29.1)], "crosses itself"),
        ([(106, 29), (106.2, 29), (106.1, 29.1), (106.1, 29), (106.1, 28.9)], "crosses itself"),
        ([(106, 29), (106.1, 29), (106.2, 29)], "crosses itself"),
        ([(106, 29), (106, 29), (106.1, 29.1), (106, 29.1)], "crosses itself"),
        ([*SQUARE, SQUARE[0]], "leave it out"),
        ([(179.9, 0), (-179.9, 0), (-179.9, 0.1), (179.9, 0.1)], "180th meridian: divide it"),
        ([(106, 29), (106.1, 29)], "at least 3"),
    ],
)
def test_no_polygon(points: Points, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ring(points)


def test_a_polygon_has_no_holes() -> None:
    """GeoJSON writes a hole as a second ring: such a geofence is refused, not read without it."""
    square = ring(SQUARE).model_dump(mode="json")
    with pytest.raises(ValidationError, match="holes"):
        TypeAdapter(Geofence).validate_json(
            f'{{"kind": "polygon", "corners": {square["corners"]}, "holes": []}}'.replace("'", '"')
        )


def test_a_square_has_its_edges_and_corners() -> None:
    square = ring(SQUARE)
    assert all(is_inside(square, lon, lat) for lon, lat in SQUARE)
    assert is_inside(square, 106.05, 29.0)
    assert is_inside(square, 106.05, 29.05)
    assert not is_inside(square, 106.05, 29.1 + 1e-8)
    assert not is_inside(square, 105.9, 29.0), "left of a corner, on the line of an edge"
    assert not is_inside(square, 105.9, 29.1)


def test_one_of_several_is_enough_and_none_is_everywhere() -> None:
    apart = ring([(lon + 1, lat) for lon, lat in SQUARE])
    position = Position(lon=107.05, lat=29.05)
    assert lies_within((ring(SQUARE), apart), position)
    assert lies_within((), None)
    assert not lies_within((ring(SQUARE),), None), "what has no position lies in no geofence"


def test_a_circle_counts_metres_on_the_globe() -> None:
    centre = Position(lon=179.999, lat=60.0)
    circle = Circle(centre=centre, radius_m=120)
    beyond = Position(lon=-179.999, lat=60.0)
    assert metres(centre, beyond) == pytest.approx(111.2, abs=0.2)
    assert lies_within((circle,), beyond), "a circle may lie on the 180th meridian"
    assert not is_inside(circle, 179.999, 60.0011)


@st.composite
def stars(draw: st.DrawFn) -> Points:
    """Draw a simple ring: corners in the order of their direction from a centre."""
    turns = sorted(draw(st.lists(st.integers(0, 359), min_size=5, max_size=12, unique=True)))
    gaps = [b - a for a, b in zip(turns, [*turns[1:], turns[0] + 360], strict=True)]
    if max(gaps) >= 175:
        turns = [0, 72, 144, 216, 288]
    far = draw(st.lists(st.integers(1, 100), min_size=len(turns), max_size=len(turns)))
    return [
        (106 + r / 1000 * cos(turn * pi / 180), 29 + r / 1000 * sin(turn * pi / 180))
        for turn, r in zip(turns, far, strict=True)
    ]


def winding(points: Points, lon: float, lat: float) -> int:
    """Return how often the ring winds around a point, exactly and in another way than the ray."""
    corners = [(Fraction(round(a * 10**9)), Fraction(round(b * 10**9))) for a, b in points]
    x, y = Fraction(round(lon * 10**9)), Fraction(round(lat * 10**9))
    number = 0
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if ay <= y < by and cross > 0:
            number += 1
        elif by <= y < ay and cross < 0:
            number -= 1
    return number


@given(stars(), st.floats(-0.12, 0.12), st.floats(-0.12, 0.12))
def test_the_ray_and_the_winding_number_agree(points: Points, east: float, north: float) -> None:
    lon, lat = 106 + east, 29 + north
    wound = winding(points, lon, lat) != 0
    assert is_inside(ring(points), lon, lat) or not wound
    if is_inside(ring(points), lon, lat) and not wound:
        assert any(winding(points, lon + d, lat + e) for d in (-1e-8, 1e-8) for e in (-1e-8, 1e-8))


@given(stars(), st.integers(0, 11), st.booleans())
def test_first_corner_and_direction_say_nothing(points: Points, turn: int, back: bool) -> None:
    turned = [*points[turn % len(points) :], *points[: turn % len(points)]]
    changed = ring(turned[::-1] if back else turned)
    original = ring(points)
    for lon, lat in [*points, (106.0, 29.0), (106.03, 29.02), (105.95, 28.97)]:
        assert is_inside(changed, lon, lat) == is_inside(original, lon, lat)


@given(stars(), st.data())
def test_an_exchange_that_crosses_is_refused(points: Points, data: st.DataObject) -> None:
    """Exchanging two corners of a convex ring that are not neighbours makes edges cross."""
    number = len(points)
    convex = [
        (106 + 0.1 * cos(2 * pi * place / number), 29 + 0.1 * sin(2 * pi * place / number))
        for place in range(number)
    ]
    first = data.draw(st.integers(0, number - 3))
    convex[first], convex[first + 1] = convex[first + 1], convex[first]
    with pytest.raises(ValidationError, match="crosses itself"):
        ring(convex)
