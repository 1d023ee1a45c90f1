"""The acceptance of reports."""

from __future__ import annotations

from datetime import datetime

from services.ingest.core.bodies.parsing import parse
from services.ingest.core.bodies.schemas import ReportBody
from services.ingest.core.refusals import RequestRefused
from services.ingest.core.source_ids import id_prefix
from services.ingest.core.times import time_problems
from shared.contracts.reports import Report
from shared.contracts.units import tier_of


def accept_report(body: bytes, source: str, now: datetime) -> Report:
    """Return the report in the body of a request. Raises RequestRefused."""
    report_body = parse(ReportBody, body)
    if problems := time_problems(report_body.occurred_at, now):
        raise RequestRefused(problems)
    fields = dict(report_body)
    fields["id"] = id_prefix(source) + report_body.id
    return Report(
        **fields,
        sent_at=now,
        origin_unit=report_body.place,
        tier=tier_of(report_body.place),
        areas=(report_body.place,),
        trace_id=fields["id"],
    )
