"""The warnings of other agencies behind alerts, by the reports of officers."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.record import Json, OutgoingRecord
from services.console.features.agency_warnings.queries import reports_of_warnings
from services.console.features.agency_warnings.views import origin
from services.console.features.reports.views import sees_report
from services.console.store.connections import Connection


async def origins(
    connection: Connection, rows: Sequence[OutgoingRecord], viewer: Viewer
) -> dict[str, Json]:
    """Return the warnings behind these alerts, by alert id, in the form open to the viewer.

    Of several warnings behind an alert, the one that was reported first stands for all. A report
    that is not for the viewer names no warning.
    """
    alert_reports = [report_id for row in rows for report_id in row["report_ids"]]
    reports = await reports_of_warnings(connection, alert_reports)
    visible = {key: row for key, row in reports.items() if sees_report(viewer, row)}
    result: dict[str, Json] = {}
    for row in rows:
        report = next((visible[key] for key in row["report_ids"] if key in visible), None)
        if report is not None:
            is_open = opens(viewer, row["place"], row["data_grade"])
            is_kept = report["warning_id"] is not None
            result[row["alert_id"]] = origin(report if is_open and is_kept else None, viewer)
    return result
