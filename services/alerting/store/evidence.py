"""What rules over several sources look at: locked by region, loaded by what a batch may touch.

Order of locks in every transaction: rules (shared, or alone while one is defined), regions by status
and unit, then alerts by id (store/alerts.py). Timers of episodes lock the same way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import asyncpg

from services.alerting import rows
from services.alerting.core.board import Board
from services.alerting.core.episode import Episode, EpisodeKey, Standing, due_at
from services.alerting.core.rulebook import RuleBook
from services.alerting.core.scopes import Region
from services.alerting.core.wants import Key, Wants
from services.alerting.core.warnings import Warned, sighting_of
from shared.contracts.fields import DataGrade, Level, Status
from shared.contracts.reports import ExternalWarning, ReportKind
from shared.contracts.rules import RuleDefinition
from shared.runtime import timers
from shared.runtime.database import Transaction

EXPIRY = "expiry"
_RULES_LOCK = 0x10
_ON_BY_PLACE = (
    "SELECT a.* FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])) "
    "AS w (status, name, low, high) JOIN alerting.alert_alarm AS a ON a.status = w.status "
    "AND a.{column} = w.name AND a.place >= w.low AND a.place < w.high AND a.cleared_at IS NULL"
)
_OFF_BY_PLACE = (
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
    "AND r.event_type = w.name AND r.heard_at >= w.since AND r.place >= w.low AND r.place < w.high "
    "AND r.kind <> $6 AND NOT r.echo ORDER BY r.report_id"
)
_WARNINGS = (
    "SELECT v.* FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS w (status, name, since) "
    "JOIN alerting.warning AS v ON v.status = w.status AND v.event_type = w.name "
    "AND v.ends_at >= w.since AND NOT v.withdrawn ORDER BY v.warning_id"
)
_EPISODES = (
    "SELECT * FROM alerting.episode WHERE (rule_id, status, region, scope) IN "
    "(SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])) "
    "OR (rule_id, status, region) IN (SELECT * FROM unnest($5::text[], $6::text[], $7::text[])) "
    "OR (expires_at <= $10 AND (status, region) IN (SELECT * FROM unnest($8::text[], $9::text[]))) "
    "ORDER BY rule_id, status, region, scope"
)


async def lock(
    work: Transaction, regions: Iterable[Region], *, defines: bool, above: Iterable[Region] = ()
) -> dict[Region, datetime | None]:
    """Lock these regions and all known ones below `above`; their clocks (None = nothing heard yet).

    `defines`: a rule is about to change; all of its status-wide effects need every region there is.
    """
    function = "pg_advisory_xact_lock" if defines else "pg_advisory_xact_lock_shared"
    await work.connection.execute(f"SELECT {function}($1, 0)", _RULES_LOCK)
    wanted = sorted(regions)
    if wanted:
        await work.connection.execute(
            "INSERT INTO alerting.region (status, unit) SELECT * FROM unnest($1::text[], $2::text[]) "
            "ON CONFLICT DO NOTHING",
            [region.status for region in wanted],
            [region.unit for region in wanted],
        )
    spans = [(region.status, *_below(region.unit)) for region in sorted(above)]
    rows = await work.connection.fetch(
        "SELECT * FROM alerting.region AS r WHERE $3 OR (status, unit) IN "
        "(SELECT * FROM unnest($1::text[], $2::text[])) OR EXISTS (SELECT FROM "
        "unnest($4::text[], $5::text[], $6::text[]) AS a (status, low, high) "
        "WHERE r.status = a.status AND r.unit >= a.low AND r.unit < a.high) "
        "ORDER BY status, unit FOR UPDATE",
        [region.status for region in wanted],
        [region.unit for region in wanted],
        defines,
        *(list(column) for column in zip(*spans, strict=True)) if spans else ([], [], []),
    )
    return {Region(Status(row["status"]), row["unit"]): row["clock"] for row in rows}


async def rulebook(work: Transaction) -> RuleBook:
    """All rules over several sources."""
    rows = await work.connection.fetch("SELECT definition FROM alerting.rule ORDER BY rule_id")
    return RuleBook(_definition(row["definition"]) for row in rows)


@lru_cache(maxsize=1024)
def _definition(text: str) -> RuleDefinition:
    return RuleDefinition.model_validate_json(text)


async def episodes(
    work: Transaction, wants: Wants, regions: Iterable[Region], until: datetime
) -> list[Episode]:
    """The episodes that are wanted, and those that fall due in these regions up to `until`."""
    keys, whole, due = sorted(wants.episodes), sorted(wants.all_episodes), sorted(regions)
    if not (keys or whole or due):
        return []
    rows = await work.connection.fetch(
        _EPISODES,
        [key.rule_id for key in keys],
        [key.region.status for key in keys],
        [key.region.unit for key in keys],
        [key.scope for key in keys],
        [rule_id for rule_id, _ in whole],
        [region.status for _, region in whole],
        [region.unit for _, region in whole],
        [region.status for region in due],
        [region.unit for region in due],
        until,
    )
    return [_episode(row) for row in rows]


async def load(work: Transaction, board: Board, wants: Wants) -> None:
    """Put onto the board what is wanted."""
    fetch = work.connection.fetch
    records: list[asyncpg.Record] = []
    for column, ranges in (("rule_id", wants.alarms), ("event_type", wants.sightings)):
        if ranges:
            records += await fetch(_ON_BY_PLACE.format(column=column), *_columns(ranges, 4))
        recent = {key: since for key, since in ranges.items() if since is not None}
        if recent:
            statement = _OFF_BY_PLACE.format(column=column)
            records += await fetch(statement, *_columns(recent, 4), list(recent.values()))
    if wants.sites:
        values = (*_columns(wants.sites, 3), list(wants.sites.values()))
        records += await fetch(_BY_SITE + "a.cleared_at IS NULL", *values)
        if any(wants.sites.values()):
            records += await fetch(_BY_SITE + "a.cleared_at >= w.since", *values)
    for row in sorted(records, key=itemgetter("alarm_id")):
        if row["alarm_id"] not in board.known.facts:
            board.known.know(rows.fact_of(row))
    if wants.sightings:
        columns, since = _columns(wants.sightings, 4), list(wants.sightings.values())
        for row in await fetch(_REPORTS, *columns, since, ReportKind.FINAL):
            board.known.see(Status(row["status"]), rows.sighting_of_report(row))
        for row in await fetch(_WARNINGS, columns[0], columns[1], since):
            if (sighting := sighting_of(rows.warned_of(row))) is not None:
                board.known.see(Status(row["status"]), sighting)


async def warnings_of(work: Transaction, messages: Iterable[ExternalWarning]) -> list[Warned]:
    """The warnings of these messages' agencies that stand; those that are or follow these, over or not."""
    sources = {message.source_id for message in messages}
    named = {name for message in messages for name in (message.id, *message.references)}
    if not sources:
        return []
    records = await work.connection.fetch(
        "SELECT * FROM alerting.warning WHERE (source_id = ANY($1::text[]) AND NOT withdrawn) "
        "OR warning_id = ANY($2::text[]) ORDER BY warning_id",
        list(sources),
        list(named),
    )
    return [rows.warned_of(row) for row in records]


