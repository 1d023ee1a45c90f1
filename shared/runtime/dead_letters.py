"""Dead letters 死信: produced and awaited before the offset moves; a flood of them stops the process.

A dead letter carries the reason, the original bytes and where they lay; its id follows from service,
topic, partition and offset, so a record refused twice (after a crash) is one dead letter of the service.
Only headers that are text survive as text; others are kept with replacement characters. What is too long
for a letter is cut, and the letter says so.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Sequence
from datetime import datetime

import structlog
from aiokafka import ConsumerRecord

from shared.contracts.dead_letter import Cut, DeadLetter
from shared.contracts.fields import cleaned
from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import TOPICS
from shared.runtime.clock import Clock
from shared.runtime.decoding import MAX_VALUE_BYTES
from shared.runtime.errors import Reject, die
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.publisher import Outgoing, Publisher, encode

log = structlog.get_logger("fenghuo.dead_letters")

_KEY_BYTES = 4_096
_HEADERS = 64
_HEADER_CHARS = 200


class DeadLetterLimit:
    """Stops a bad deploy from draining a topic into the dead letters (arroyo's DlqLimit).

    More than `share` of the last `window` records tripped over a bug of ours = stop. Refusals that a
    sender can bring about do not count: whoever floods a topic must not stop its reader.
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
        """Note a batch whose offset and letters are stored; `bad` of its records tripped over a bug
        (Reason.HANDLER_ERROR). Ends the process when nearly every record does."""
        if self._limit.note(seen, bad):
            die("nearly every record trips over a bug: wrong version deployed?")

    def _letter(self, record: ConsumerRecord, why: Reject) -> Outgoing:
        letter = letter_of(record, why, self._service, self._clock.now())
        key = None if record.key is None else record.key[:_KEY_BYTES]
        return Outgoing(TOPICS[record.topic].dlq, key, encode(letter), record.partition)


def letter_of(record: ConsumerRecord, why: Reject, service: str, now: datetime) -> DeadLetter:
    """The letter of a refused record: whatever the record is, the letter fits its topic."""
    headers = [
        (cleaned(str(name)), (value or b"").decode("utf-8", "replace").replace("\x00", "\ufffd"))
        for name, value in record.headers[:_HEADERS]
    ]
    longer: dict[Cut, bool] = {
        "key": len(record.key or b"") > _KEY_BYTES,
        "value": len(record.value or b"") > MAX_VALUE_BYTES,
        "headers": len(record.headers) > _HEADERS
        or any(max(map(len, pair)) > _HEADER_CHARS for pair in headers),
    }
    return DeadLetter(
        id=dead_letter_id(service, record.topic, record.partition, record.offset),
        reason=why.reason,
        detail=cleaned(why.detail)[:1000],
        service=service,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key_b64=_b64(record.key, _KEY_BYTES),
        value_b64=_b64(record.value, MAX_VALUE_BYTES),
        headers=tuple((name[:_HEADER_CHARS], text[:_HEADER_CHARS]) for name, text in headers),
        cut=tuple(name for name, cut in longer.items() if cut),
        refused_at=now,
    )


def _b64(raw: bytes | None, limit: int) -> str | None:
    return None if raw is None else base64.b64encode(raw[:limit]).decode()
