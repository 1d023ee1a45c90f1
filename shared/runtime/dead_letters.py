"""Dead letters 死信: produced and confirmed before the offset moves; a flood of them stops the
process.

A dead letter holds the reason, the original bytes and their place. Its id follows from service,
topic, partition and offset, so a record refused twice (after a crash) is one dead letter of the
service. A header that is no text has replacement characters. A field that is too long for a letter
is cut, and the letter says so.
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
from shared.runtime.errors import Reject, exit_process
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord, encode
from shared.runtime.publisher import Publisher

log = structlog.get_logger("fenghuo.dead_letters")

_KEY_BYTES = 4_096
_HEADERS = 64
_HEADER_CHARS = 200


class DeadLetterLimit:
    """Stops a bad deploy from draining a topic into the dead letters.

    The limit is passed when more than `share` of the last `window` records met a bug of ours. A
    refusal that a sender can cause does not count: a flood of bad records must not stop the reader.
    """

    def __init__(self, window: int = 20_000, share: float = 0.9) -> None:
        self._batches: deque[tuple[int, int]] = deque()
        self._window = window
        self._share = share
        self._records = 0
        self._bugs = 0

    def note(self, records: int, bugs: int) -> bool:
        """Note a batch; return whether the limit is passed."""
        self._batches.append((records, bugs))
        self._records += records
        self._bugs += bugs
        while self._batches and self._records - self._batches[0][0] >= self._window:
            old_records, old_bugs = self._batches.popleft()
            self._records -= old_records
            self._bugs -= old_bugs
        return self._records >= self._window and self._bugs > self._share * self._records


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

    def account(self, records: int, bugs: int, /) -> None:
        """Note a batch whose offset and letters are stored; `bugs` of its records met a bug of
        ours.

        Those are the records of Reason.HANDLER_ERROR. Ends the process when nearly every record is
        one.
        """
        if self._limit.note(records, bugs):
            exit_process("nearly every record trips over a bug: wrong version deployed?")

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
