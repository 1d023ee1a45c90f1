"""Urgent records go before earlier ones, and the order of every key stays that of its partition."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.backlog import Backlog

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True)
class Fetched:
    """The fields of a record that the backlog reads."""

    partition: int
    offset: int
    key: bytes | None = None
    value: bytes | None = b"blue"
    topic: str = "alarms"

    @property
    def place(self) -> Place:
        return self.partition, self.offset


def empty_backlog() -> Backlog:
    return Backlog(lambda record: record.value == b"red")


def test_one_red_behind_thousands_of_blue_goes_first_and_alone() -> None:
    backlog = empty_backlog()
    for partition in range(4):
        backlog.add([Fetched(partition, n, b"%d" % n) for n in range(2_000)])
    red = Fetched(2, 2_000, b"new", b"red")
    backlog.add([red])
    assert backlog.prioritise(500) == [red]
    assert backlog.prioritise(500) == [], "it is returned once"
    assert len(backlog) == 8_001, "its turn still comes"


def test_earlier_records_of_its_key_go_with_it_in_order() -> None:
    backlog = empty_backlog()
    backlog.add([Fetched(0, n, b"a" if n % 2 else b"b") for n in range(6)])
    backlog.add([Fetched(0, 6, b"a", b"red"), Fetched(0, 7, b"a")])
    assert [record.offset for record in backlog.prioritise(500)] == [1, 3, 5, 6]


def test_a_long_history_of_its_key_is_divided() -> None:
    backlog = empty_backlog()
    backlog.add([*(Fetched(0, n, b"a") for n in range(7)), Fetched(0, 7, b"a", b"red")])
    parts = [[record.offset for record in backlog.prioritise(3)] for _ in range(4)]
    assert parts == [[0, 1, 2], [3, 4, 5], [6, 7], []]


def test_every_partition_has_its_share_of_a_batch() -> None:
    backlog = empty_backlog()
    for partition, count in enumerate((900, 2, 900)):
        backlog.add([Fetched(partition, n) for n in range(count)])
    removed = backlog.remove(100)
    shares = [sum(record.partition == n for record in removed) for n in range(3)]
    assert shares == [49, 2, 49]


def test_a_discarded_record_is_urgent_again_when_it_is_fetched_again() -> None:
    backlog = empty_backlog()
    red = Fetched(0, 0, b"a", b"red")
    backlog.add([red, Fetched(1, 0, b"b")])
    assert backlog.prioritise(9) == [red]
    backlog.discard([TopicPartition("alarms", 0), TopicPartition("alarms", 7)])
    assert (len(backlog), backlog.size) == (1, 4)
    backlog.add([red])
    assert backlog.prioritise(9) == [red]
    backlog.discard()
    assert (len(backlog), backlog.size) == (0, 0)


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("add"),
            st.integers(0, 2),
            st.sampled_from([b"a", b"b", b"c", None]),
            st.booleans(),
        ),
        st.tuples(st.just("prioritise"), st.integers(1, 4)),
        st.tuples(st.just("remove"), st.integers(1, 5)),
    ),
    max_size=60,
)


@given(steps)
def test_each_record_is_removed_once_in_order_and_every_key_keeps_its_order(
    story: list[tuple[object, ...]],
) -> None:
    backlog = empty_backlog()
    ends: dict[int, int] = defaultdict(int)
    fetched: list[Fetched] = []
    removed: list[Fetched] = []
    handled: list[Fetched] = []

    def remove(limit: int) -> None:
        result = backlog.remove(limit)
        assert len(result) == min(limit, len(fetched) - len(removed))
        removed.extend(result)
        handled.extend(record for record in result if record not in handled)

    for step in story:
        match step:
            case ("add", int(partition), key, bool(urgent)):
                assert key is None or isinstance(key, bytes)
                value = b"red" if urgent else b"blue"
                fetched.append(Fetched(partition, ends[partition], key, value))
                ends[partition] += 1
                backlog.add(fetched[-1:])
            case ("prioritise", int(limit)):
                prioritised = backlog.prioritise(limit)
                assert not set(prioritised) & set(handled), "no record goes before its turn twice"
                handled.extend(prioritised)
            case ("remove", int(limit)):
                remove(limit)
    remove(len(fetched))
    assert (len(backlog), backlog.size) == (0, 0)
    assert sorted(record.place for record in handled) == sorted(record.place for record in fetched)
    by_partition: dict[int, list[int]] = defaultdict(list)
    for record in removed:
        by_partition[record.partition].append(record.offset)
    assert all(
        offsets == list(range(ends[partition])) for partition, offsets in by_partition.items()
    )
    by_key: dict[tuple[int, bytes | None], list[int]] = defaultdict(list)
    for record in handled:
        by_key[record.partition, record.key].append(record.offset)
    assert all(offsets == sorted(offsets) for offsets in by_key.values())
