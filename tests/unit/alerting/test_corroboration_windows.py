"""The windows of corroboration rules: as a plain search has them, and in bounded time."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.multi_source.corroboration import evaluate_corroboration
from services.alerting.core.multi_source.source_pool import (
    MILLION,
    Sighting,
    SourcePool,
    count_classes,
)
from shared.contracts.conditions import CorroborationRule
from shared.contracts.fields import Position
from shared.domain.geofences import metres

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SPAN = timedelta(seconds=600)
TOWN = "500118107000"


def a_rule(need: float, kinds: int, radius_m: float | None) -> CorroborationRule:
    body = {
        "sources": [
            {"source": "sensor", "trust": 0.5},
            {"source": "grid_worker", "trust": 0.25},
            {"source": "agency", "trust": 1.0},
        ],
        "need": need,
        "kinds": kinds,
        "window_s": SPAN.total_seconds(),
        "within": "town",
        "radius_m": radius_m,
        "level": "yellow",
    }
    return CorroborationRule.model_validate_json(json.dumps(body))


def a_sighting(
    number: int, kind: str, source: int, start_s: int, length_s: int | None, place: int | None
) -> Sighting:
    start = NOW - timedelta(seconds=start_s)
    if kind == "agency":
        length_s = 3_600 if length_s is None else length_s + 1
    end = None if length_s is None else start + timedelta(seconds=length_s)
    if kind == "grid_worker":
        end = start
    position = (
        None if place is None or kind == "agency" else Position(lat=29.3, lon=105.9 + place / 1_000)
    )
    name = f"{kind}:{source}"
    return Sighting(
        f"s{number}", f"r{number}", name, kind, "11A01", (TOWN,), start, end, position=position
    )


SIGHTINGS = st.lists(
    st.tuples(
        st.sampled_from(("sensor", "grid_worker", "agency")),
        st.integers(0, 3),
        st.integers(0, 40).map(lambda step: step * 60),
        st.none() | st.integers(0, 20).map(lambda step: step * 60),
        st.none() | st.integers(0, 4),
    ),
    max_size=14,
)


def plain_windows(
    pool: SourcePool, radius_m: float | None
) -> Iterator[tuple[int, datetime | None, list[Sighting]]]:
    """Weight, `until` and sightings of each satisfying window, by a search of all of them."""
    members = [member for member in pool.ordered if member.sighting.counts_at(NOW)]
    spots = {m.sighting.position for m in members if m.sighting.position} if radius_m else set()
    places: list[Position | None] = [*sorted(spots, key=lambda spot: (spot.lat, spot.lon))]
    places = places or [None]
    for spot in places:
        group = [
            member
            for member in members
            if spot is None
            or member.sighting.position is None
            or metres(spot, member.sighting.position) <= (radius_m or 0)
        ]
        for high in sorted({member.sighting.start for member in group}):
            inside = [
                member
                for member in group
                if member.sighting.start <= high and (member.sighting.end or high) >= high - SPAN
            ]
            best: defaultdict[str, int] = defaultdict(int)
            classes: defaultdict[str, frozenset[int]] = defaultdict(frozenset)
            for member in inside:
                source = member.sighting.source
                best[source] = max(best[source], member.weight)
                classes[source] |= member.classes
            weight = sum(best.values())
            satisfied = weight >= pool.rule.need * MILLION
            if not satisfied or count_classes(Counter(classes.values()), 8) < pool.rule.kinds:
                continue
            warnings = [m.sighting.end for m in inside if m.sighting.is_from_agency]
            ends = [member.sighting.end for member in inside]
            until: datetime | None = None
            if warnings:
                until = min(end for end in warnings if end)
            elif None not in ends:
                until = max(end for end in ends if end) + SPAN
            if until is None or until > NOW:
                yield weight, until, [member.sighting for member in inside]


@given(
    SIGHTINGS,
    st.sampled_from((0.25, 0.5, 1.0, 1.5)),
    st.integers(1, 3),
    st.sampled_from((None, 50.0, 150.0, 5_000.0)),
)
def test_the_result_is_that_of_a_plain_search(
    drawn: list[tuple[str, int, int, int | None, int | None]],
    need: float,
    kinds: int,
    radius_m: float | None,
) -> None:
    sightings = [a_sighting(number, *parts) for number, parts in enumerate(drawn)]
    pool = SourcePool(a_rule(need, kinds, radius_m), sightings)
    windows = list(plain_windows(pool, radius_m))
    evaluation = evaluate_corroboration(pool, TOWN, NOW)
    if not windows:
        assert evaluation.result is None
        return
    assert evaluation.result is not None
    weight, _, inside = max(windows, key=lambda window: window[0])
    assert evaluation.result.value == weight / MILLION
    assert set(evaluation.result.references) == {sighting.record_id for sighting in inside}
    untils = [until for _, until, _ in windows]
    assert evaluation.expires_at == (None if None in untils else max(u for u in untils if u))


def test_a_rule_that_each_sighting_meets_costs_no_minute() -> None:
    """400 sightings at 267 places, each near all others: a plain search takes half a minute."""
    sightings = [
        a_sighting(n, "sensor", n, n * 7, None if n % 2 else 60, None if n % 3 == 0 else n % 267)
        for n in range(400)
    ]
    pool = SourcePool(a_rule(0.5, 1, 100_000), sightings)
    began = time.process_time()
    result = evaluate_corroboration(pool, TOWN, NOW).result
    assert result is not None
    assert result.value > 100
    assert time.process_time() - began < 6
