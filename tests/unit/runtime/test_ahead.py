"""What is urgent overtakes what was fetched before it, and the order of every key stays as it was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.ahead import Ahead

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True)
class Fetched:
    """What is looked at of a record."""

    partition: int
    offset: int
    key: bytes | None = None
    value: bytes | None = b"blue"
    topic: str = "alarms"

    @property
    def place(self) -> Place:
        return self.partition, self.offset


def ahead() -> Ahead:
    return Ahead(lambda record: record.value == b"red")


def test_one_red_behind_thousands_of_blue_goes_first_and_alone() -> None:
    waiting = ahead()
    for partition in range(4):
        waiting.put([Fetched(partition, n, b"%d" % n) for n in range(2_000)])
    red = Fetched(2, 2_000, b"new", b"red")
    waiting.put([red])
    assert waiting.overtaking(500) == [red]
    assert waiting.overtaking(500) == [], "it is named once"
    assert len(waiting) == 8_001, "its turn still comes"


def test_what_lies_before_it_under_its_key_comes_along_in_order() -> None:
    waiting = ahead()
    waiting.put([Fetched(0, n, b"a" if n % 2 else b"b") for n in range(6)])
    waiting.put([Fetched(0, 6, b"a", b"red"), Fetched(0, 7, b"a")])
    assert [one.offset for one in waiting.overtaking(500)] == [1, 3, 5, 6]


def test_a_long_history_of_its_key_is_taken_in_parts() -> None:
    waiting = ahead()
    waiting.put([*(Fetched(0, n, b"a") for n in range(7)), Fetched(0, 7, b"a", b"red")])
    parts = [[one.offset for one in waiting.overtaking(3)] for _ in range(4)]
    assert parts == [[0, 1, 2], [3, 4, 5], [6, 7], []]


def test_every_partition_has_its_share_of_a_batch() -> None:
    waiting = ahead()
    for partition, count in enumerate((900, 2, 900)):
        waiting.put([Fetched(partition, n) for n in range(count)])
    taken = waiting.take(100)
    assert [sum(one.partition == n for one in taken) for n in range(3)] == [49, 2, 49]


def test_what_is_forgotten_is_fetched_and_asked_about_again() -> None:
    waiting = ahead()
    red = Fetched(0, 0, b"a", b"red")
    waiting.put([red, Fetched(1, 0, b"b")])
    assert waiting.overtaking(9) == [red]
    waiting.drop([TopicPartition("alarms", 0), TopicPartition("alarms", 7)])
    assert (len(waiting), waiting.size) == (1, 4)
    waiting.put([red])
    assert waiting.overtaking(9) == [red]
    waiting.drop()
    assert (len(waiting), waiting.size) == (0, 0)


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"),
            st.integers(0, 2),
            st.sampled_from([b"a", b"b", b"c", None]),
            st.booleans(),
        ),
        st.tuples(st.just("overtake"), st.integers(1, 4)),
        st.tuples(st.just("take"), st.integers(1, 5)),
    ),
    max_size=60,
)


@given(steps)
def test_all_are_taken_once_in_order_and_no_key_is_turned_round(
    story: list[tuple[object, ...]],
) -> None:
    waiting = ahead()
    ends: dict[int, int] = defaultdict(int)
    fetched: list[Fetched] = []
    fetcheds: list[Fetched] = []
    applied: list[Fetched] = []

    def take(most: int) -> None:
        result = waiting.take(most)
        assert len(result) == min(most, len(fetched) - len(fetcheds))
        fetcheds.extend(result)
        applied.extend(one for one in result if one not in applied)

    for step in story:
        match step:
            case ("put", int(partition), key, bool(urgent)):
                assert key is None or isinstance(key, bytes)
                value = b"red" if urgent else b"blue"
                fetched.append(Fetched(partition, ends[partition], key, value))
                ends[partition] += 1
                waiting.put(fetched[-1:])
            case ("overtake", int(most)):
                outcome = waiting.overtaking(most)
                assert not set(outcome) & set(applied), "nothing goes before its turn twice"
                applied.extend(outcome)
            case ("take", int(most)):
                take(most)
    take(len(fetched))
    assert (len(waiting), waiting.size) == (0, 0)
    assert sorted(fetched.place for fetched in applied) == sorted(one.place for one in fetched)
    by_partition: dict[int, list[int]] = defaultdict(list)
    for one in fetcheds:
        by_partition[one.partition].append(one.offset)
    assert all(found == list(range(ends[part])) for part, found in by_partition.items())
    by_key: dict[tuple[int, bytes | None], list[int]] = defaultdict(list)
    for one in applied:
        by_key[one.partition, one.key].append(one.offset)
    assert all(found == sorted(found) for found in by_key.values())
