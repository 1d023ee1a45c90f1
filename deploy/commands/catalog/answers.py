"""The answers to the requests of an import: entries on the topic, tombstones, dead letters.

An entry counts as applied when the topic says of its key what the request asks for, whoever has
made it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.contracts.catalog import Entry
from shared.contracts.catalog_requests import CatalogRequest
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.topics import CATALOG_REQUESTS
from shared.domain.catalog_files.acts import keys_of

OWNER = "catalog"
"""The service that decides on requests; a letter of another reader refuses none."""
Place = tuple[int, int]
"""Partition and offset of a request."""


@dataclass(slots=True)
class Answers:
    """The state of each request that was sent: its open keys, or the letter that refuses it."""

    applied: int = 0
    refused: dict[str, DeadLetter] = field(default_factory=dict)
    _requested: dict[str, Entry | None] = field(default_factory=dict)
    _request_of: dict[str, str] = field(default_factory=dict)
    _open: dict[str, set[str]] = field(default_factory=dict)
    _places: dict[Place, str] = field(default_factory=dict)
    _further: dict[str, Entry | None] = field(default_factory=dict)
    """Records of keys that no request that was sent asks for."""

    def sent(self, request: CatalogRequest, place: Place) -> None:
        """Await the answer to a request that lies at a place of its topic."""
        keys = keys_of(request.act)
        self._requested |= keys
        self._request_of |= dict.fromkeys(keys, request.id)
        self._open[request.id] = set(keys)
        self._places[place] = request.id
        for key in keys.keys() & self._further.keys():
            self.take(key, self._further[key])

    def take(self, key: str, entry: Entry | None) -> None:
        """Apply a record of the ledger, None for a tombstone."""
        if key not in self._requested:
            self._further[key] = entry
        elif self._requested[key] == entry:
            del self._requested[key]
            self._settle(self._request_of.pop(key), key)

    def refuse(self, letter: DeadLetter) -> None:
        """Apply a dead letter; those of further requests and readers are passed over."""
        request_id = self._places.get((letter.partition, letter.offset))
        if request_id is None or letter.topic != CATALOG_REQUESTS.name or letter.service != OWNER:
            return
        self.refused.setdefault(request_id, letter)
        for key in self._open.pop(request_id, ()):
            del self._requested[key]
            del self._request_of[key]

    @property
    def open_requests(self) -> Sequence[str]:
        """The ids of the requests that are not decided yet."""
        return list(self._open)

    @property
    def open_entries(self) -> int:
        """The number of entries whose requests are not decided yet."""
        return len(self._requested)

    def _settle(self, request_id: str, key: str) -> None:
        self.applied += 1
        keys = self._open[request_id]
        keys.discard(key)
        if not keys:
            del self._open[request_id]
