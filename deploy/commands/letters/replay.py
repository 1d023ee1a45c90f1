"""The replay of refused records with unchanged id, key and bytes, or with a corrected body.

First the act is written, then the records, then the act with the new offsets. A run that ends in
between leaves a replay that has begun; the next run sends the records a second time, and readers
drop repeats by id.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from deploy.commands.letters.acts import LetterWriter, Operator
from deploy.commands.letters.originals import is_of, newest_offsets, read_originals
from shared.contracts.dead_letter import REPLAY_HEADER, DeadLetter
from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.contracts.topics import LETTER_ACTS, TopicSpec
from shared.domain.letters.history import REPLAYABLE, LetterHistory, PlaceHistory
from shared.domain.letters.places import place_of
from shared.domain.letters.selection import bytes_of
from shared.runtime.clock import Clock
from shared.runtime.decoding import decode
from shared.runtime.outbound_records import Headers, OutboundRecord, partition_of, size_of


class ReplayOutcome(StrEnum):
    """The outcome for one letter; a closed set, with words in `words.py`."""

    SENT = "sent"
    SET_ASIDE = "set_aside"
    DONE_BEFORE = "done_before"
    """The record was replayed or set aside before, or has a second letter in this run."""
    EXPIRED = "expired"
    """The topic has no such record any more."""
    FORGED = "forged"
    """The record at the place has other bytes than the letter."""
    SUPERSEDED = "superseded"
    """The compacted topic has a newer record of the key."""
    INCOMPLETE = "incomplete"
    """The letter holds only a part of the record."""
    EMPTY = "empty"
    """The record has no body: only a corrected body can be replayed."""
    TOO_LARGE = "too_large"


@dataclass(slots=True)
class LetterWork:
    """Replays letters, or sets them aside, batch by batch. `from_letters`: a record that its topic
    has no more is replayed from its letter's bytes.

    `rate`: the most records of a second. Methods raise KafkaError and TimeoutError.
    """

    reader: AIOKafkaConsumer
    writer: LetterWriter
    history: LetterHistory
    operator: Operator
    clock: Clock
    rate: float = 500.0
    from_letters: bool = False
    acts: TopicSpec = LETTER_ACTS
    counts: Counter[ReplayOutcome] = field(default_factory=Counter)

    async def replay(self, spec: TopicSpec, letters: Sequence[DeadLetter]) -> None:
        """Replay the records of these letters, which are of one partition."""
        began_at = time.monotonic()
        pending = self._pending(letters)
        if not pending:
            return
        records = await self._records(spec, pending)
        groups: defaultdict[int, list[tuple[int, OutboundRecord]]] = defaultdict(list)
        for offset, record in records.items():
            if size_of(record) > spec.max_bytes:
                self.counts[ReplayOutcome.TOO_LARGE] += 1
            else:
                groups[record.partition or 0].append((offset, record))
        source = letters[0].partition
        for partition, group in groups.items():
            offsets = [offset for offset, _ in group]
            await self._write(LetterVerb.REPLAY, spec, source, offsets)
            places = await self.writer.send([record for _, record in group])
            await self._write(
                LetterVerb.SENT,
                spec,
                source,
                offsets,
                to_partition=partition,
                to_offsets=tuple(offset for _, offset in places),
            )
            self.counts[ReplayOutcome.SENT] += len(group)
        spent_s = time.monotonic() - began_at
        await asyncio.sleep(max(0.0, len(records) / self.rate - spent_s))

    async def set_aside(self, spec: TopicSpec, letters: Sequence[DeadLetter]) -> None:
        """Note that the records of these letters, of one partition, are not to be replayed."""
        pending = self._pending(letters)
        if pending:
            await self._write(LetterVerb.SET_ASIDE, spec, letters[0].partition, list(pending))
            self.counts[ReplayOutcome.SET_ASIDE] += len(pending)

    def _pending(self, letters: Sequence[DeadLetter]) -> dict[int, DeadLetter]:
        """Return a letter of each record that can still be acted on, by offset."""
        pending: dict[int, DeadLetter] = {}
        for letter in letters:
            if letter.offset in pending or self.history.state(place_of(letter)) not in REPLAYABLE:
                self.counts[ReplayOutcome.DONE_BEFORE] += 1
            else:
                pending[letter.offset] = letter
        return pending

    async def _records(
        self, spec: TopicSpec, pending: Mapping[int, DeadLetter]
    ) -> dict[int, OutboundRecord]:
        """Return the records to send, by the offset of the refused record."""
        partition = next(iter(pending.values())).partition
        originals = await read_originals(self.reader, spec, partition, list(pending))
        newest: dict[bytes | None, int] = {}
        if spec.cleanup == "compact":
            newest = await newest_offsets(self.reader, spec, partition, min(pending))
        records: dict[int, OutboundRecord] = {}
        for offset, letter in pending.items():
            history = self.history.of(place_of(letter))
            outcome = await self._record(spec, letter, originals.get(offset), history)
            if isinstance(outcome, ReplayOutcome):
                self.counts[outcome] += 1
            elif newest.get(outcome.key, offset) > offset:
                self.counts[ReplayOutcome.SUPERSEDED] += 1
            else:
                records[offset] = outcome
        return records

    async def _record(
        self,
        spec: TopicSpec,
        letter: DeadLetter,
        original: ConsumerRecord | None,
        history: PlaceHistory | None,
    ) -> OutboundRecord | ReplayOutcome:
        if history is not None and history.fix_offset is not None:
            act = await self._act(history.fix_offset)
            key, value = bytes_of(act.key_b64), bytes_of(act.value_b64) or b""
            return _outbound(spec, letter, key, value, _headers(letter))
        if original is not None:
            if not is_of(letter, original):
                return ReplayOutcome.FORGED
            if original.value is None:
                return ReplayOutcome.EMPTY
            headers = tuple((name, content or b"") for name, content in original.headers)
            return _outbound(spec, letter, original.key, original.value, headers)
        if not self.from_letters:
            return ReplayOutcome.EXPIRED
        key, copy = bytes_of(letter.key_b64), bytes_of(letter.value_b64)
        if {"key", "value"} & set(letter.cut):
            return ReplayOutcome.INCOMPLETE
        if copy is None:
            return ReplayOutcome.EMPTY
        return _outbound(spec, letter, key, copy, _headers(letter))

    async def _act(self, offset: int) -> LetterAct:
        records = await read_originals(self.reader, self.acts, 0, [offset])
        act: LetterAct = decode(self.acts, records[offset])
        return act

    async def _write(
        self,
        verb: LetterVerb,
        spec: TopicSpec,
        partition: int,
        offsets: Sequence[int],
        *,
        to_partition: int | None = None,
        to_offsets: tuple[int, ...] = (),
    ) -> None:
        act = self.operator.act(
            verb,
            spec.name,
            partition,
            offsets,
            self.clock.now(),
            to_partition=to_partition,
            to_offsets=to_offsets,
        )
        self.history.note(act, await self.writer.write(act))


def _headers(letter: DeadLetter) -> Headers:
    return tuple((name, text.encode()) for name, text in letter.headers)


def _outbound(
    spec: TopicSpec, letter: DeadLetter, key: bytes | None, value: bytes, headers: Headers
) -> OutboundRecord:
    """Return the record for the partition of its key, with the place of the refused record."""
    partition = letter.partition if key is None else partition_of(key, spec.partitions)
    place = f"{letter.partition}@{letter.offset}".encode()
    named = tuple(pair for pair in headers if pair[0] != REPLAY_HEADER)
    return OutboundRecord(spec.name, key, value, partition, (*named, (REPLAY_HEADER, place)))
