"""The acceptance of reports."""

from __future__ import annotations

from datetime import datetime

from services.ingest.core.bodies.parsing import parse
from services.ingest.core.bodies.schemas import ReportBody
from services.ingest.core.refusals import RequestRefused
from services.ingest.core.source_ids import id_prefix
from services.ingest.core.sources import Source
from services.ingest.core.times import time_problems
from shared.contracts.reports import Report
from shared.contracts.units import tier_of


def accept_report(body: bytes, source: Source, now: datetime) -> Report:
    """Return the report in the body of a request. Raises RequestRefused."""
    report_body = parse(ReportBody, body)
    problems = time_problems(report_body.occurred_at, now)
    problems += source.place_problems("place", [report_body.place])
    if problem := source.grade_problem(report_body.data_grade):
        problems.append(problem)
    record_id = id_prefix(source.id) + report_body.id
    if problems:
        raise RequestRefused(problems, subject_id=record_id)
    fields = dict(report_body)
    fields["id"] = record_id
    fields["data_grade"] = source.grade_of(report_body.data_grade)
    return Report(
        **fields,
        sent_at=now,
        origin_unit=report_body.place,
        tier=tier_of(report_body.place),
        areas=(report_body.place,),
        trace_id=record_id,
    )
