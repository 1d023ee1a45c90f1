"""The alerts and alarms of one transaction: locked and loaded at once, written at once.

Locks are taken in the order of alert ids. An alert with its evidence belongs to the transaction
with the lock; the row of an alarm belongs to the owner of the partition (the stored offset fences
all other processes).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.alerting.core.alarms.flapping import FlappingKey, flapping_key
from services.alerting.core.alarms.scopes import Region, region_of
from services.alerting.core.alarms.snapshot import AlarmSnapshot, is_same_site
from services.alerting.core.alerts.alert import Alert, ReportEvidence
from services.alerting.core.alerts.grouping import (
    AlarmRecord,
    Disposition,
    GroupKey,
    group_key,
    group_key_of_alert,
)
from services.alerting.store import alert_statements as sql
from services.alerting.store.alert_rows import Row, alert_from_row, alert_row, signature_rows
from services.alerting.store.evidence_cache import EvidenceCache
from services.alerting.store.evidence_rows import alarm_record_from_row, alarm_row, report_row
from shared.contracts.fields import Status
from shared.contracts.reports import Report
from shared.runtime import timers
from shared.runtime.database import Transaction

VALIDITY, RATIFICATION, FLAPPING = "validity", "ratification", "flapping"
"""Kinds of an alert's timers; the subject is the alert id."""


def timers_of(alert: Alert) -> dict[str, datetime]:
    """Return, by kind of timer, when time alone changes an alert."""
    due: dict[str, datetime] = {}
    if alert.is_issued and alert.expires_at is not None:
        due[VALIDITY] = alert.expires_at
    if alert.is_issued and alert.pending_ratification is not None:
        due[RATIFICATION] = alert.pending_ratification.next_at
    if alert.is_open_or_merged and alert.flapping is not None:
        due[FLAPPING] = alert.flapping.until
    return due


async def regions_of_alerts(transaction: Transaction, alert_ids: Iterable[str]) -> set[Region]:
    """Return the regions of these alerts and of the holders of their evidence.

    The place of an alert never changes.
    """
    ids = list(alert_ids)
    rows = await transaction.connection.fetch(sql.PLACES_OF_ALERTS, ids) if ids else []
    return {region_of(Status(row["status"]), row["place"]) for row in rows}


async def silenced_alarm_ids(transaction: Transaction, silence_ids: Iterable[str]) -> list[str]:
    """Return the active alarms hidden by these silences."""
    rows = await transaction.connection.fetch(sql.SILENCED_ALARMS, list(silence_ids))
    return [row["alarm_id"] for row in rows]


