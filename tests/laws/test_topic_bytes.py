"""All topics together fit on their volume, so that readings never take the room of alerts."""

from __future__ import annotations

import pytest

from deploy.local.errors import StackError
from deploy.local.topic_bytes import (
    DEFAULT_GIB,
    LETTERS,
    LETTERS_OF_READINGS,
    PLANNED,
    letters_bytes,
    stated_volume,
    topic_bytes,
)
from deploy.local.topics import planned_topics
from shared.contracts.topics import READINGS, TOPICS

VOLUMES = (DEFAULT_GIB, 100, 500, 4_000)


def test_the_shares_of_all_topics_fit_and_readings_have_the_largest() -> None:
    shares = {spec.name: spec.share for spec in TOPICS.values()}
    assert LETTERS + LETTERS_OF_READINGS + sum(shares.values()) <= PLANNED < 900
    assert max(shares, key=lambda name: shares[name]) == READINGS.name
    assert 2 * READINGS.share > sum(shares.values())


@pytest.mark.parametrize("volume_gib", VOLUMES)
def test_a_volume_holds_the_most_of_every_partition(volume_gib: int) -> None:
    most = sum(
        spec.partitions * topic_bytes(spec, volume_gib).most
        + (spec.partitions * letters_bytes(spec, volume_gib).most if spec.dead_letters else 0)
        for spec in TOPICS.values()
    )
    assert most <= volume_gib * (1 << 30) * PLANNED // 1_000


def test_refused_readings_push_out_no_letter_before_people_have_looked() -> None:
    """Of 5,000 a second, each a letter of 1,200 bytes, the last five minutes are always there."""
    flood_bytes = 5_000 * 1_200 * 300
    assert READINGS.partitions * letters_bytes(READINGS, 100).retention > flood_bytes
    # The letters of a topic have the room of some of the largest.
    for spec in TOPICS.values():
        if spec.dead_letters:
            assert letters_bytes(spec).retention >= 3 * spec.dlq_max_bytes, spec.name


@pytest.mark.parametrize("volume_gib", VOLUMES)
def test_every_topic_and_its_letters_are_bounded_in_bytes(volume_gib: int) -> None:
    for topic in planned_topics(volume_gib=volume_gib):
        configs = {
            name: int(configs)
            for name, configs in topic.topic_configs.items()
            if name.endswith(".bytes")
        }
        assert configs["segment.bytes"] > configs["max.message.bytes"], topic.name
        if topic.topic_configs["cleanup.policy"] == "delete":
            assert configs["retention.bytes"] >= configs["segment.bytes"], topic.name
        else:
            # A table has a record per key; it is compacted in small segments.
            assert configs["segment.bytes"] <= 16 << 20, topic.name


def test_a_volume_that_is_too_small_or_no_number_is_refused() -> None:
    with pytest.raises(StackError, match="too small"):
        planned_topics(volume_gib=2)
    assert stated_volume({}) == DEFAULT_GIB
    assert stated_volume({"FENGHUO_KAFKA_VOLUME_GIB": "100"}) == 100
    for text in ("0", "1e3", "-5", "much"):
        with pytest.raises(StackError, match="FENGHUO_KAFKA_VOLUME_GIB"):
            stated_volume({"FENGHUO_KAFKA_VOLUME_GIB": text})
