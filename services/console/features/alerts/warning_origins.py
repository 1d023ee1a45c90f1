"""The warnings of other agencies behind alerts, by the reports of officers."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.record import Json, OutgoingRecord
from services.console.features.agency_warnings.queries import warnings_of_reports
from services.console.features.agency_warnings.views import origin
from services.console.store.connections import Connection


async def origins(
    connection: Connection, rows: Sequence[OutgoingRecord], viewer: Viewer
) -> dict[str, Json]:
    """Return the warnings behind these alerts, by alert id, in the form open to the viewer.

    Of several warnings behind an alert, the one that was reported first stands for all.
    """
    behind = await warnings_of_reports(
        connection, [id_ for row in rows for id_ in row["report_ids"]]
    )
    result: dict[str, Json] = {}
    for row in rows:
        report_id = next((id_ for id_ in row["report_ids"] if id_ in behind), None)
        if report_id is not None:
            is_open = opens(viewer, row["place"], row["data_grade"])
            result[row["alert_id"]] = origin(behind[report_id] if is_open else None, viewer)
    return result
