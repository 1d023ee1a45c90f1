"""The evidence of rules over several sources: loaded by ranges of places."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import asyncpg

from services.alerting.core.multi_source.engine import MultiSourceEngine
from services.alerting.core.multi_source.evidence_query import EvidenceQuery, RangeKey
from services.alerting.core.multi_source.external_warnings import sighting_of_warning
from services.alerting.store.evidence_rows import sighting_from_report_row, snapshot_from_row
from services.alerting.store.warnings import warning_from_row
from shared.contracts.fields import Status
from shared.contracts.reports import ReportKind
from shared.runtime.database import Transaction

_ACTIVE_BY_PLACE = (
    "SELECT a.* FROM (SELECT DISTINCT * FROM "
    "unnest($1::text[], $2::text[], $3::text[], $4::text[])) "
    "AS w (status, name, low, high) JOIN alerting.alert_alarm AS a ON a.status = w.status "
    "AND a.{column} = w.name AND a.place >= w.low AND a.place < w.high AND a.cleared_at IS NULL"
)
_CLEARED_BY_PLACE = (
    "SELECT a.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) "
    "AS w (status, name, low, high, since) JOIN alerting.alert_alarm AS a ON a.status = w.status "
    "AND a.{column} = w.name AND a.cleared_at >= w.since AND a.place >= w.low AND a.place < w.high"
)
_BY_SITE = (
    "SELECT a.* FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) "
    "AS w (status, name, site, since) JOIN alerting.alert_alarm AS a ON a.status = w.status "
    "AND a.rule_id = w.name AND a.site_key = w.site AND "
)
_REPORTS = (
    "SELECT r.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) "
    "AS w (status, name, low, high, since) JOIN alerting.alert_report AS r ON r.status = w.status "
    "AND r.event_type = w.name AND r.observed_at >= w.since "
    "AND r.place >= w.low AND r.place < w.high "
    "AND r.kind <> $6 AND NOT r.repeats_known AND r.warning_id IS NULL "
    "ORDER BY r.report_id"
)
_WARNINGS = (
    "SELECT v.* FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS w (status, name, since) "
    "JOIN alerting.warning AS v ON v.status = w.status AND v.event_type = w.name "
    "AND v.ends_at >= w.since AND NOT v.withdrawn ORDER BY v.warning_id"
)


async def load_evidence(
    transaction: Transaction, engine: MultiSourceEngine, query: EvidenceQuery
) -> None:
    """Add the evidence of the query to the engine; alarms that are loaded already stay."""
    for row in sorted(await _alarm_rows(transaction, query), key=itemgetter("alarm_id")):
        if row["alarm_id"] not in engine.evidence.alarms:
            engine.evidence.update_alarm(snapshot_from_row(row))
    if not query.sightings:
        return
    fetch = transaction.connection.fetch
    columns, since = _columns(query.sightings, 4), list(query.sightings.values())
    for row in await fetch(_REPORTS, *columns, since, ReportKind.FINAL):
        engine.evidence.update_sighting(Status(row["status"]), sighting_from_report_row(row))
    for row in await fetch(_WARNINGS, columns[0], columns[1], since):
        sighting = sighting_of_warning(warning_from_row(row))
        if sighting is not None:
            engine.evidence.update_sighting(Status(row["status"]), sighting)


async def _alarm_rows(transaction: Transaction, query: EvidenceQuery) -> list[asyncpg.Record]:
    fetch = transaction.connection.fetch
    rows: list[asyncpg.Record] = []
    for column, ranges in (("rule_id", query.alarms), ("event_type", query.sightings)):
        if ranges:
            rows += await fetch(_ACTIVE_BY_PLACE.format(column=column), *_columns(ranges, 4))
        recent = {key: since for key, since in ranges.items() if since is not None}
        if recent:
            statement = _CLEARED_BY_PLACE.format(column=column)
            rows += await fetch(statement, *_columns(recent, 4), list(recent.values()))
    if query.sites:
        values = (*_columns(query.sites, 3), list(query.sites.values()))
        rows += await fetch(_BY_SITE + "a.cleared_at IS NULL", *values)
        if any(query.sites.values()):
            rows += await fetch(_BY_SITE + "a.cleared_at >= w.since", *values)
    return rows


def _columns(ranges: dict[RangeKey, Any], width: int) -> list[list[str]]:
    return [[key[position] for key in ranges] for position in range(width)]
