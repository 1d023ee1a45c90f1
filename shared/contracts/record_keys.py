"""The key that a message has on its compacted topic: the newest record of a key is the entry.

A record with another key would replace another entry, and its own would stay as it was: readers
refuse it. The fields of a key are those that the table of topics names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.contracts.catalog import catalog_key
from shared.contracts.topics import CATALOG, TOPICS, TopicSpec


def _key_reader(spec: TopicSpec) -> Callable[[Any], str]:
    if spec.name == CATALOG.name:  # its key names the entry inside the message
        return lambda message: catalog_key(message.entry)
    fields = spec.key.split(":")
    return lambda message: ":".join(str(getattr(message, field)) for field in fields)


RECORD_KEYS: dict[str, Callable[[Any], str]] = {
    spec.name: _key_reader(spec)
    for spec in TOPICS.values()
    if spec.cleanup == "compact" and spec.contract is not None
}
"""The key of a message by the name of its topic; a topic of cleanup `delete` compares none."""
