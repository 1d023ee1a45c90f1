"""Queries of sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from services.console.core.access import Span
from services.console.features.sensors.charts import Point
from services.console.features.sensors.history_points import (
    ROW_S,
    HistoryColumns,
    HourOfPlace,
)
from services.console.store.conditions import UNWELL_SENSOR
from services.console.store.connections import Connection, Rows


async def alarms_of_sensor(
    connection: Connection, sensor_id: str, status: str, since: datetime, limit: int
) -> Rows:
    """Return a sensor's alarms that were active after `since`, the last changed first."""
    rows: Rows = await connection.fetch(
        "SELECT * FROM console.alarm WHERE sensor_id = $1 AND status = $2 "
        "AND (sent_at >= $3 OR transition <> 'cleared') ORDER BY sent_at DESC, alarm_id LIMIT $4",
        sensor_id,
        status,
        since,
        limit,
    )
    return rows


async def unwell_sensors(
    connection: Connection, span: Span, status: str, after: str, limit: int
) -> Rows:
    """Return sensors that are silent or faulty, by id after a cursor."""
    rows: Rows = await connection.fetch(
        f"SELECT * FROM console.sensor WHERE {UNWELL_SENSOR} "  # noqa: S608
        'AND sensor_id COLLATE "C" > $4 ORDER BY sensor_id COLLATE "C" LIMIT $5',
        status,
        span.low,
        span.high,
        after,
        limit,
    )
    return rows


async def states(connection: Connection, status: str, sensors: Sequence[str]) -> dict[str, str]:
    """Return the state of each sensor of which a record exists."""
    rows = await connection.fetch(
        "SELECT sensor_id, state FROM console.sensor "
        "WHERE status = $1 AND sensor_id = ANY($2::text[])",
        status,
        sensors,
    )
    return {row["sensor_id"]: row["state"] for row in rows}


async def unwell_total(connection: Connection, span: Span, status: str) -> int:
    """Return the number of sensors of a subtree that are silent or faulty."""
    counted = f"SELECT count(*) FROM console.sensor WHERE {UNWELL_SENSOR}"  # noqa: S608
    return int(await connection.fetchval(counted, status, span.low, span.high))


async def history(
    connection: Connection,
    sensor_id: str,
    status: str,
    series: str,
    since: datetime,
    until: datetime,
) -> list[Point]:
    """Return the points of a sensor's history in a period, by time."""
    rows = await connection.fetch(
        "SELECT points FROM console.sensor_history WHERE sensor_id = $1 AND status = $2 "
        "AND series = $3 AND begin_at > $4 AND begin_at <= $5 ORDER BY begin_at",
        sensor_id,
        status,
        series,
        since - timedelta(seconds=ROW_S),
        until,
    )
    first, last = since.timestamp(), until.timestamp()
    return [
        (at, value)
        for row in rows
        for at, value in zip(row["points"][::2], row["points"][1::2], strict=True)
        if first <= at <= last
    ]


async def leading_alarms(connection: Connection, alerts: Sequence[str]) -> Rows:
    """Return the leading alarm of a sensor of each alert: the active before the cleared ones, the
    gravest first.
    """
    rows: Rows = await connection.fetch(
        "SELECT DISTINCT ON (a.alert_id) a.alert_id, a.place, a.data_grade, l.sensor_id, "
        "l.status, l.started_at, l.peak, l.peak_at, "
        "CASE WHEN l.transition = 'cleared' THEN l.occurred_at END AS ended_at "
        "FROM console.alert a JOIN console.alarm l ON l.alarm_id = ANY(a.alarm_ids) "
        "WHERE a.alert_id = ANY($1::text[]) AND l.sensor_id IS NOT NULL AND NOT l.withdrawn "
        "ORDER BY a.alert_id, l.transition = 'cleared', l.score DESC, l.alarm_id",
        list(alerts),
    )
    return rows


async def watched_alarms(connection: Connection) -> Rows:
    """Return alarms of sensors that are active, or have changed within a quarter of an hour."""
    rows: Rows = await connection.fetch(
        "SELECT alarm_id, sensor_id, status, rule_id, started_at, peak, "
        "CASE WHEN transition = 'cleared' THEN occurred_at ELSE 'infinity' END AS ended_at "
        "FROM console.alarm WHERE sensor_id IS NOT NULL AND NOT withdrawn "
        "AND (transition <> 'cleared' OR sent_at > now() - interval '15 minutes')"
    )
    return rows


async def write_peaks(connection: Connection, peaks: Sequence[tuple[str, float, datetime]]) -> None:
    """Write the peaks of alarms: id, value, time."""
    await connection.executemany(
        "UPDATE console.alarm SET peak = $2, peak_at = $3 WHERE alarm_id = $1", list(peaks)
    )


async def history_offset(connection: Connection, partition: int) -> int:
    """Return the offset from which on readings of a partition are not in the history."""
    stored = await connection.fetchval(
        "SELECT next_offset FROM console.history_offset WHERE partition = $1", partition
    )
    return int(stored or 0)


async def move_history_offset(
    connection: Connection, partition: int, begin: int, next_offset: int
) -> bool:
    """Move the offset of a partition from `begin` to `next_offset`.

    Returns False when another process has moved it: then nothing changes.
    """
    await connection.execute(
        "INSERT INTO console.history_offset (partition, next_offset) VALUES ($1, 0) "
        "ON CONFLICT (partition) DO NOTHING",
        partition,
    )
    offset = await connection.fetchval(
        "UPDATE console.history_offset SET next_offset = $3 "
        "WHERE partition = $1 AND next_offset = $2 RETURNING next_offset",
        partition,
        begin,
        next_offset,
    )
    return offset is not None


async def count_readings(connection: Connection, readings: Mapping[HourOfPlace, int]) -> None:
    """Add counts of judged readings to the load of their places."""
    hours = sorted(readings)
    await connection.execute(
        "SELECT console.add_load('readings', $1::text[], $2::text[], $3::timestamptz[], "
        "array_fill(''::text, ARRAY[$5::int]), array_fill(''::text, ARRAY[$5::int]), "
        "$4::bigint[])",
        [hour.place for hour in hours],
        [hour.status for hour in hours],
        [datetime.fromtimestamp(hour.hour * 3_600, UTC) for hour in hours],
        [readings[hour] for hour in hours],
        len(hours),
    )


async def lock_history(
    connection: Connection, keys: Sequence[HistoryColumns]
) -> list[tuple[HistoryColumns, list[float]]]:
    """Lock the rows of these keys, which are sorted; return each key with the stored points."""
    rows = await connection.fetch(
        "INSERT INTO console.sensor_history AS old "
        "(sensor_id, status, series, begin_at, points, written_at) "
        "SELECT sensor_id, status, series, begin_at, '{}', now() "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) "
        "WITH ORDINALITY AS input (sensor_id, status, series, begin_at, n) ORDER BY n "
        "ON CONFLICT (sensor_id, status, series, begin_at) "
        "DO UPDATE SET written_at = now() RETURNING sensor_id, status, series, begin_at, points",
        *map(list, zip(*keys, strict=True)),
    )
    return [(tuple(row)[:4], row["points"]) for row in rows]


async def write_history(
    connection: Connection, rows: Sequence[tuple[HistoryColumns, Sequence[float]]]
) -> None:
    """Write the points of locked rows: time, value, time, value ..."""
    await connection.executemany(
        "UPDATE console.sensor_history SET points = $5 "
        "WHERE sensor_id = $1 AND status = $2 AND series = $3 AND begin_at = $4",
        [(*key, points) for key, points in rows],
    )
