"""Which document holds for a unit at a moment: the nearest unit's, the last in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.limits import LimitsDocument
from shared.contracts.units import lineage
from shared.domain.limits.book import LimitBook, limits_key
from tests.support.limits import a_document

CITY, DISTRICT, TOWN = "500000000000", "500118000000", "500118118000"
VILLAGE, OTHER_TOWN, GRID = "500118118200", "500118119000", "500118118200/grid/001"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def name_of(book: LimitBook, unit: str, now: datetime = NOW) -> str | None:
    document = book.at(now).of_unit("assignments", unit)
    return None if document is None else limits_key(document)


def test_the_document_of_the_nearest_unit_holds() -> None:
    book = LimitBook(
        [
            a_document(limits_id="all"),
            a_document(limits_id="district", unit=DISTRICT),
            a_document(limits_id="town", unit=TOWN),
        ]
    )
    answers = {unit: name_of(book, unit) for unit in (CITY, DISTRICT, OTHER_TOWN, TOWN, GRID)}
    assert answers == {
        CITY: "all:1",
        DISTRICT: "district:1",
        OTHER_TOWN: "district:1",
        TOWN: "town:1",
        GRID: "town:1",
    }


def test_without_a_document_above_it_a_unit_has_none() -> None:
    book = LimitBook([a_document(unit=DISTRICT)])
    assert name_of(book, CITY) is None
    assert book.at(NOW).everywhere("assignments") is None
    assert name_of(LimitBook(), TOWN) is None


def test_a_version_holds_from_its_moment_to_the_next_one() -> None:
    book = LimitBook(
        [
            a_document(limits_id="a"),
            a_document(limits_id="a", version=2, in_force_from=NOW),
            a_document(limits_id="a", version=3, in_force_from=NOW + HOUR, enabled=False),
        ]
    )
    moments = [NOW - HOUR, NOW - timedelta.resolution, NOW, NOW + HOUR]
    assert [name_of(book, TOWN, at) for at in moments] == ["a:1", "a:1", "a:2", None]


def test_of_two_documents_of_a_unit_the_later_one_holds() -> None:
    book = LimitBook(
        [
            a_document(limits_id="b", in_force_from=NOW - HOUR),
            a_document(limits_id="a", in_force_from=NOW),
        ]
    )
    assert name_of(book, TOWN, NOW - timedelta.resolution) == "b:1"
    assert name_of(book, TOWN, NOW) == "a:1"


def test_a_version_that_is_put_or_dropped_counts_at_once() -> None:
    book = LimitBook([a_document(limits_id="a")])
    assert name_of(book, TOWN) == "a:1"
    book.put(a_document(limits_id="a", version=2))
    assert name_of(book, TOWN) == "a:2"
    assert book.drop("a:2")
    assert not book.drop("a:2")
    assert name_of(book, TOWN) == "a:1"


@pytest.mark.parametrize("key", ["", "a", "a:9", "b:1"])
def test_a_key_that_nobody_knows_removes_nothing(key: str) -> None:
    book = LimitBook([a_document(limits_id="a")])
    assert not book.drop(key)
    assert len(book) == 1


documents = st.lists(
    st.builds(
        lambda name, version, unit, hours, enabled: a_document(
            limits_id=name,
            version=version,
            unit=unit,
            in_force_from=NOW + hours * HOUR,
            enabled=enabled,
        ),
        st.sampled_from("abc"),
        st.integers(1, 3),
        st.sampled_from([None, CITY, DISTRICT, TOWN, VILLAGE]),
        st.integers(-3, 3),
        st.booleans(),
    ),
    max_size=8,
    unique_by=limits_key,
)


@given(documents, st.sampled_from([CITY, TOWN, GRID]), st.lists(st.integers(-4, 4), max_size=6))
def test_answers_are_those_of_a_search_of_all_documents(
    given_documents: list[LimitsDocument], unit: str, hours: list[int]
) -> None:
    book = LimitBook(given_documents)
    for hour in hours:
        now = NOW + hour * HOUR
        assert book.at(now).of_unit("assignments", unit) == searched(given_documents, unit, now)


def searched(given_documents: list[LimitsDocument], unit: str, now: datetime) -> object:
    """The same by looking at every document for every unit above."""
    current = [document for document in given_documents if document.in_force_from <= now]
    newest = [
        document
        for document in current
        if document.enabled
        and not any(
            later.limits_id == document.limits_id and later.version > document.version
            for later in current
        )
    ]
    for name in (*lineage(unit), None):
        own = [document for document in newest if document.unit == name]
        if own:
            return max(own, key=lambda document: (document.in_force_from, document.limits_id))
    return None
