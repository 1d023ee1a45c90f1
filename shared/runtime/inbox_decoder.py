"""Decoding of the records of a transaction, in turns with other tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import ConsumerRecord

from shared.contracts.topics import TOPICS
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import (
    DecodedRecord,
    FastDecoder,
    PriorityRule,
    body_digest,
)
from shared.runtime.loop_priority import LoopPriority

RefusedRecords = list[tuple[ConsumerRecord, Reject]]
_DECODED_AT_ONCE = 50
"""Records decoded before other tasks have a turn: half a millisecond."""


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """The records of one transaction: those that could be decoded, and the refused ones."""

    records: Sequence[ConsumerRecord]
    decoded: Sequence[DecodedRecord]
    refused: RefusedRecords


class BatchDecoder:
    """Decodes records by the contracts of their topics; `fast_decoders` are by topic name."""

    def __init__(
        self,
        loop_priority: LoopPriority,
        priority: PriorityRule | None,
        fast_decoders: Mapping[str, FastDecoder],
    ) -> None:
        self._loop_priority = loop_priority
        self._priority = priority
        self._fast_decoders = fast_decoders

    def is_urgent(self, record: ConsumerRecord) -> bool:
        """Return whether the priority rule applies to a record."""
        rule, value = self._priority, record.value
        if rule is None or value is None or not any(marker in value for marker in rule.markers):
            return False
        try:
            return rule.applies(decode(TOPICS[record.topic], record))
        except Reject:
            return False

    async def decode_batch(self, records: Sequence[ConsumerRecord]) -> DecodedBatch:
        """Decode records; other tasks have a turn in between, since this needs nothing but time."""
        decoded: list[DecodedRecord] = []
        refused: RefusedRecords = []
        for number, record in enumerate(records, 1):
            fast_decoder = self._fast_decoders.get(record.topic)
            message = fast_decoder(record.value) if fast_decoder and record.value else None
            try:
                if message is None:
                    message = decode(TOPICS[record.topic], record)
                decoded.append(DecodedRecord(record, message, body_digest(record.value)))
            except Reject as reject:
                refused.append((record, reject))
            if number % _DECODED_AT_ONCE == 0:
                await self._loop_priority.wait_until_free()
        return DecodedBatch(records, decoded, refused)
