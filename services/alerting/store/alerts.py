"""A batch's alerts: locked and loaded at once, changed, written at once.

Locks are taken in the order of alert ids. An alert with its evidence belongs to whoever holds its
lock; an alarm's own row belongs to the owner of its partition (the stored offset fences the others).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import asyncpg

from services.alerting import rows
from services.alerting.core.alert import Alert
from services.alerting.core.facts import Fact, same_site
from services.alerting.core.grouping import Disposition, GroupKey, Known, key_of
from services.alerting.core.scopes import Region
from shared.contracts.alarms import AlarmEvent
from shared.contracts.reports import Report
from shared.runtime.database import Transaction

IS_OPEN = "state NOT IN ('lifted', 'dismissed', 'rejected')"
"""The predicate of the index alert_open, word for word: Postgres compares it when it infers it."""


def _insert(table: str, columns: tuple[str, ...], on_conflict: str = "") -> str:
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    names = ", ".join(columns)
    return f"INSERT INTO alerting.{table} ({names}) VALUES ({places}) {on_conflict}"  # noqa: S608


_OPEN_ALERT = _insert(
    "alert",
    rows.ALERT,
    f"ON CONFLICT (status, event_type, scope) WHERE {IS_OPEN} DO NOTHING RETURNING alert_id",
)
_SAVE_ALERT = (
    "UPDATE alerting.alert SET "  # noqa: S608 - column names of rows.py only
    + ", ".join(f"{name} = ${n}" for n, name in enumerate(rows.ALERT, 1) if n > 1)
    + " WHERE alert_id = $1"
)
_SAVE_ALARM = _insert(
    "alert_alarm",
    rows.ALARM,
    "ON CONFLICT (alarm_id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in rows.ALARM[1:]),
)
_SAVE_REPORT = _insert("alert_report", rows.REPORT)
_SAVE_SIGNATURE = _insert("signature", rows.SIGNATURE, "ON CONFLICT DO NOTHING")
_LOCK_ALERTS = (
    f"SELECT * FROM alerting.alert WHERE alert_id = ANY($1::text[]) OR ({IS_OPEN} "  # noqa: S608
    "AND (status, event_type, scope) IN (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))) "
    "ORDER BY alert_id FOR UPDATE"
)
_KNOWN_ALARMS = "SELECT * FROM alerting.alert_alarm WHERE alarm_id = ANY($1::text[])"
_HELD_ALARMS = (
    "SELECT * FROM alerting.alert_alarm WHERE held IS NOT NULL AND cleared_at IS NULL "
    "AND status = $1 AND place >= $2 AND place < $3 AND inhibited_by && $4::text[]"
)


class Book:
    """The alerts and alarms a batch may touch, as they stand now; `flush` writes what changed."""

    def __init__(self, work: Transaction) -> None:
        self._work = work
        self._alerts: dict[str, Alert] = {}
        self._open: dict[GroupKey, str] = {}
        self._known: dict[str, Known] = {}
        self._held: set[str] = set()
        self._changed: set[str] = set()
        self._alarm_rows: dict[str, rows.Row] = {}
        self._report_rows: list[rows.Row] = []
        self._signature_rows: list[rows.Row] = []

    async def load(
        self,
        events: Sequence[AlarmEvent],
        alert_ids: Iterable[str],
        keys: Iterable[GroupKey],
        regions: Iterable[Region],
    ) -> None:
        """Read the alarms of these events and those they may free from waiting; lock and read their
        alerts, those named, and the open ones of `keys`.
        """
        connection = self._work.connection
        ids, rules = [one.alarm_id for one in events], sorted({one.rule_id for one in events})
        found = await connection.fetch(_KNOWN_ALARMS, ids) if ids else []
        for region in sorted(regions) if rules else ():
            found += await connection.fetch(_HELD_ALARMS, region.status, *region.span, rules)
        self._known = {row["alarm_id"]: rows.known_of(row) for row in found}
        self._held = {one for one, known in self._known.items() if known.held is not None}
        theirs = {known.alert_id for known in self._known.values() if known.alert_id is not None}
        waiting = (self._known[one].held for one in self._held)
        held = {key_of(event) for event in waiting if event is not None}
        await self._lock({*alert_ids, *theirs}, {*keys, *held})

    @property
    def facts(self) -> list[Fact]:
        """The alarms that are loaded, as others look at them."""
        return [known.fact for known in self._known.values()]

    def waiting_for(self, fact: Fact) -> list[Known]:
        """The inhibited alarms at this alarm's site that name its rule, in the order of their events."""
        found = [
            known
            for known in map(self._known.__getitem__, self._held)
            if fact.rule_id in known.fact.inhibited_by
            and known.fact.status is fact.status
            and same_site(fact, known.fact)
        ]
        return sorted(found, key=lambda one: (one.fact.changed_at, one.fact.alarm_id))

    def known(self, alarm_id: str) -> Known | None:
        """The alarm as it was last seen, None if never."""
        return self._known.get(alarm_id)

    def alert(self, alert_id: str | None) -> Alert | None:
        """A loaded alert; None if there is no such alert."""
        return None if alert_id is None else self._alerts.get(alert_id)

    def open_alert(self, key: GroupKey) -> Alert | None:
        """The open alert of a group key, if one is loaded."""
        return self.alert(self._open.get(key))

    async def enter(self, alert: Alert) -> bool:
        """Enter a new alert; False: another process has opened one of its key, which is loaded now.

        Pending changes are written first: an alert closed earlier in the batch must make room.
        """
        await self.flush()
        row = rows.alert_row(alert, self._work.now)
        if await self._work.connection.fetchval(_OPEN_ALERT, *row) is None:
            await self._lock(set(), {_key(alert)})
            return False
        self._take(alert)
        return True

    def change(self, alert: Alert) -> None:
        """Put the next version of a loaded alert in its place."""
        self._changed.add(alert.alert_id)
        self._signature_rows += rows.signature_rows(alert)
        self._take(alert)

    def replace(self, alert: Alert) -> None:
        """Put an alert with other facts of its alarms, but of the same version, in its place."""
        self._take(alert)

    def record_alarm(self, known: Known) -> None:
        """Keep the newest state of an alarm and what became of it."""
        self._known[known.alarm.alarm_id] = known
        (self._held.discard if known.held is None else self._held.add)(known.alarm.alarm_id)
        self._alarm_rows[known.alarm.alarm_id] = rows.alarm_row(known)

    def record_report(
        self, event: Report, disposition: Disposition, alert_id: str | None, heard_at: datetime
    ) -> None:
        """Keep a report and what became of it."""
        self._report_rows.append(rows.report_row(event, disposition, alert_id, heard_at))

    async def flush(self) -> None:
        """Write all changes; evidence and signatures after the alerts they refer to."""
        alerts = [
            rows.alert_row(self._alerts[alert_id], self._work.now)
            for alert_id in sorted(self._changed)
        ]
        for statement, waiting in (
            (_SAVE_ALERT, alerts),
            (_SAVE_ALARM, list(self._alarm_rows.values())),
            (_SAVE_REPORT, self._report_rows),
            (_SAVE_SIGNATURE, self._signature_rows),
        ):
            if waiting:
                await self._work.connection.executemany(statement, waiting)
        self._changed.clear()
        self._alarm_rows.clear()
        self._report_rows, self._signature_rows = [], []

    def _take(self, alert: Alert) -> None:
        self._alerts[alert.alert_id] = alert
        if alert.open:
            self._open[_key(alert)] = alert.alert_id
        elif self._open.get(_key(alert)) == alert.alert_id:
            del self._open[_key(alert)]

    async def _lock(self, alert_ids: set[str], keys: set[GroupKey]) -> None:
        found = await self._work.connection.fetch(
            _LOCK_ALERTS,
            list(alert_ids),
            [key.status for key in keys],
            [key.event_type for key in keys],
            [key.scope for key in keys],
        )
        if not found:
            return
        ids = [row["alert_id"] for row in found]
        alarms = await self._of("alert_alarm", ids, "recorded_seq")
        reports = await self._of("alert_report", ids, "recorded_seq")
        signatures = await self._of("signature", ids, "signed_at, officer_id")
        for row in found:
            one = row["alert_id"]
            self._take(rows.alert_of(row, alarms[one], reports[one], signatures[one]))

    async def _of(
        self, table: str, alert_ids: list[str], order: str
    ) -> dict[str, list[asyncpg.Record]]:
        """Rows of a table by alert, in a fixed order."""
        by_alert: dict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in await self._work.connection.fetch(
            f"SELECT * FROM alerting.{table} WHERE alert_id = ANY($1::text[]) "  # noqa: S608
            f"ORDER BY {order}",
            alert_ids,
        ):
            by_alert[row["alert_id"]].append(row)
        return by_alert


def _key(alert: Alert) -> GroupKey:
    return GroupKey(alert.status, alert.event_type, alert.scope)
