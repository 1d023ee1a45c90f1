"""The rows of an outbox: their lock, their records, their deletion, their quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition

from shared.runtime.database import Transaction
from shared.runtime.outbound_records import OutboundRecord

_LOCK_ID = 0x0F
"""The first key of the advisory lock; the second is the hash of a name."""
COLUMNS = "seq, topic, part, key, value"
"""The columns of a row to be sent."""


async def lock(transaction: Transaction, name: str) -> bool:
    """Lock the rows for one relay; return False while another relay has them.

    The statement fails where rows cannot be deleted: they would be published again and again.
    """
    locked = await transaction.connection.fetchval(
        f"WITH trial AS (DELETE FROM {transaction.schema}.outbox WHERE false) "  # noqa: S608
        "SELECT pg_try_advisory_xact_lock($1, hashtext($2))",
        _LOCK_ID,
        name,
    )
    return bool(locked)


def partition_of_row(row: Any) -> TopicPartition:
    """Return the partition that the record of a row goes to."""
    return TopicPartition(row["topic"], row["part"])


def outbound(row: Any) -> OutboundRecord:
    """Return the record of a row; a row without a value is a tombstone."""
    return OutboundRecord(row["topic"], row["key"].encode(), row["value"], row["part"])


async def delete_rows(transaction: Transaction, rows: Sequence[Any]) -> None:
    """Delete rows that Kafka has."""
    if rows:
        await transaction.connection.execute(
            f"DELETE FROM {transaction.schema}.outbox WHERE seq = ANY($1::bigint[])",  # noqa: S608
            [row["seq"] for row in rows],
        )


async def quarantine_row(transaction: Transaction, row: Any, error: str) -> None:
    """Set aside a row that Kafka never takes; a person has to look at it."""
    await transaction.connection.execute(
        f"UPDATE {transaction.schema}.outbox "  # noqa: S608
        "SET quarantined_at = now(), error = $2 WHERE seq = $1",
        row["seq"],
        error[:1_000],
    )


async def count_rows(transaction: Transaction) -> tuple[int, float, int]:
    """Return the number of waiting rows, the age of the oldest in seconds, and the quarantined."""
    [row] = await transaction.connection.fetch(
        "SELECT count(*) FILTER (WHERE quarantined_at IS NULL) AS waiting, "  # noqa: S608
        "coalesce(extract(epoch FROM now() - min(created_at) "
        "FILTER (WHERE quarantined_at IS NULL)), 0) AS oldest_s, "
        f"count(quarantined_at) AS quarantined FROM {transaction.schema}.outbox"
    )
    return int(row["waiting"]), float(row["oldest_s"]), int(row["quarantined"])
