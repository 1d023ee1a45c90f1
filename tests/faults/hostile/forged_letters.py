"""Classes of records on topics of dead letters that no service has written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from shared.contracts.topics import TOPICS
from tests.faults.hostile.records import GOLDEN, HostileRecord

Json = dict[str, Any]

LETTERS: dict[str, Callable[[Random, Json], Json]] = {
    "huge_partition": lambda _, letter: {**letter, "partition": 1 << 40},
    "huge_offset": lambda _, letter: {**letter, "offset": 10**30},
    "negative_place": lambda _, letter: {**letter, "partition": -1, "offset": -1},
    "nul_texts": lambda _, letter: {**letter, "service": "a\x00", "detail": "\x00"},
    "foreign_service": lambda _, letter: {**letter, "service": "'; DROP TABLE audit.trail; --"},
    "first_year": lambda _, letter: {**letter, "refused_at": "0001-01-01T00:00:00+14:00"},
    "last_year": lambda _, letter: {**letter, "refused_at": "9999-12-31T23:59:59-12:00"},
    "foreign_topic": lambda _, letter: {**letter, "topic": "no.such.topic.v1"},
    "letter_of_a_letter": lambda _, letter: {**letter, "topic": f"{letter['topic']}.dlq"},
    "unknown_reason": lambda _, letter: {**letter, "reason": "\u202e"},
    "false_base64": lambda _, letter: {**letter, "value_b64": "=A=", "key_b64": "*"},
    "large_copy": lambda _, letter: {**letter, "value_b64": "A" * 1_400_000},
    "same_id": lambda _, letter: letter,
    "no_letter": lambda chance, _: {"noise": chance.randbytes(30).hex()},
}
"""Changes of a good letter."""


def classes() -> list[str]:
    """Return the names of all classes of forged letters."""
    return [f"letter:{name}" for name in LETTERS]


def forged_letters(chance: Random) -> Iterator[HostileRecord]:
    """Yield every class for every topic that has dead letters."""
    golden = json.loads((GOLDEN / "letters" / "not_json.json").read_text(encoding="utf-8"))
    for spec in TOPICS.values():
        if not spec.dead_letters:
            continue
        good = {**golden, "topic": spec.name, "partition": chance.randrange(spec.partitions)}
        for name, change in LETTERS.items():
            value = json.dumps(change(chance, good)).encode()
            yield HostileRecord(f"letter:{name}", spec.dlq, b"k", value, traced=False)
