"""The acceptances of gaps that operators have written; read only while a gap blocks a partition."""

from __future__ import annotations

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts.gaps import GapAcceptance
from shared.contracts.topics import GAP_ACCEPTANCES
from shared.runtime.bounded_waits import stop_client
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject, Transient
from shared.runtime.fetching.consumer import make_reader, read_to

log = structlog.get_logger("fenghuo.gaps")


async def gap_acceptances(bootstrap: str) -> dict[str, GapAcceptance]:
    """Return the acceptances by the id of the gap, of several the last; raises Transient.

    The auditor sends one that cannot be decoded to the dead letters.
    """
    accepted: dict[str, GapAcceptance] = {}
    refused: list[str] = []
    place = TopicPartition(GAP_ACCEPTANCES.name, 0)
    consumer = make_reader(bootstrap)
    try:
        await consumer.start()
        consumer.assign([place])
        ends = await consumer.end_offsets([place])
        await consumer.seek_to_beginning(place)
        async for fetched in read_to(consumer, ends, max_records=1_000):
            for record in fetched.get(place, ()):
                try:
                    acceptance = decode(GAP_ACCEPTANCES, record)
                except Reject as reject:
                    refused.append(f"{record.offset}: {reject}")
                else:
                    accepted[acceptance.gap_id] = acceptance
    except (KafkaError, TimeoutError) as error:
        raise Transient(f"the acceptances of gaps cannot be read: {error!r}") from error
    finally:
        await stop_client(consumer)
    if refused:
        log.warning("acceptances_refused", count=len(refused), last=refused[-1])
    return accepted
