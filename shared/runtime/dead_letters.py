"""Dead letters 死信: produced and confirmed before the offset moves.

A dead letter holds the reason, the original bytes and their place. Its id follows from service,
topic, partition and offset, so a record refused twice (after a crash) is one dead letter of the
service. A header that is no text has replacement characters. A field that is too long for a letter
is cut, and the letter says so.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from aiokafka import ConsumerRecord

from shared.contracts.dead_letter import Cut, DeadLetter
from shared.contracts.fields import cleaned
from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import TOPICS
from shared.runtime.clock import Clock
from shared.runtime.decoding import MAX_VALUE_BYTES
from shared.runtime.errors import Reject
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord, encode
from shared.runtime.publisher import Publisher

log = structlog.get_logger("fenghuo.dead_letters")

_KEY_BYTES = 4_096
_HEADERS = 64
_HEADER_CHARS = 200


MOST_BUG_LETTERS = 30
"""The most dead letters per minute that name a bug of ours (Reason.HANDLER_ERROR).

A bad version must not drain a topic into the dead letters. A refusal that a sender can cause does
not count: a flood of bad records must not stop the reader.
"""


class BugLetterLimit:
    """Counts the letters that name a bug, minute by minute, for a service without a database."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._count = 0

    def note(self, bugs: int, now: datetime) -> bool:
        """Note letters; return whether this minute has more than the limit."""
        if self._since is None or now - self._since >= timedelta(minutes=1):
            self._since, self._count = now, 0
        self._count += bugs
        return self._count > MOST_BUG_LETTERS


class DeadLetters:
    """Writes refused records to `<topic>.dlq`, same partition, and waits for Kafka."""

    def __init__(
        self, service: str, publisher: Publisher, metrics: RuntimeMetrics, clock: Clock
    ) -> None:
        self._service = service
        self._publisher = publisher
        self._metrics = metrics
        self._clock = clock
        self._limit = BugLetterLimit()

    async def send(self, refused: Sequence[tuple[ConsumerRecord, Reject]]) -> None:
        """Publish all and wait for Kafka; raises Transient when Kafka does not confirm them."""
        if not refused:
            return
        await self._publisher.send([self._letter(record, reject) for record, reject in refused])
        for record, reject in refused:
            self._metrics.dead_letters.labels(record.topic, reject.reason).inc()
        record, reject = refused[0]
        log.warning(
            "dead_letters",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=reject.reason,
            detail=reject.detail,
            count=len(refused),
        )

    def note_bugs(self, bugs: int, /) -> bool:
        """Note stored letters that name a bug; return whether this minute has too many of them."""
        return self._limit.note(bugs, self._clock.now())

    def _letter(self, record: ConsumerRecord, reject: Reject) -> OutboundRecord:
        letter = letter_of(record, reject, self._service, self._clock.now())
        key = None if record.key is None else record.key[:_KEY_BYTES]
        return OutboundRecord(TOPICS[record.topic].dlq, key, encode(letter), record.partition)


def letter_of(record: ConsumerRecord, reject: Reject, service: str, now: datetime) -> DeadLetter:
    """Return the letter of a refused record; it fits its topic whatever the record is."""
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
        reason=reject.reason,
        detail=cleaned(reject.detail)[:1000],
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
