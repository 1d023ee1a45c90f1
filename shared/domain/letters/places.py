"""The place of a refused record, and the check that a letter belongs to the topic of letters."""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.topics import TOPICS

_PLACE = re.compile(r"([A-Za-z0-9._-]{1,200})/([0-9]{1,6})@([0-9]{1,18})")


class RefusedPlace(NamedTuple):
    """Topic, partition and offset of a refused record; all its letters share the place."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Return the form in which commands and the trail name a place."""
        return f"{self.topic}/{self.partition}@{self.offset}"


def parse_place(text: str) -> RefusedPlace | None:
    """Return the place that a text such as `alarm.events.v1/3@1418` names."""
    match = _PLACE.fullmatch(text)
    return RefusedPlace(match[1], int(match[2]), int(match[3])) if match else None


def place_of(letter: DeadLetter) -> RefusedPlace:
    """Return the place of the record that a letter is about."""
    return RefusedPlace(letter.topic, letter.partition, letter.offset)


def is_genuine(letter: DeadLetter, topic: str, partition: int) -> bool:
    """Return whether a letter lies where our services write it: beside the refused record."""
    spec = TOPICS.get(letter.topic)
    return spec is not None and (spec.dlq, letter.partition) == (topic, partition)