async def save(
    work: Transaction,
    board: Board,
    stored: dict[EpisodeKey, Episode],
    clocks: dict[Region, datetime | None],
    defined: Iterable[RuleDefinition],
    warnings: Iterable[Warned],
) -> None:
    """Write what has changed: rules, warnings, clocks, episodes, and the timers of episodes."""
    execute = work.connection.executemany
    for statement, waiting in (
        (
            "INSERT INTO alerting.rule VALUES ($1, $2, $3) ON CONFLICT (rule_id) DO UPDATE "
            "SET version = EXCLUDED.version, definition = EXCLUDED.definition",
            [
                (
                    rule_definition.rule_id,
                    rule_definition.version,
                    rule_definition.model_dump_json(exclude_none=True),
                )
                for rule_definition in defined
            ],
        ),
        (
            "INSERT INTO alerting.warning VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
            "ON CONFLICT (warning_id) DO UPDATE SET (status, source_id, cap_identifier, event_type, areas, "
            "heard_at, starts_at, ends_at, withdrawn, data_grade) = (EXCLUDED.status, EXCLUDED.source_id, "
            "EXCLUDED.cap_identifier, EXCLUDED.event_type, EXCLUDED.areas, EXCLUDED.heard_at, "
            "EXCLUDED.starts_at, EXCLUDED.ends_at, EXCLUDED.withdrawn, EXCLUDED.data_grade)",
            [rows.warned_row(warning) for warning in warnings],
        ),
        (
            "UPDATE alerting.region SET clock = $3 WHERE status = $1 AND unit = $2",
            [
                (region.status, region.unit, clock)
                for region, clock in sorted(board.clocks.items())
                if clock != clocks.get(region)
            ],
        ),
        (
            "INSERT INTO alerting.episode VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
            "ON CONFLICT (rule_id, status, region, scope) DO UPDATE SET "
            "alarm_id = EXCLUDED.alarm_id, version = EXCLUDED.version, "
            "rule_version = EXCLUDED.rule_version, is_open = EXCLUDED.is_open, "
            "standing = EXCLUDED.standing, expires_at = EXCLUDED.expires_at",
            [_episode_row(board.episodes[key]) for key in sorted(board.changed)],
        ),
    ):
        if waiting:
            await execute(statement, waiting)
    await _arm(work, board, stored)


