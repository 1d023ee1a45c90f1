"""A batch's alerts: locked and loaded at once, changed, written at once.

Locks are taken in the order of alert ids. An alert with its evidence belongs to whoever holds its
lock; an alarm's own row belongs to the owner of its partition (the stored offset fences the others).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.alerting import rows
from services.alerting.core.alert import Alert, ReportSeen
from services.alerting.core.facts import Fact, same_site
from services.alerting.core.flapping import FlapKey, flap_key
from services.alerting.core.grouping import Disposition, GroupKey, Known, key_of
from services.alerting.core.scopes import Region, region_of
from services.alerting.core.states import FINAL
from services.alerting.store.kept import Kept
from shared.contracts.fields import Status
from shared.contracts.reports import Report
from shared.runtime import timers
from shared.runtime.database import Transaction
from shared.runtime.sql import names

NOT_FINAL = f"state NOT IN {names(FINAL)}"
"""The predicate of the index alert_open, word for word: Postgres compares it when it infers it."""


def _insert(table: str, columns: tuple[str, ...], on_conflict: str = "") -> str:
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    names = ", ".join(columns)
    return f"INSERT INTO alerting.{table} ({names}) VALUES ({places}) {on_conflict}"  # noqa: S608


_OPEN_ALERT = _insert(
    "alert",
    rows.ALERT,
    f"ON CONFLICT (status, event_type, scope) WHERE {NOT_FINAL} DO NOTHING RETURNING alert_id",
)
_SAVE_ALERT = (
    "UPDATE alerting.alert SET "  # noqa: S608 - column names of rows.py only
    + ", ".join(f"{name} = ${n}" for n, name in enumerate(rows.ALERT, 1) if n > 1)
    + " WHERE alert_id = $1"
)
_TOUCH = "UPDATE alerting.alert SET version = version WHERE alert_id = ANY($1::text[])"
_WRITER = "SELECT pg_current_xact_id()::xid"
_SAVE_ALARM = _insert(
    "alert_alarm",
    rows.ALARM,
    "ON CONFLICT (alarm_id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in rows.ALARM[1:]),
)
_SAVE_REPORT = _insert("alert_report", rows.REPORT)
_SAVE_SIGNATURE = _insert("signature", rows.SIGNATURE, "ON CONFLICT DO NOTHING")
_LOCK_ALERTS = (
    "WITH RECURSIVE family AS (SELECT alert_id, merged_into FROM alerting.alert "  # noqa: S608
    f"WHERE alert_id = ANY($1::text[]) OR ({NOT_FINAL} AND (status, event_type, scope) IN "
    "(SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))) "
    "UNION SELECT a.alert_id, a.merged_into FROM alerting.alert AS a JOIN family AS f "
    "ON a.alert_id = f.merged_into OR a.merged_into = f.alert_id) "
    "SELECT *, xmin AS written_by FROM alerting.alert "
    "WHERE alert_id IN (SELECT alert_id FROM family) ORDER BY alert_id FOR UPDATE"
)
_KNOWN_ALARMS = "SELECT * FROM alerting.alert_alarm WHERE alarm_id = ANY($1::text[])"
_WAITING_ALARMS = (
    "SELECT * FROM alerting.alert_alarm WHERE held IS NOT NULL AND cleared_at IS NULL "
    "AND status = $1 AND place >= $2 AND place < $3 AND inhibited_by && $4::text[]"
)
_SILENCED_ALARMS = (
    "SELECT alarm_id FROM alerting.alert_alarm WHERE silence_id = ANY($1::text[]) "
    "AND held IS NOT NULL AND cleared_at IS NULL AND disposition = 'silenced'"
)
_RAISES = (
    "SELECT a.status, a.rule_id, a.source_key, a.began_at FROM "
    "unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS w (status, rule, source, since) "
    "JOIN alerting.alert_alarm AS a ON a.status = w.status AND a.rule_id = w.rule "
    "AND a.source_key = w.source AND a.began_at > w.since WHERE NOT a.withdrawn"
)
_SIGNATURES = "SELECT * FROM alerting.signature WHERE alert_id = ANY($1::text[]) ORDER BY signed_at, officer_id"
_MOVE = (
    "UPDATE alerting.{table} AS e SET alert_id = $1, home_id = n.home FROM "
    "unnest($2::text[], $3::text[]) AS n (id, home) WHERE e.{key} = n.id"
)
_PLACES = (
    "SELECT DISTINCT status, place FROM alerting.alert WHERE alert_id = ANY($1::text[]) OR alert_id IN "
    "(SELECT merged_into FROM alerting.alert WHERE alert_id = ANY($1::text[]))"
)
ALERT_TIMERS = ("validity", "debt", "flap")
"""Kinds of an alert's timers; the subject is its id."""


