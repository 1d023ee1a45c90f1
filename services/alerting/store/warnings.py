"""Warnings of other agencies as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import asyncpg

from services.alerting.core.multi_source.external_warnings import WarningState
from services.alerting.store.alert_rows import Row
from shared.contracts.fields import DataGrade, Status
from shared.contracts.reports import ExternalWarning
from shared.runtime.database import Transaction

_SAVE = (
    "INSERT INTO alerting.warning VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (warning_id) DO UPDATE SET (status, source_id, cap_identifier, event_type, "
    "areas, observed_at, starts_at, ends_at, withdrawn, data_grade) = (EXCLUDED.status, "
    "EXCLUDED.source_id, EXCLUDED.cap_identifier, EXCLUDED.event_type, EXCLUDED.areas, "
    "EXCLUDED.observed_at, EXCLUDED.starts_at, EXCLUDED.ends_at, EXCLUDED.withdrawn, "
    "EXCLUDED.data_grade)"
)


async def load_warnings(
    transaction: Transaction, messages: Iterable[ExternalWarning]
) -> list[WarningState]:
    """Return the warnings in force of the agencies of these messages, and all that they name.

    A named warning is the message itself, or one of its references, withdrawn or not.
    """
    messages = list(messages)
    if not messages:
        return []
    sources = {message.source_id for message in messages}
    named = {name for message in messages for name in (message.id, *message.references)}
    rows = await transaction.connection.fetch(
        "SELECT * FROM alerting.warning WHERE (source_id = ANY($1::text[]) AND NOT withdrawn) "
        "OR warning_id = ANY($2::text[]) ORDER BY warning_id",
        list(sources),
        list(named),
    )
    return [warning_from_row(row) for row in rows]


async def save_warnings(transaction: Transaction, warnings: Sequence[WarningState]) -> None:
    """Write these warnings."""
    if warnings:
        await transaction.connection.executemany(_SAVE, [_row(warning) for warning in warnings])


def warning_from_row(row: asyncpg.Record) -> WarningState:
    """Return a warning from its row."""
    return WarningState(
        warning_id=row["warning_id"],
        status=Status(row["status"]),
        source_id=row["source_id"],
        cap_identifier=row["cap_identifier"],
        event_type=row["event_type"],
        areas=tuple(row["areas"]),
        observed_at=row["observed_at"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        withdrawn=row["withdrawn"],
        grade=DataGrade(row["data_grade"]),
    )


def _row(warning: WarningState) -> Row:
    """Return the values in the order of the table's columns."""
    return (
        *(warning.warning_id, warning.status, warning.source_id, warning.cap_identifier),
        *(warning.event_type, list(warning.areas), warning.observed_at, warning.starts_at),
        *(warning.ends_at, warning.withdrawn, warning.grade),
    )
