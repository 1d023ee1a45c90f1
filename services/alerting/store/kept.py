"""The evidence of open alerts as a transaction left it: in a storm, most of what a batch would read.

Exact without being told of anything. An entry holds for one state of its alert's row, named by the
transaction that wrote the row (`xmin`) and by the version. Whoever changes the evidence of an open alert
writes its row as well, so after another process's change, or a transaction of our own that was rolled
back, the entry fits no row and the evidence is read again.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping

import asyncpg

from services.alerting import rows
from services.alerting.core.alert import Alarm, Alert, ReportSeen
from shared.runtime.database import Transaction

Stamp = tuple[int, int]
"""The transaction that wrote an alert's row, and the alert's version."""
Evidence = tuple[tuple[Alarm, ...], tuple[ReportSeen, ...]]
"""In the order in which it was recorded."""
_MOST = 200_000


class Kept:
    """Evidence by alert; what was used longest ago is forgotten above `most` alarms and reports."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._found: OrderedDict[str, tuple[Stamp, Evidence]] = OrderedDict()
        self._size = 0

    async def load(self, work: Transaction, stamps: Mapping[str, Stamp]) -> dict[str, Evidence]:
        """The evidence of these alerts, whose rows are locked and were written like this."""
        results = {one: self.find(one, stamp) for one, stamp in stamps.items()}
        missing = [result for result, evidence in results.items() if evidence is None]
        alarms = await _of(work, "alert_alarm", missing, rows.EVIDENCE)
        reports = await _of(work, "alert_report", missing)
        return {
            result: evidence
            if evidence is not None
            else (
                tuple(map(rows.alarm_of, alarms.get(result, ()))),
                tuple(map(rows.report_seen_of, reports.get(result, ()))),
            )
            for result, evidence in results.items()
        }

    def find(self, alert_id: str, stamp: Stamp) -> Evidence | None:
        """The evidence of an alert whose row was written like this, if it is known."""
        known = self._found.get(alert_id)
        if known is None or known[0] != stamp:
            return None
        self._found.move_to_end(alert_id)
        return known[1]

    def keep(self, alert: Alert, written_by: int) -> None:
        """Remember the evidence of an alert whose row that transaction has written.

        What was merged into it is left out: retention may give such evidence another home without
        writing the row.
        """
        self._forget(alert.alert_id)
        evidence = alert.alarms, alert.reports
        if not alert.open_or_merged or any(
            one.home != alert.alert_id for part in evidence for one in part
        ):
            return
        self._found[alert.alert_id] = (written_by, alert.version), evidence
        self._size += _size(evidence)
        while self._size > self._most:
            self._forget(next(iter(self._found)))

    def _forget(self, alert_id: str) -> None:
        known = self._found.pop(alert_id, None)
        if known is not None:
            self._size -= _size(known[1])


def _size(evidence: Evidence) -> int:
    return 1 + sum(map(len, evidence))


async def _of(
    work: Transaction, table: str, alert_ids: list[str], columns: tuple[str, ...] = ("*",)
) -> dict[str, list[asyncpg.Record]]:
    """Rows of a table by alert, in the order in which they were recorded."""
    by_alert: dict[str, list[asyncpg.Record]] = defaultdict(list)
    if alert_ids:
        for row in await work.connection.fetch(
            f"SELECT {', '.join(columns)} FROM alerting.{table} WHERE alert_id = ANY($1::text[]) "  # noqa: S608
            "ORDER BY recorded_seq",
            alert_ids,
        ):
            by_alert[row["alert_id"]].append(row)
    return by_alert