def timers_of(alert: Alert) -> dict[str, datetime]:
    """When something happens to an alert by itself, by kind of timer."""
    results: dict[str, datetime] = {}
    if alert.issued and alert.expires_at is not None:
        results["validity"] = alert.expires_at
    if alert.issued and alert.debt is not None:
        results["debt"] = alert.debt.next_at
    if alert.open_or_merged and alert.flap is not None:
        results["flap"] = alert.flap.until
    return results


async def regions_of(work: Transaction, alert_ids: Iterable[str]) -> set[Region]:
    """The regions of these alerts and of those they are merged into; a place never changes."""
    ids = list(alert_ids)
    result = await work.connection.fetch(_PLACES, ids) if ids else []
    return {region_of(Status(row["status"]), row["place"]) for row in result}


class Book:
    """The alerts and alarms a batch may touch, as they stand now; `flush` writes what changed."""

    def __init__(self, work: Transaction, kept: Kept | None = None) -> None:
        self._work = work
        self._kept = kept or Kept()
        self._alerts: dict[str, Alert] = {}
        self._open: dict[GroupKey, str] = {}
        self._known: dict[str, Known] = {}
        self._held: set[str] = set()
        self._raises: dict[FlapKey, list[datetime]] = {}
        self._timers: dict[str, dict[str, datetime]] = {}
        self._changed: set[str] = set()
        self._written_by: dict[str, int] = {}
        self._written: set[str] = set()
        self._revised: set[str] = set()
        self._moved: set[str] = set()
        self._alarm_rows: dict[str, rows.Row] = {}
        self._report_rows: list[rows.Row] = []
        self._signature_rows: list[rows.Row] = []

    async def load(
        self,
        alarm_ids: Iterable[str],
        rule_ids: Iterable[str],
        alert_ids: Iterable[str],
        keys: Iterable[GroupKey],
        regions: Iterable[Region],
    ) -> None:
        """Read these alarms and those that wait for one of `rule_ids`; lock and read their alerts,
        those named, and the open ones of `keys`, each with what is merged with it.
        """
        connection = self._work.connection
        ids, rules = list(alarm_ids), sorted(set(rule_ids))
        result = await connection.fetch(_KNOWN_ALARMS, ids) if ids else []
        for region in sorted(regions) if rules else ():
            result += await connection.fetch(_WAITING_ALARMS, region.status, *region.span, rules)
        self._known = {row["alarm_id"]: rows.known_of(row) for row in result}
        self._held = {name for name, known in self._known.items() if known.held is not None}
        theirs = {known.alert_id for known in self._known.values() if known.alert_id is not None}
        generator = (self._known[name].held for name in self._held)
        group_keys = {key_of(event) for event in generator if event is not None}
        await self._lock({*alert_ids, *theirs}, {*keys, *group_keys})

    async def load_raises(self, since: dict[FlapKey, datetime]) -> None:
        """Read when the alarms of these sources were raised, for what may flap."""
        if not since:
            return
        self._raises = {key: [] for key in since}
        columns = [list(column) for column in zip(*since, strict=True)]
        for row in await self._work.connection.fetch(_RAISES, *columns, list(since.values())):
            key = (Status(row["status"]), row["rule_id"], row["source_key"])
            self._raises[key].append(row["began_at"])

    def raises(self, fact: Fact) -> list[datetime]:
        """When alarms like this one were raised lately, as far as it is known by now."""
        return self._raises.get(flap_key(fact), [])

    async def silenced(self, silence_ids: Iterable[str]) -> list[str]:
        """The alarms that are on and hidden by these silences."""
        rows = await self._work.connection.fetch(_SILENCED_ALARMS, list(silence_ids))
        return [row["alarm_id"] for row in rows]

    def hidden_by(self, silence_id: str) -> list[Known]:
        """The loaded alarms that are on and hidden by a silence, in the order of their events."""
        results = [
            known
            for known in self._known.values()
            if known.silence_id == silence_id and known.held is not None and known.fact.open
        ]
        return sorted(results, key=lambda item: (item.fact.changed_at, item.fact.alarm_id))

    @property
    def waiting(self) -> list[Fact]:
        """The loaded alarms that wait."""
        return [self._known[alarm_id].fact for alarm_id in sorted(self._held)]

    @property
    def facts(self) -> list[Fact]:
        """The alarms that are loaded, as others look at them."""
        return [known.fact for known in self._known.values()]

    def waiting_for(self, fact: Fact) -> list[Known]:
        """The alarms at this alarm's site that wait for its rule, in the order of their events."""
        results = [
            known
            for known in map(self._known.__getitem__, self._held)
            if known.disposition in (Disposition.INHIBITED, Disposition.HELD)
            and fact.rule_id in known.fact.inhibited_by
            and known.fact.status is fact.status
            and same_site(fact, known.fact)
        ]
        return sorted(results, key=lambda item: (item.fact.changed_at, item.fact.alarm_id))

    def known(self, alarm_id: str) -> Known | None:
        """The alarm as it was last seen, None if never."""
        return self._known.get(alarm_id)

    def alert(self, alert_id: str | None) -> Alert | None:
        """A loaded alert; None if there is no such alert."""
        return None if alert_id is None else self._alerts.get(alert_id)

    def open_alert(self, key: GroupKey) -> Alert | None:
        """The open alert of a group key, if one is loaded; it may be merged into another."""
        return self.alert(self._open.get(key))

    def holder(self, alert: Alert) -> Alert:
        """The alert that has this one's evidence: itself, unless it is merged."""
        while alert.merged_into is not None:
            alert = self._alerts[alert.merged_into]
        return alert

    async def enter(self, alert: Alert) -> bool:
        """Enter a new alert; False: another process has opened one of its key, which is loaded now.

        An alert of its key that was closed earlier in the batch makes room first.
        """
        pending = map(self._alerts.__getitem__, self._changed)
        if any(_key(one) == _key(alert) and not one.open_or_merged for one in pending):
            await self.flush()
        row = rows.alert_row(alert, self._work.now)
        if await self._work.connection.fetchval(_OPEN_ALERT, *row) is None:
            await self.flush()  # so that what is read again is as it is here
            await self._lock(set(), {_key(alert)})
            return False
        self._take(alert)
        self._written.add(alert.alert_id)
        if timers_of(alert):
            self._changed.add(alert.alert_id)
        return True

    def change(self, alert: Alert) -> None:
        """Put the next version of a loaded alert in its place."""
        before = self._alerts[alert.alert_id]
        self._changed.add(alert.alert_id)
        if (before.signed, before.issued_by) != (alert.signed, alert.issued_by):
            self._signature_rows += rows.signature_rows(alert)
        self._take(alert)

    async def move_evidence(self, alert: Alert) -> None:
        """Make what an alert has as evidence its own, also where it was another's."""
        await self.flush()
        self._moved.add(alert.alert_id)
        for table, key, pairs in (
            ("alert_alarm", "alarm_id", [(alarm.alarm_id, alarm.home) for alarm in alert.alarms]),
            (
                "alert_report",
                "report_id",
                [(report.report_id, report.home) for report in alert.reports],
            ),
        ):
            if pairs:
                ids, homes = ([*column] for column in zip(*pairs, strict=True))
                await self._work.connection.execute(
                    _MOVE.format(table=table, key=key), alert.alert_id, ids, homes
                )
        for one in alert.alarms:
            known = self._known.get(one.alarm_id)
            if known is not None:
                self._known[one.alarm_id] = replace(
                    known, alarm=replace(known.alarm, home=one.home), alert_id=alert.alert_id
                )

    def replace(self, alert: Alert) -> None:
        """Put an alert with other facts of its alarms, but of the same version, in its place."""
        self._take(alert)
        self._revised.add(alert.alert_id)

    def record_alarm(self, known: Known) -> None:
        """Keep the newest state of an alarm and what became of it."""
        raises = self._raises.get(flap_key(known.fact))
        before = self._known.get(known.alarm.alarm_id)
        if raises is not None and before is None:
            raises.append(known.fact.began_at)
        if before is not None and known.alert_id is not None and before.alert_id != known.alert_id:
            self._moved.add(known.alert_id)
        self._known[known.alarm.alarm_id] = known
        (self._held.discard if known.held is None else self._held.add)(known.alarm.alarm_id)
        self._alarm_rows[known.alarm.alarm_id] = rows.alarm_row(known)

    def record_report(
        self,
        event: Report,
        disposition: Disposition,
        alert_id: str | None,
        seen: ReportSeen,
        heard_at: datetime,
    ) -> None:
        """Keep a report and what became of it."""
        self._report_rows.append(rows.report_row(event, disposition, alert_id, seen, heard_at))

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
        if self._revised:
            # Others know by the row that there is something new in the evidence (store/kept.py).
            await self._work.connection.execute(_TOUCH, list(self._revised))
        await self._set_timers()
        self._written |= self._changed | self._revised
        self._revised.clear()
        self._changed.clear()
        self._alarm_rows.clear()
        self._report_rows, self._signature_rows = [], []

    async def keep(self) -> None:
        """Remember the evidence for the next batch; when all is written.

        What has come from elsewhere was recorded before what is there: its place is found by reading.
        """
        writer: int = await self._work.connection.fetchval(_WRITER) if self._written else 0
        for alert_id, alert in self._alerts.items():
            if alert_id not in self._moved:
                mine = alert_id in self._written
                self._kept.keep(alert, writer if mine else self._written_by[alert_id])

    async def _set_timers(self) -> None:
        armed, ended = [], defaultdict(list)
        for alert_id in sorted(self._changed):
            before, after = self._timers.get(alert_id, {}), timers_of(self._alerts[alert_id])
            armed += [
                (alert_id, kind, 0, due) for kind, due in after.items() if before.get(kind) != due
            ]
            for kind in before.keys() - after.keys():
                ended[kind].append(alert_id)
            self._timers[alert_id] = after
        await timers.arm(self._work, armed, rearm=True)
        for kind, alert_ids in ended.items():
            await timers.disarm(self._work, alert_ids, [kind])

    def _take(self, alert: Alert) -> None:
        self._alerts[alert.alert_id] = alert
        if alert.open_or_merged:
            self._open[_key(alert)] = alert.alert_id
        elif self._open.get(_key(alert)) == alert.alert_id:
            del self._open[_key(alert)]

    async def _lock(self, alert_ids: set[str], keys: set[GroupKey]) -> None:
        records = await self._work.connection.fetch(
            _LOCK_ALERTS,
            list(alert_ids),
            [key.status for key in keys],
            [key.event_type for key in keys],
            [key.scope for key in keys],
        )
        if not records:
            return
        ids = [row["alert_id"] for row in records]
        stamps = {row["alert_id"]: (row["written_by"], row["version"]) for row in records}
        evidence = await self._kept.load(self._work, stamps)
        signatures: dict[str, list[Any]] = defaultdict(list)
        for row in await self._work.connection.fetch(_SIGNATURES, ids):
            signatures[row["alert_id"]].append(row)
        for row in records:
            one = row["alert_id"]
            alert = rows.alert_of(row, *evidence[one], signatures[one])
            self._take(alert)
            self._written_by[one] = row["written_by"]
            self._timers[one] = timers_of(alert)
        # A merge that came between the look at the family and the locks.
        family = {row["merged_into"] for row in records} - {None}
        family |= {child for identifier in ids for child, _ in self._alerts[identifier].merged}
        missing = family - self._alerts.keys()
        if missing:
            await self._lock(missing, set())


def _key(alert: Alert) -> GroupKey:
    return GroupKey(alert.status, alert.event_type, alert.scope)
