"""The newest dead letters with the acts on them, read from Kafka on demand.

No table grows with refusals. A search reads the newest letters of each partition, at most
MOST_LETTERS in all, one search at a time and without a consumer group; the answer says how many
older ones were not read. A body is kept in its first characters only.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.console.features.letters.letter_window import LetterExcerpt, LetterWindow
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.topics import TOPICS
from shared.domain.letters.selection import bytes_of, sender_of
from shared.runtime.errors import Transient
from shared.runtime.fetching.consumer import read_to
from shared.runtime.letter_log import decode_letter, letter_reader, read_history

MOST_LETTERS = 5_000
_LEAST_OF_A_PARTITION = 20
_MOST_BODY_BYTES = 2_000
_BATCH = 200
_TIMEOUT_S = 12.0


class LetterSource(Protocol):
    """A source of dead letters."""

    async def look(self) -> LetterWindow:
        """Return the newest letters. Raises Transient."""
        ...


class KafkaLetterSource:
    """Reads the topics of dead letters."""

    def __init__(self, bootstrap: str, most_letters: int = MOST_LETTERS) -> None:
        self._bootstrap = bootstrap
        self._most = most_letters
        self._turn = asyncio.Lock()

    async def look(self) -> LetterWindow:
        """Return the newest letters of all topics."""
        try:
            async with (
                asyncio.timeout(_TIMEOUT_S),
                self._turn,
                letter_reader(self._bootstrap) as consumer,
            ):
                history = await read_history(consumer)
                letters, unread = await self._newest(consumer)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Transient(f"the dead letters cannot be had: {error}") from error
        return LetterWindow(letters, history, unread)

    async def _newest(self, consumer: AIOKafkaConsumer) -> tuple[list[LetterExcerpt], int]:
        partitions = [
            TopicPartition(spec.dlq, number)
            for spec in TOPICS.values()
            if spec.dead_letters
            for number in range(spec.partitions)
        ]
        consumer.assign(partitions)
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        filled = {tp: end for tp, end in ends.items() if end > begins[tp]}
        share = max(_LEAST_OF_A_PARTITION, self._most // max(1, len(filled)))
        unread = 0
        consumer.assign(list(filled))
        for tp, end in filled.items():
            begin = max(begins[tp], end - share)
            unread += begin - begins[tp]
            consumer.seek(tp, begin)
        letters: list[LetterExcerpt] = []
        async for fetched in read_to(consumer, filled, max_records=_BATCH):
            for tp, records in fetched.items():
                for record in records:
                    letter = decode_letter(record.value, tp.topic, tp.partition)
                    if letter is not None:
                        letters.append(_without_body(letter))
            await asyncio.sleep(0)  # the live screens come first
        return letters, unread


def _without_body(letter: DeadLetter) -> LetterExcerpt:
    """Return a letter whose body is cut to what a screen shows: letters may have a megabyte."""
    body = bytes_of(letter.value_b64)
    return LetterExcerpt(
        letter.model_copy(update={"value_b64": None}),
        sender_of(letter),
        (body or b"")[:_MOST_BODY_BYTES],
        None if body is None else len(body),
    )
