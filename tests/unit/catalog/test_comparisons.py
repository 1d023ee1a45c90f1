"""The topic and the ledger: what set-up wrote is adopted, a person's decision is restated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.catalog.core.adoption import PATIENCE_S, Comparison, compare
from services.catalog.core.topic_rows import TopicRows
from services.catalog.core.versions import EntryVersion
from shared.contracts.catalog import CatalogEntry
from tests.unit.catalog.builders import T0, a_record, a_sensor, a_version

OLD, NEW = a_record(a_sensor(name="旧")), a_record(a_sensor(name="新"), T0 + timedelta(hours=1))
REPEATED = OLD.model_copy(update={"sent_at": T0 + timedelta(hours=2)})
SET_UP = EntryVersion(1, OLD, by_set_up=True)
PERSON = replace(SET_UP, by_set_up=False)
RETIRED = replace(PERSON, version=2, retired=True)
EQUAL, ADOPT, RESTATE, WAIT = Comparison


@pytest.mark.parametrize(
    ("record", "newest", "differs_for_s", "result"),
    [
        (None, None, 0, EQUAL),
        (OLD, None, 0, ADOPT),
        (OLD, SET_UP, 0, EQUAL),
        (OLD, PERSON, PATIENCE_S, EQUAL),
        (REPEATED, SET_UP, 0, EQUAL),
        (NEW, SET_UP, 0, ADOPT),
        (NEW, PERSON, 0, RESTATE),
        (OLD, EntryVersion(2, NEW, by_set_up=True), 0, WAIT),
        (OLD, EntryVersion(2, NEW), PATIENCE_S - 1, WAIT),
        (OLD, EntryVersion(2, NEW), PATIENCE_S, RESTATE),
        (None, SET_UP, 0, WAIT),
        (None, PERSON, PATIENCE_S, RESTATE),
        (None, RETIRED, PATIENCE_S, EQUAL),
        (OLD, RETIRED, 0, WAIT),
        (OLD, RETIRED, PATIENCE_S, RESTATE),
        (REPEATED, RETIRED, 0, RESTATE),
        (NEW, RETIRED, 0, RESTATE),
    ],
)
def test_a_key_is_compared(
    record: CatalogEntry | None,
    newest: EntryVersion | None,
    differs_for_s: float,
    result: Comparison,
) -> None:
    assert compare(record, newest, differs_for_s) is result


def test_rows_are_due_in_the_order_of_reading_and_the_newest_of_a_key_counts() -> None:
    rows = TopicRows()
    for number in range(5):
        rows.put(a_record(a_sensor(f"s-{number}")))
    rows.put(a_record(a_sensor("s-1", name="新名")))
    rows.remove("sensor:s-2")
    first = rows.due(3, now=0)
    assert list(first) == ["sensor:s-0", "sensor:s-1", "sensor:s-2"]
    assert first["sensor:s-1"].record == a_record(a_sensor("s-1", name="新名"))
    assert first["sensor:s-2"].record is None
    for key, row in first.items():
        rows.settle(key, row)
    assert list(rows.due(3, now=0)) == ["sensor:s-3", "sensor:s-4"]


def test_a_row_that_came_during_the_comparison_is_compared_next() -> None:
    rows = TopicRows()
    rows.put(OLD)
    ((key, row),) = rows.due(9, now=0).items()
    rows.put(NEW)
    rows.settle(key, row)
    assert rows.records() == {key: NEW}
    rows.postpone(key, row, now=0)
    assert rows.due(9, now=0)[key].record == NEW


def test_a_row_that_differs_is_due_later_and_remembers_since_when() -> None:
    rows = TopicRows()
    rows.put(OLD)
    ((key, row),) = rows.due(9, now=100).items()
    assert row.differs_for(100) == 0
    rows.postpone(key, row, now=100)
    assert rows.due(9, now=101) == {}
    ((_, later),) = rows.due(9, now=110).items()
    assert later.differs_for(110) == 10
    rows.postpone(key, later, now=110)
    ((_, last),) = rows.due(9, now=140).items()
    assert last.differs_for(140) == 40
    rows.settle(key, last)
    assert rows.due(9, now=999) == {} == rows.records()


def test_an_adopted_version_stays_one_of_set_up() -> None:
    assert a_version(a_sensor()).by_set_up
