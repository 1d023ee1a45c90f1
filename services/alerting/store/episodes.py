"""Episodes of rules over several sources as rows, and their timers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg

from services.alerting.core.alarms.scopes import Region
from services.alerting.core.multi_source.engine import MultiSourceEngine
from services.alerting.core.multi_source.episode import (
    EpisodeKey,
    RuleEpisode,
    RuleResult,
    expiry_due_at,
)
from services.alerting.core.multi_source.evidence_query import EvidenceQuery
from services.alerting.store.alert_rows import Row
from shared.contracts.fields import DataGrade, Level, Status
from shared.runtime import timers
from shared.runtime.database import Transaction

_FALLING = "falling"
"""The name of `RuleEpisode.falling` in the stored result; a row without it has none."""
EXPIRY = "expiry"
"""Kind of the timer of an episode; the subject is the text of its key."""
_LOAD = (
    "SELECT * FROM alerting.episode WHERE (rule_id, status, region, scope) IN "
    "(SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])) "
    "OR (rule_id, status, region) IN (SELECT * FROM unnest($5::text[], $6::text[], $7::text[])) "
    "OR (expires_at <= $10 AND (status, region) IN (SELECT * FROM unnest($8::text[], $9::text[]))) "
    "ORDER BY rule_id, status, region, scope"
)
_SAVE = (
    "INSERT INTO alerting.episode VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (rule_id, status, region, scope) DO UPDATE SET "
    "alarm_id = EXCLUDED.alarm_id, version = EXCLUDED.version, "
    "rule_version = EXCLUDED.rule_version, is_open = EXCLUDED.is_open, "
    "result = EXCLUDED.result, expires_at = EXCLUDED.expires_at"
)


async def load_episodes(
    transaction: Transaction, query: EvidenceQuery, regions: Iterable[Region], until: datetime
) -> list[RuleEpisode]:
    """Return the episodes of the query, and those of `regions` that expire up to `until`."""
    keys = sorted(query.episodes)
    of_rules, with_expiry = sorted(query.all_episodes), sorted(regions)
    if not (keys or of_rules or with_expiry):
        return []
    rows = await transaction.connection.fetch(
        _LOAD,
        [key.rule_id for key in keys],
        [key.region.status for key in keys],
        [key.region.unit for key in keys],
        [key.scope for key in keys],
        [rule_id for rule_id, _ in of_rules],
        [region.status for _, region in of_rules],
        [region.unit for _, region in of_rules],
        [region.status for region in with_expiry],
        [region.unit for region in with_expiry],
        until,
    )
    return [_episode_from_row(row) for row in rows]


async def save_episodes(
    transaction: Transaction, engine: MultiSourceEngine, stored: Mapping[EpisodeKey, RuleEpisode]
) -> None:
    """Write the changed episodes, and arm a timer for each that time alone may change.

    `stored` are the episodes as they were loaded.
    """
    keys = sorted(engine.changed_keys)
    if keys:
        rows = [_row(engine.episodes[key]) for key in keys]
        await transaction.connection.executemany(_SAVE, rows)
    armed, ended = [], []
    for key in keys:
        previous = stored[key].expires_at if key in stored else None
        expires_at = engine.episodes[key].expires_at
        if expires_at is not None and expires_at != previous:
            clock = engine.clocks.get(key.region, expires_at)
            armed.append((key.text, EXPIRY, 0, expiry_due_at(expires_at, clock, transaction.now)))
        elif expires_at is None and previous is not None:
            ended.append(key.text)
    await timers.arm(transaction, armed, rearm=True)
    await timers.disarm(transaction, ended, [EXPIRY])


def episode_key_of_timer(subject: str) -> EpisodeKey:
    """Return the key of the episode of a timer; the reverse of `EpisodeKey.text`."""
    rule_id, status, unit, scope = subject.split("|", 3)
    return EpisodeKey(rule_id, Region(Status(status), unit), scope)


def _episode_from_row(row: asyncpg.Record) -> RuleEpisode:
    values = None if row["result"] is None else json.loads(row["result"])
    falling = {} if values is None else values.pop(_FALLING, {})
    return RuleEpisode(
        key=EpisodeKey(row["rule_id"], Region(Status(row["status"]), row["region"]), row["scope"]),
        alarm_id=row["alarm_id"],
        version=row["version"],
        rule_version=row["rule_version"],
        is_open=row["is_open"],
        result=None if values is None else _result(values),
        expires_at=row["expires_at"],
        falling=tuple(
            (Level(level), datetime.fromisoformat(since)) for level, since in falling.items()
        ),
    )


def _result(values: dict[str, Any]) -> RuleResult:
    return RuleResult(
        **{
            **values,
            "level": Level(values["level"]),
            "started_at": datetime.fromisoformat(values["started_at"]),
            "references": tuple(values["references"]),
            "grade": DataGrade(values["grade"]),
        }
    )


def _row(episode: RuleEpisode) -> Row:
    key = episode.key
    result = None
    if episode.result is not None:
        started_at = episode.result.started_at.isoformat()
        values = {**asdict(episode.result), "started_at": started_at}
        if episode.falling:
            values[_FALLING] = {level: since.isoformat() for level, since in episode.falling}
        result = json.dumps(values)
    return (
        *(key.rule_id, key.region.status, key.region.unit, key.scope, episode.alarm_id),
        *(episode.version, episode.rule_version, episode.is_open, result, episode.expires_at),
    )
