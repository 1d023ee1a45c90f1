"""Evaluation of units: times become figures; a group is the sum of its units."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.features.cases.evaluation import (
    COUNTS,
    SPANS,
    evaluate,
    group_view,
    unit_figures,
)
from tests.support.console_events import NOW, VILLAGE, ZHUTUO

UNITS = {"500118000000": "district", ZHUTUO: "town", VILLAGE: "village", "500118118202": "village"}


def a_row(**more: Any) -> dict[str, Any]:
    return {
        "thread": "cmd-1",
        "unit": ZHUTUO,
        "tier": "town",
        "state": "delivered",
        "issued_at": NOW,
        "delivered_at": NOW,
        "signed_at": None,
        "reported_at": None,
        "late": False,
        "returned": 0,
        "reassigned": 0,
        "suspended": 0,
        "attempts": 1,
        "overdue": 0,
        "escalations": 0,
        "pages": 0,
        "answered": 0,
        "answer_s": None,
        **more,
    }


def at(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (a_row(), {"assignments": 1, "signed": 0, "sign_s": None, "late": 0, "deliver_s": 0}),
        (a_row(signed_at=at(42.5)), {"signed": 1, "sign_s": 42.5, "finished": 0}),
        (a_row(delivered_at=at(2), signed_at=at(5)), {"deliver_s": 2, "sign_s": 3}),
        (a_row(reported_at=at(600)), {"finished": 1, "finish_s": 600}),
        (a_row(late=True), {"late": 1}),
        (a_row(overdue=2), {"late": 1}),
        (a_row(attempts=3), {"sent_back": 2}),
        (a_row(issued_at=None), {"deliver_s": None}),
        (a_row(state=None, delivered_at=None), {"assignments": 0, "sent_back": 0, "sign_s": None}),
        (a_row(pages=3, answered=1, answer_s=7.0), {"pages": 3, "answered": 1, "answer_s": 7.0}),
    ],
)
def test_a_unit(row: dict[str, Any], expected: dict[str, Any]) -> None:
    result = unit_figures(row)
    assert {name: getattr(result, name) for name in expected} == expected


def test_the_slowest_is_named_and_what_did_not_come_counts_in_no_median() -> None:
    rows = [
        a_row(unit=unit, tier=tier, signed_at=None if seconds is None else at(seconds))
        for (unit, tier), seconds in zip(UNITS.items(), (1, 3, 100, None), strict=True)
    ]
    span = evaluate(map(unit_figures, rows)).total.spans["sign_s"]
    assert (span.measured, span.median_s, span.slowest_s) == (3, 3, 100)
    assert (span.slowest_unit, span.p90_s) == (VILLAGE, 100)


def test_nobody_is_nothing() -> None:
    result = evaluate([])
    assert (result.total.units, result.by_tier, result.units) == (0, {}, ())
    assert group_view(result.total)["sign_s"]["median_s"] is None


moments = st.none() | st.integers(0, 10_000).map(at)
rows = st.builds(
    lambda unit, **more: a_row(unit=unit, tier=UNITS[unit], **more),
    unit=st.sampled_from(sorted(UNITS)),
    thread=st.sampled_from(["cmd-1", "cmd-2"]),
    delivered_at=moments,
    signed_at=moments,
    reported_at=moments,
    late=st.booleans(),
    state=st.sampled_from([None, "delivered", "done"]),
    **{
        name: st.integers(0, 9)
        for name in ("returned", "reassigned", "suspended", "overdue", "escalations", "pages")
    },
    attempts=st.integers(1, 5),
)


@given(st.lists(rows, max_size=30, unique_by=lambda row: (row["thread"], row["unit"])))
def test_the_whole_is_the_sum_of_its_units_and_of_its_tiers(records: list[dict[str, Any]]) -> None:
    result = evaluate(map(unit_figures, records))
    for name in COUNTS:
        total = sum(getattr(unit, name) for unit in result.units)
        assert result.total.counts[name] == total
        assert sum(tier.counts[name] for tier in result.by_tier.values()) == total
    assert sum(tier.units for tier in result.by_tier.values()) == result.total.units
    for name in SPANS:
        values = [item for unit in result.units if (item := getattr(unit, name)) is not None]
        span = result.total.spans[name]
        assert span.measured == len(values)
        assert span.measured == sum(tier.spans[name].measured for tier in result.by_tier.values())
        if values:
            assert span.median_s == median(values)
            assert (
                span.slowest_s
                == max(values)
                == max(
                    slowest
                    for tier in result.by_tier.values()
                    if (slowest := tier.spans[name].slowest_s) is not None
                )
            )


@given(st.permutations([a_row(unit=unit, tier=tier) for unit, tier in UNITS.items()]))
def test_the_order_of_rows_does_not_matter(records: list[dict[str, Any]]) -> None:
    assert evaluate(map(unit_figures, records)) == evaluate(
        map(unit_figures, sorted(records, key=lambda row: str(row["unit"])))
    )