async def _arm(work: Transaction, board: Board, stored: dict[EpisodeKey, Episode]) -> None:
    """A timer per episode that time alone may change."""
    armed, ended = [], []
    for key in sorted(board.changed):
        before = stored[key].expires_at if key in stored else None
        after = board.episodes[key].expires_at
        if after is not None and after != before:
            due = due_at(after, board.clocks.get(key.region, after), work.now)
            armed.append((key.text, EXPIRY, 0, due))
        elif after is None and before is not None:
            ended.append(key.text)
    await timers.arm(work, armed, rearm=True)
    await timers.disarm(work, ended)


def _columns(ranges: dict[Key, Any], width: int) -> list[list[str]]:
    return [[key[n] for key in ranges] for n in range(width)]


def _below(unit: str) -> tuple[str, str]:
    low = unit[:2]
    return low, low[:-1] + chr(ord(low[-1]) + 1)


def _episode(row: asyncpg.Record) -> Episode:
    return Episode(
        key=EpisodeKey(row["rule_id"], Region(Status(row["status"]), row["region"]), row["scope"]),
        alarm_id=row["alarm_id"],
        version=row["version"],
        rule_version=row["rule_version"],
        open=row["is_open"],
        standing=None if row["standing"] is None else _standing(json.loads(row["standing"])),
        expires_at=row["expires_at"],
    )


def _standing(values: dict[str, Any]) -> Standing:
    return Standing(
        **{
            **values,
            "level": Level(values["level"]),
            "at": datetime.fromisoformat(values["at"]),
            "references": tuple(values["references"]),
            "grade": DataGrade(values.get("grade", DataGrade.GENERAL)),
        }
    )


def _episode_row(episode: Episode) -> rows.Row:
    key = episode.key
    standing = None
    if episode.standing is not None:
        values = asdict(episode.standing)
        standing = json.dumps({**values, "at": episode.standing.at.isoformat()})
    return (
        *(
            key.rule_id,
            key.region.status,
            key.region.unit,
            key.scope,
            episode.alarm_id,
            episode.version,
        ),
        *(episode.rule_version, episode.open, standing, episode.expires_at),
    )
