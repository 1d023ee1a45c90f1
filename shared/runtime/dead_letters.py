"""Dead letters 死信: produced and awaited before the offset moves; a flood of them stops the process.

A dead letter carries the reason, the original bytes and where they lay; its id follows from topic,
partition and offset, so a record refused twice (after a crash) is one dead letter. Only headers that
are text survive as text; others are kept with replacement characters.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Sequence

import structlog
from aiokafka import ConsumerRecord

from shared.contracts.dead_letter import DeadLetter
from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import TOPICS
from shared.runtime.clock import Clock
from shared.runtime.errors import Reject, die
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Outgoing, Publisher, encode

log = structlog.get_logger("fenghuo.dead_letters")


class DeadLetterLimit:
    """Stops a bad deploy from draining a topic into the dead letters (arroyo's DlqLimit).

    More than `share` of the last `window` records refused = stop. `window` is large enough that a
    burst of broken messages from one source does not stop the rest.
    """

    def __init__(self, window: int = 20_000, share: float = 0.9) -> None:
        self._refused: deque[tuple[int, int]] = deque()
        self._window = window
        self._share = share
        self._seen = 0
        self._bad = 0

    def note(self, seen: int, bad: int) -> bool:
        """Account for a batch; True when the limit is passed."""
        self._refused.append((seen, bad))
        self._seen += seen
        self._bad += bad
        while self._refused and self._seen - self._refused[0][0] >= self._window:
            old_seen, old_bad = self._refused.popleft()
            self._seen -= old_seen
            self._bad -= old_bad
        return self._seen >= self._window and self._bad > self._share * self._seen


class DeadLetters:
    """Writes refused records to `<topic>.dlq`, same partition, and waits for Kafka."""

    def __init__(
        self, service: str, publisher: Publisher, metrics: RuntimeMetrics, clock: Clock
    ) -> None:
        self._service = service
        self._publisher = publisher
        self._metrics = metrics
        self._clock = clock
        self._limit = DeadLetterLimit()

    async def send(self, refused: Sequence[tuple[ConsumerRecord, Reject]]) -> None:
        """Publish and await all; raises Transient when Kafka does not confirm them."""
        if not refused:
            return
        await self._publisher.send([self._letter(record, why) for record, why in refused])
        for record, why in refused:
            self._metrics.dead_letters.labels(record.topic, why.reason).inc()
        record, why = refused[0]
        log.warning(
            "dead_letters",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=why.reason,
            detail=why.detail,
            count=len(refused),
        )

    def account(self, seen: int, bad: int) -> None:
        """Note a finished batch; ends the process when nearly everything is being refused."""
        if self._limit.note(seen, bad):
            die("nearly every record is being refused: wrong version deployed?")

    def _letter(self, record: ConsumerRecord, why: Reject) -> Outgoing:
        letter = DeadLetter(
            id=dead_letter_id(record.topic, record.partition, record.offset),
            reason=why.reason,
            detail=why.detail.replace("\x00", "�"),
            service=self._service,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key_b64=_b64(record.key, 4_096),
            value_b64=_b64(record.value, 1_048_576),
            headers=tuple(
                (str(name)[:200], (value or b"")[:200].decode("utf-8", "replace"))
                for name, value in record.headers[:64]
            ),
            refused_at=self._clock.now(),
        )
        return Outgoing(TOPICS[record.topic].dlq, record.key, encode(letter), record.partition)


def _b64(raw: bytes | None, limit: int) -> str | None:
    return None if raw is None else base64.b64encode(raw[:limit]).decode()