class AlertRepository:
    """Alerts and alarms with all changes of this transaction; `flush` writes the changes."""

    def __init__(self, transaction: Transaction, cache: EvidenceCache) -> None:
        self._transaction = transaction
        self._cache = cache
        self._alerts: dict[str, Alert] = {}
        self._open: dict[GroupKey, str] = {}
        self._alarms: dict[str, AlarmRecord] = {}
        self._waiting: set[str] = set()
        self._raises: dict[FlappingKey, list[datetime]] = {}
        self._timers: dict[str, dict[str, datetime]] = {}
        self._changed: set[str] = set()
        self._written_by: dict[str, int] = {}
        self._written: set[str] = set()
        self._revised: set[str] = set()
        self._moved: set[str] = set()
        self._alarm_rows: dict[str, Row] = {}
        self._report_rows: list[Row] = []
        self._signature_rows: list[Row] = []

    async def load(
        self,
        *,
        alarm_ids: Iterable[str] = (),
        rule_ids: Iterable[str] = (),
        alert_ids: Iterable[str] = (),
        keys: Iterable[GroupKey] = (),
        regions: Iterable[Region] = (),
    ) -> None:
        """Load alarms, and lock and load alerts.

        The alarms are `alarm_ids`, and the alarms in `regions` waiting for one of `rule_ids`. The
        alerts are `alert_ids`, the alerts of these alarms, and the open alerts of `keys`, each with
        all merged alerts.
        """
        connection = self._transaction.connection
        ids, rules = list(alarm_ids), sorted(set(rule_ids))
        rows = await connection.fetch(sql.ALARMS_BY_ID, ids) if ids else []
        for region in sorted(regions) if rules else ():
            rows += await connection.fetch(sql.WAITING_ALARMS, region.status, *region.span, rules)
        self._alarms = {row["alarm_id"]: alarm_record_from_row(row) for row in rows}
        records = self._alarms.values()
        self._waiting = {
            record.snapshot.alarm_id for record in records if record.waiting_event is not None
        }
        owners = {record.alert_id for record in records if record.alert_id is not None}
        events = [record.waiting_event for record in records if record.waiting_event is not None]
        await self.lock({*alert_ids, *owners}, {*keys, *map(group_key, events)})

    async def load_raises(self, since: Mapping[FlappingKey, datetime]) -> None:
        """Load when the alarms of these sources were raised, for the detection of flapping."""
        if not since:
            return
        self._raises = {key: [] for key in since}
        columns = [list(column) for column in zip(*since, strict=True)]
        fetch = self._transaction.connection.fetch
        for row in await fetch(sql.RAISES, *columns, list(since.values())):
            key = (Status(row["status"]), row["rule_id"], row["source_key"])
            self._raises[key].append(row["began_at"])

    def raises(self, alarm: AlarmSnapshot) -> list[datetime]:
        """Return when alarms of this rule and source were raised lately."""
        return self._raises.get(flapping_key(alarm), [])

    def hidden_by(self, silence_id: str) -> list[AlarmRecord]:
        """Return the loaded active alarms hidden by a silence, by event time."""
        records = [
            record
            for record in self._alarms.values()
            if record.silence_id == silence_id
            and record.waiting_event is not None
            and record.snapshot.is_on
        ]
        return sorted(records, key=_by_change)

    @property
    def waiting_snapshots(self) -> list[AlarmSnapshot]:
        """Return the loaded waiting alarms."""
        return [self._alarms[alarm_id].snapshot for alarm_id in sorted(self._waiting)]

    @property
    def snapshots(self) -> list[AlarmSnapshot]:
        """Return the newest states of all loaded alarms."""
        return [record.snapshot for record in self._alarms.values()]

    def waiting_for(self, alarm: AlarmSnapshot) -> list[AlarmRecord]:
        """Return the alarms at this alarm's site waiting for its rule, by event time."""
        records = [
            record
            for record in map(self._alarms.__getitem__, self._waiting)
            if record.disposition in (Disposition.INHIBITED, Disposition.ON_HOLD)
            and alarm.rule_id in record.snapshot.inhibited_by
            and record.snapshot.status is alarm.status
            and is_same_site(alarm, record.snapshot)
        ]
        return sorted(records, key=_by_change)

    def alarm(self, alarm_id: str) -> AlarmRecord | None:
        """Return a loaded alarm; None for a new one."""
        return self._alarms.get(alarm_id)

    def alert(self, alert_id: str | None) -> Alert | None:
        """Return a loaded alert; None if there is no such alert."""
        return None if alert_id is None else self._alerts.get(alert_id)

    def open_alert(self, key: GroupKey) -> Alert | None:
        """Return the open or merged alert of a group key; None when no alert is loaded."""
        return self.alert(self._open.get(key))

    def holder(self, alert: Alert) -> Alert:
        """Return the holder of the evidence of `alert`: `alert`, unless merged."""
        while alert.merged_into is not None:
            alert = self._alerts[alert.merged_into]
        return alert

    async def insert(self, alert: Alert) -> bool:
        """Insert a new alert.

        Return False when another process has opened an alert of the key; this alert is loaded then.
        An alert of the key, closed earlier in the transaction, is written first.
        """
        key = group_key_of_alert(alert)
        changed = map(self._alerts.__getitem__, self._changed)
        if any(
            group_key_of_alert(existing) == key and not existing.is_open_or_merged
            for existing in changed
        ):
            await self.flush()
        row = alert_row(alert, self._transaction.now)
        if await self._transaction.connection.fetchval(sql.INSERT_ALERT, *row) is None:
            await self.flush()  # The alert is read again, with the changes of this transaction.
            await self.lock(set(), {key})
            return False
        self._set(alert)
        self._written.add(alert.alert_id)
        if timers_of(alert):
            self._changed.add(alert.alert_id)
        return True

    def update(self, alert: Alert) -> None:
        """Replace a loaded alert by its next version."""
        previous = self._alerts[alert.alert_id]
        self._changed.add(alert.alert_id)
        signatures = previous.signatures, previous.issuing_signatures
        if signatures != (alert.signatures, alert.issuing_signatures):
            self._signature_rows += signature_rows(alert)
        self._set(alert)

    def update_evidence(self, alert: Alert) -> None:
        """Replace the alarms of a loaded alert; its version stays."""
        self._set(alert)
        self._revised.add(alert.alert_id)

    async def move_evidence(self, alert: Alert) -> None:
        """Assign all evidence of an alert to the alert, also evidence of another alert."""
        await self.flush()
        self._moved.add(alert.alert_id)
        for table, key, pairs in (
            ("alert_alarm", "alarm_id", [(a.alarm_id, a.origin_alert_id) for a in alert.alarms]),
            (
                "alert_report",
                "report_id",
                [(r.report_id, r.origin_alert_id) for r in alert.reports],
            ),
        ):
            if pairs:
                ids, origins = ([*column] for column in zip(*pairs, strict=True))
                statement = sql.MOVE_EVIDENCE.format(table=table, key=key)
                await self._transaction.connection.execute(statement, alert.alert_id, ids, origins)
        for alarm in alert.alarms:
            record = self._alarms.get(alarm.alarm_id)
            if record is not None:
                evidence = replace(record.evidence, origin_alert_id=alarm.origin_alert_id)
                self._alarms[alarm.alarm_id] = replace(
                    record, evidence=evidence, alert_id=alert.alert_id
                )

    def record_alarm(self, record: AlarmRecord) -> None:
        """Store the newest state of an alarm."""
        alarm_id = record.snapshot.alarm_id
        raises = self._raises.get(flapping_key(record.snapshot))
        previous = self._alarms.get(alarm_id)
        if raises is not None and previous is None:
            raises.append(record.snapshot.began_at)
        if (
            previous is not None
            and record.alert_id is not None
            and previous.alert_id != record.alert_id
        ):
            self._moved.add(record.alert_id)
        self._alarms[alarm_id] = record
        if record.waiting_event is None:
            self._waiting.discard(alarm_id)
        else:
            self._waiting.add(alarm_id)
        self._alarm_rows[alarm_id] = alarm_row(record)

    def record_report(
        self,
        event: Report,
        disposition: Disposition,
        alert_id: str | None,
        evidence: ReportEvidence,
        observed_at: datetime,
    ) -> None:
        """Store a report; `alert_id` is the alert with the report as evidence."""
        self._report_rows.append(report_row(event, disposition, alert_id, evidence, observed_at))

    async def flush(self) -> None:
        """Write all changes; evidence and signatures after their alerts."""
        now = self._transaction.now
        alerts = [alert_row(self._alerts[alert_id], now) for alert_id in sorted(self._changed)]
        for statement, rows in (
            (sql.UPDATE_ALERT, alerts),
            (sql.SAVE_ALARM, list(self._alarm_rows.values())),
            (sql.INSERT_REPORT, self._report_rows),
            (sql.INSERT_SIGNATURE, self._signature_rows),
        ):
            if rows:
                await self._transaction.connection.executemany(statement, rows)
        if self._revised:
            # The written row tells other processes that evidence has changed (evidence_cache.py).
            await self._transaction.connection.execute(sql.TOUCH_ALERTS, list(self._revised))
        await self._save_timers()
        self._written |= self._changed | self._revised
        self._revised.clear()
        self._changed.clear()
        self._alarm_rows.clear()
        self._report_rows, self._signature_rows = [], []

    async def fill_cache(self) -> None:
        """Put the evidence into the cache for the next transaction, after all writes.

        Alerts with moved evidence are left out: the order of recording has to be read from the
        rows.
        """
        fetchval = self._transaction.connection.fetchval
        writer: int = await fetchval(sql.TRANSACTION_ID) if self._written else 0
        for alert_id, alert in self._alerts.items():
            if alert_id not in self._moved:
                is_written = alert_id in self._written
                self._cache.put(alert, writer if is_written else self._written_by[alert_id])

    async def lock(self, alert_ids: set[str], keys: set[GroupKey]) -> None:
        """Lock and load these alerts and the open alerts of `keys`, with all merged alerts."""
        rows = await self._transaction.connection.fetch(
            sql.LOCK_ALERTS,
            list(alert_ids),
            [key.status for key in keys],
            [key.event_type for key in keys],
            [key.scope for key in keys],
        )
        if not rows:
            return
        ids = [row["alert_id"] for row in rows]
        stamps = {row["alert_id"]: (row["written_by"], row["version"]) for row in rows}
        evidence = await self._cache.load(self._transaction, stamps)
        signatures: dict[str, list[Any]] = defaultdict(list)
        for row in await self._transaction.connection.fetch(sql.SIGNATURES, ids):
            signatures[row["alert_id"]].append(row)
        for row in rows:
            alert_id = row["alert_id"]
            alert = alert_from_row(row, *evidence[alert_id], signatures[alert_id])
            self._set(alert)
            self._written_by[alert_id] = row["written_by"]
            self._timers[alert_id] = timers_of(alert)
        # Another transaction may have merged alerts between the query of the family and the locks.
        family = {row["merged_into"] for row in rows} - {None}
        family |= {child for alert_id in ids for child, _ in self._alerts[alert_id].merged_alerts}
        not_loaded = family - self._alerts.keys()
        if not_loaded:
            await self.lock(not_loaded, set())

    async def _save_timers(self) -> None:
        armed, ended = [], defaultdict(list)
        for alert_id in sorted(self._changed):
            previous, updated = self._timers.get(alert_id, {}), timers_of(self._alerts[alert_id])
            armed += [
                (alert_id, kind, 0, due)
                for kind, due in updated.items()
                if previous.get(kind) != due
            ]
            for kind in previous.keys() - updated.keys():
                ended[kind].append(alert_id)
            self._timers[alert_id] = updated
        await timers.arm(self._transaction, armed, rearm=True)
        for kind, alert_ids in ended.items():
            await timers.disarm(self._transaction, alert_ids, [kind])

    def _set(self, alert: Alert) -> None:
        key = group_key_of_alert(alert)
        self._alerts[alert.alert_id] = alert
        if alert.is_open_or_merged:
            self._open[key] = alert.alert_id
        elif self._open.get(key) == alert.alert_id:
            del self._open[key]


def _by_change(record: AlarmRecord) -> tuple[datetime, str]:
    return record.snapshot.changed_at, record.snapshot.alarm_id
