"""Queries of the alarms of a subtree: those that stand, and those that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.console.core.access import Span
from services.console.core.paging import ListPosition
from services.console.features.alerts.queries import since
from services.console.store.conditions import STANDING_ALARM
from services.console.store.connections import Connection, Rows
from services.console.store.ordering import Order, gravest, micros, position_parameters
from services.console.store.patterns import pattern_of
from shared.contracts.fields import Level

NEWEST = Order((f"-{micros('sent_at')}",), "alarm_id")
"""The order of all alarms, and of the ended ones: the last changed first."""
GRAVEST = Order((gravest("level"), "-score", f"-{micros('sent_at')}"), "alarm_id")
"""The order of standing alarms: by level, then by score, then the last changed first."""
_MATCHES = f"""status = $1 AND place >= $2 AND place < $3
    AND ($4::boolean IS NULL OR $4 = ({STANDING_ALARM}))
    AND ($5::text IS NULL OR level = $5)
    AND ($6 = '' OR sensor_id ILIKE $6 OR rule_id ILIKE $6 OR sensor_id = ANY($7::text[])
        OR (headline ILIKE $6 AND (data_grade = 'general' OR (place >= $10 AND place < $11)))
        OR EXISTS (SELECT 1 FROM unnest($8::text[], $9::text[]) AS p(low, high)
            WHERE place >= p.low COLLATE "C" AND place < p.high COLLATE "C"))
"""  # noqa: S608 - built of constants


@dataclass(frozen=True, slots=True)
class AlarmQuery:
    """The filter of a list of alarms; None and empty values mean no restriction.

    `words` must occur in the id of the sensor or rule, or in a headline that is general or of the
    subtree `own`; or the alarm is of one of `sensors`, or lies in or below one of `places`.
    """

    own: Span
    standing: bool | None = None
    level: Level | None = None
    words: str = ""
    sensors: Sequence[str] = ()
    places: Sequence[Span] = ()

    def parameters(self, span: Span, status: str) -> list[Any]:
        """Return the parameters of the condition, for alarms of a subtree."""
        return [
            status,
            span.low,
            span.high,
            self.standing,
            self.level,
            pattern_of(self.words),
            list(self.sensors),
            [place.low for place in self.places],
            [place.high for place in self.places],
            self.own.low,
            self.own.high,
        ]


def order_of(query: AlarmQuery) -> Order:
    """Return the order of the list."""
    return GRAVEST if query.standing else NEWEST


async def alarms(
    connection: Connection,
    span: Span,
    status: str,
    query: AlarmQuery,
    after: ListPosition | None,
    limit: int,
) -> Rows:
    """Return alarms of a subtree after a cursor, in the order of the query."""
    order = order_of(query)
    if query.standing:
        condition, by = STANDING_ALARM, order.by
    else:
        condition, by = since(12), 'sent_at DESC, alarm_id COLLATE "C"'
    rows: Rows = await connection.fetch(
        f"SELECT *, {order.columns} FROM console.alarm "  # noqa: S608
        f"WHERE {_MATCHES} AND {order.is_after(12, 13)} AND {condition} ORDER BY {by} LIMIT $14",
        *query.parameters(span, status),
        *position_parameters(after),
        limit,
    )
    return rows


async def standing_total(
    connection: Connection, span: Span, status: str, query: AlarmQuery
) -> int | None:
    """Return the number of standing alarms of the filter; None for a list that has no end."""
    if not query.standing:
        return None
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM console.alarm WHERE {_MATCHES} AND {STANDING_ALARM}",  # noqa: S608
            *query.parameters(span, status),
        )
    )
