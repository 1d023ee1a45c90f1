"""The progress of readers, and up to where the auditor has checked the records themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.conservation.progress import ReaderProgress
from shared.runtime.database import Transaction

_COLUMNS = tuple(field.name for field in fields(ReaderProgress))
_TYPES = ("text", "text", "int", *("bigint",) * (len(_COLUMNS) - 3))


async def load(transaction: Transaction) -> dict[tuple[str, Partition], ReaderProgress]:
    """Return the progress of all readers by service and partition."""
    rows = await transaction.connection.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM audit.reader_progress"  # noqa: S608
    )
    readers = [ReaderProgress(*row.values()) for row in rows]
    return {(reader.service, reader.partition): reader for reader in readers}


async def save(transaction: Transaction, readers: Sequence[ReaderProgress]) -> None:
    """Write the progress of these readers in one statement."""
    if not readers:
        return
    updates = ", ".join(f"{column} = EXCLUDED.{column}" for column in _COLUMNS[4:])
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_TYPES, 1))
    await transaction.connection.execute(
        f"INSERT INTO audit.reader_progress ({', '.join(_COLUMNS)}) "  # noqa: S608
        f"SELECT * FROM unnest({arrays}) "
        f"ON CONFLICT (service, topic, part) DO UPDATE SET {updates}",
        *(list(column) for column in zip(*map(astuple, readers), strict=True)),
    )


async def load_checked_offsets(transaction: Transaction) -> dict[Partition, int]:
    """Return the offset per partition below which the auditor has checked the records."""
    rows = await transaction.connection.fetch(
        "SELECT topic, part, next_offset FROM audit.checked_offset"
    )
    return {(row["topic"], row["part"]): row["next_offset"] for row in rows}


async def save_checked_offsets(
    transaction: Transaction, next_offsets: Mapping[Partition, int]
) -> None:
    """Write the offsets below which the auditor has checked the records."""
    if not next_offsets:
        return
    await transaction.connection.execute(
        "INSERT INTO audit.checked_offset "
        "SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) "
        "ON CONFLICT (topic, part) DO UPDATE SET next_offset = EXCLUDED.next_offset",
        [topic for topic, _ in next_offsets],
        [part for _, part in next_offsets],
        list(next_offsets.values()),
    )
