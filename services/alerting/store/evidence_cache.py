"""The evidence of open alerts between transactions: in a storm, most of what a batch would read.

The cache is exact without any notification. An entry is valid for one state of its alert's row,
which is named by the transaction that wrote the row (`xmin`) and by the version. Whoever changes
the evidence of an open alert writes its row as well. So after a change by another process, or after
a transaction of this process that was rolled back, the entry matches no row and the evidence is
read again.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping

import asyncpg

from services.alerting.core.alerts.alert import AlarmEvidence, Alert, ReportEvidence
from services.alerting.store.evidence_rows import (
    EVIDENCE,
    alarm_evidence_from_row,
    report_evidence_from_row,
)
from shared.runtime.database import Transaction

RowStamp = tuple[int, int]
"""The transaction that wrote an alert's row, and the alert's version."""
AlertEvidence = tuple[tuple[AlarmEvidence, ...], tuple[ReportEvidence, ...]]
"""Alarms and reports, each in the order in which they were recorded."""
_CAPACITY = 200_000


class EvidenceCache:
    """Evidence by alert id, with at most `capacity` alarms and reports.

    The entries that were not used for the longest time are deleted first.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, tuple[RowStamp, AlertEvidence]] = OrderedDict()
        self._size = 0

    async def load(
        self, transaction: Transaction, stamps: Mapping[str, RowStamp]
    ) -> dict[str, AlertEvidence]:
        """Return the evidence of these alerts, whose rows are locked and have these stamps."""
        cached = {alert_id: self.get(alert_id, stamp) for alert_id, stamp in stamps.items()}
        to_read = [alert_id for alert_id, evidence in cached.items() if evidence is None]
        alarms = await _rows_by_alert(transaction, "alert_alarm", to_read, EVIDENCE)
        reports = await _rows_by_alert(transaction, "alert_report", to_read)
        return {
            alert_id: evidence
            if evidence is not None
            else (
                tuple(map(alarm_evidence_from_row, alarms.get(alert_id, ()))),
                tuple(map(report_evidence_from_row, reports.get(alert_id, ()))),
            )
            for alert_id, evidence in cached.items()
        }

    def get(self, alert_id: str, stamp: RowStamp) -> AlertEvidence | None:
        """Return the evidence of an alert whose row has this stamp; None: it has to be read."""
        entry = self._entries.get(alert_id)
        if entry is None or entry[0] != stamp:
            return None
        self._entries.move_to_end(alert_id)
        return entry[1]

    def put(self, alert: Alert, written_by: int) -> None:
        """Store the evidence of an alert whose row the transaction `written_by` has written.

        An alert with evidence of another origin is left out: retention may change the origin of
        such evidence without writing the row.
        """
        self._remove(alert.alert_id)
        evidence = alert.alarms, alert.reports
        if not alert.is_open_or_merged or any(
            item.origin_alert_id != alert.alert_id for part in evidence for item in part
        ):
            return
        self._entries[alert.alert_id] = (written_by, alert.version), evidence
        self._size += _size_of(evidence)
        while self._size > self._capacity:
            self._remove(next(iter(self._entries)))

    def _remove(self, alert_id: str) -> None:
        entry = self._entries.pop(alert_id, None)
        if entry is not None:
            self._size -= _size_of(entry[1])


def _size_of(evidence: AlertEvidence) -> int:
    return 1 + sum(map(len, evidence))


async def _rows_by_alert(
    transaction: Transaction, table: str, alert_ids: list[str], columns: tuple[str, ...] = ("*",)
) -> dict[str, list[asyncpg.Record]]:
    """Return rows of a table by alert id, in the order in which they were recorded."""
    by_alert: dict[str, list[asyncpg.Record]] = defaultdict(list)
    if alert_ids:
        for row in await transaction.connection.fetch(
            f"SELECT {', '.join(columns)} FROM alerting.{table} "  # noqa: S608
            "WHERE alert_id = ANY($1::text[]) ORDER BY recorded_seq",
            alert_ids,
        ):
            by_alert[row["alert_id"]].append(row)
    return by_alert
