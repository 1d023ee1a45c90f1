"""One transaction of alerting: lock and load the plan, change alerts, save.

Order of locks: rules (shared, or exclusive where a change concerns every region), regions by status
and unit, alerts by id with all merged alerts, counts of silences last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.alerting.core.alarms.scopes import Region, region_of
from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.alerts.alert import Alert, with_grade
from services.alerting.core.alerts.grouping import Disposition, grade_of, group_key, new_alert
from services.alerting.core.alerts.merging import Regrouping, end_merged
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.records import ChangeOrigin, origin_of, records_of
from services.alerting.core.alerts.routing import AlarmRouter
from services.alerting.core.batch_counts import BatchCounts
from services.alerting.core.load_plan import EPOCH, LoadPlan, raises_since
from services.alerting.core.multi_source.engine import MultiSourceEngine
from services.alerting.core.multi_source.episode import EpisodeCause, EpisodeKey, RuleEpisode
from services.alerting.core.multi_source.evidence_query import EvidenceQuery
from services.alerting.core.multi_source.external_warnings import WarningState
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from services.alerting.core.silences.silence import Silence, silence_event
from services.alerting.core.silent_places.silence_fault import fault_of_place, silent_place
from services.alerting.core.silent_places.silent_place import (
    RECHECK,
    changes_of,
    visible_sensors,
)
from services.alerting.metrics import AlertingMetrics
from services.alerting.store.alert_repository import (
    AlertRepository,
    regions_of_alerts,
    silenced_alarm_ids,
)
from services.alerting.store.episodes import load_episodes, save_episodes
from services.alerting.store.evidence import load_evidence
from services.alerting.store.evidence_cache import EvidenceCache
from services.alerting.store.regions import lock_regions, save_clocks
from services.alerting.store.rules import load_rules, quarantine_rules, save_rules
from services.alerting.store.silences import (
    add_hidden,
    await_clearance,
    load_silences,
    save_silences,
)
from services.alerting.store.silent_places import (
    load_silent_places,
    load_silent_sensors,
    look_again,
    save_silent_places,
    save_silent_sensors,
)
from services.alerting.store.warnings import load_warnings, save_warnings
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import Callee
from shared.contracts.faults import FaultState
from shared.contracts.fields import Status
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.rules import RuleDefinition
from shared.contracts.silences import SilenceRequest
from shared.contracts.topics import ALARMS, ALERTS, FAULTS, NOTICES, SILENCE_STATES
from shared.domain.response_modes.effective import Modes
from shared.runtime.database import Transaction
from shared.runtime.errors import Transient
from shared.runtime.timers import arm, disarm

log = structlog.get_logger("fenghuo.alerting")

HOLD = "hold"
"""Kind of the timer at the end of a hold; the subject names the region to lock and the alarm."""
_OPENING_ATTEMPTS = 3
ApplyEvidence = Callable[[Alert, str], AlertChange]
"""Applies evidence to an alert; the id is that of the alert into which it was grouped."""


class UnitOfWork:
    """The state of one transaction of alerting.

    `modes` are the response modes in force, `cache` keeps evidence between transactions, `zone` is
    the time zone of the hours of rules. Handlers read and change alerts through `alerts`, and
    evaluate rules over several sources through `engine`.
    """

    def __init__(
        self,
        transaction: Transaction,
        *,
        modes: Modes,
        cache: EvidenceCache,
        metrics: AlertingMetrics,
        zone: str,
    ) -> None:
        self.plan = LoadPlan()
        self.modes = modes
        self.metrics = metrics
        self.counts = BatchCounts()
        self.alerts = AlertRepository(transaction, cache)
        self.engine = MultiSourceEngine(MultiSourceRules())
        self.silences: dict[str, Silence] = {}
        self.warnings: dict[str, WarningState] = {}
        self.router = AlarmRouter({}, {}, transaction.now)
        self._transaction = transaction
        self._zone = zone
        self._clocks: dict[Region, datetime | None] = {}
        self._stored_episodes: dict[EpisodeKey, RuleEpisode] = {}
        self._changed_rules: list[RuleDefinition] = []
        self._changed_warnings: dict[str, WarningState] = {}
        self._changed_silences: dict[str, SilenceRequest | None] = {}
        self._newly_hidden: Counter[str] = Counter()
        self._left_silences: set[str] = set()
        self._holds: dict[str, datetime | None] = {}
        self._silent_sensors: dict[str, tuple[AlarmEvent, bool]] = {}

    @property
    def now(self) -> datetime:
        """Return the database time of the transaction."""
        return self._transaction.now

    @property
    def locked_regions(self) -> list[Region]:
        """Return the regions locked by this transaction."""
        return list(self._clocks)

    # Loading.

    async def lock(self) -> None:
        """Lock the regions and alerts of the due timers, in the order of all locks."""
        await self._lock_regions()
        if self.plan.alert_ids:
            await self.alerts.load(alert_ids=self.plan.alert_ids)

    async def load(self) -> None:
        """Lock and load the rows of the plan."""
        plan, transaction = self.plan, self._transaction
        # One partition has all warnings, so that no other process changes these rows.
        warnings = await load_warnings(transaction, plan.warnings)
        self.warnings = {warning.warning_id: warning for warning in warnings}
        plan.need_areas_of(warnings)
        await self._lock_regions()
        self.silences = await load_silences(transaction, plan.statuses, plan.silence_ids)
        hidden = await silenced_alarm_ids(transaction, plan.silence_ids) if plan.silence_ids else []
        await self.alerts.load(
            alarm_ids={
                *(alarm.alarm_id for alarm in plan.alarms),
                *plan.waiting_alarm_ids,
                *hidden,
            },
            rule_ids=[alarm.rule_id for alarm in plan.alarms],
            alert_ids=plan.alert_ids,
            keys=plan.group_keys,
            regions=plan.regions,
        )
        alarms = [*plan.new_snapshots, *self.alerts.waiting_snapshots]
        await self.alerts.load_raises(raises_since(alarms))
        await self._load_engine()
        self.router = AlarmRouter(self.engine.evidence.alarms, self.silences, self.now)

    async def _lock_regions(self) -> None:
        plan = self.plan
        plan.regions |= await regions_of_alerts(self._transaction, plan.regrouped_alert_ids)
        self._clocks = await lock_regions(
            self._transaction,
            plan.regions,
            exclusive=bool(plan.rules or plan.silence_ids),
            cities=plan.cities,
        )

    async def _load_engine(self) -> None:
        transaction = self._transaction
        rules = await load_rules(transaction, self._zone)
        self.engine = engine = MultiSourceEngine(rules)
        engine.clocks = {
            region: clock for region, clock in self._clocks.items() if clock is not None
        }
        alarms = self.alerts.snapshots
        query = self.plan.evidence_query(rules, self._clocks, alarms)
        until = await self._latest_expiry(query)
        for episode in await load_episodes(transaction, query, self._clocks, until):
            self._stored_episodes[episode.key] = episode
            query.add_episode(episode.key)
            engine.add_episode(episode)
        for alarm in alarms:
            engine.evidence.update_alarm(alarm)
        await load_evidence(transaction, engine, query)

    async def _latest_expiry(self, query: EvidenceQuery) -> datetime:
        """Return the event time up to which episodes may expire in this transaction.

        The timer of an episode moves the clock of its region to the expiry: up to this moment,
        other episodes expire as well.
        """
        if not self.plan.episode_keys:
            return self.plan.until
        episodes = await load_episodes(self._transaction, query, (), EPOCH)
        ends = [episode.expires_at for episode in episodes if episode.expires_at is not None]
        return max(self.plan.until, *ends) if ends else self.plan.until

    # Alerts.

    async def apply_evidence(
        self,
        event: AlarmEvent | Report,
        own_alert: Alert | None,
        apply: ApplyEvidence,
        calls: tuple[Callee, ...] = (),
    ) -> tuple[Alert, Disposition, str]:
        """Apply evidence to its own alert, else to the open alert of its group, else to a new one.

        Returns the present alert of the evidence, the disposition, and the id of the origin alert.
        Raises Transient when other processes open and close alerts of the group all the time.
        """
        key, origin = group_key(event), origin_of(event)
        for _ in range(_OPENING_ATTEMPTS):
            grouped = own_alert or self.alerts.open_alert(key)
            if grouped is not None:
                holder = with_grade(self.alerts.holder(grouped), grade_of(event))
                change = replace(apply(holder, grouped.alert_id), calls=calls)
                self.commit(change, origin)
                return change.alert, Disposition.JOINED, grouped.alert_id
            alert = new_alert(event)
            change = replace(apply(alert, alert.alert_id), calls=calls)
            if await self.alerts.insert(change.alert):
                self._publish(change, origin)
                return change.alert, Disposition.OPENED, alert.alert_id
        raise Transient(f"alerts of {key} open and close faster than they can be locked")

    def commit(self, change: AlertChange, origin: ChangeOrigin) -> None:
        """Store and publish a change; alerts merged into an ended alert end together."""
        self.alerts.update(change.alert)
        self._publish(change, origin)
        if change.alert.is_open_or_merged:
            return
        for child, _ in change.alert.merged_alerts:
            alert = self.alerts.alert(child)
            assert alert is not None, "an alert is locked with all that is merged into it"
            self.commit(end_merged(alert), origin)

    async def insert(self, change: AlertChange, origin: ChangeOrigin) -> None:
        """Store and publish a new alert, and move its evidence from the former alert."""
        inserted = await self.alerts.insert(change.alert)
        assert inserted, "the group key is its own, or has just become free under our lock"
        self._publish(change, origin)
        await self.alerts.move_evidence(change.alert)

    async def regroup(self, regrouping: Regrouping, origin: ChangeOrigin) -> None:
        """Store and publish both sides of a decision about two alerts, and move their evidence."""
        first, second = regrouping.changes
        if regrouping.creates_alert:
            await self.insert(first, origin)
        else:
            self.commit(first, origin)
        self.commit(second, origin)
        for change in regrouping.changes:
            await self.alerts.move_evidence(change.alert)

    def _publish(self, change: AlertChange, origin: ChangeOrigin) -> None:
        records = records_of(change, origin, self.now)
        event, notice = records.event, records.notice
        self._transaction.publish(ALERTS, event.alert_id, event, event.id)
        if notice is not None:
            self._transaction.publish(NOTICES, notice.notice_id, notice, notice.id)
        self.counts.transitions[change.alert.status, change.transition] += 1

    # Alarms aside.

    def start_hold(self, alarm: AlarmSnapshot, duration: timedelta) -> None:
        """Put an alarm on hold."""
        self._holds[_hold_subject(alarm)] = self.now + duration

    def end_hold(self, alarm: AlarmSnapshot) -> None:
        """End a hold: its timer is disarmed."""
        self._holds[_hold_subject(alarm)] = None

    def count_hidden(self, silence_id: str) -> None:
        """Count a newly hidden alarm of a silence."""
        self._newly_hidden[silence_id] += 1

    def leave_silence(self, silence_id: str) -> None:
        """Note that a silence hides an alarm no longer."""
        self._left_silences.add(silence_id)

    def note_silence(self, event: AlarmEvent, *, lasts: bool) -> None:
        """Note that a sensor is silent, or heard again."""
        self._silent_sensors[event.alarm_id] = (event, lasts)

    async def tell_silent_places(self, district: str) -> None:
        """Publish a fault for each place whose sensors are silent, and the end of those over."""
        transaction, now = self._transaction, self.now
        sensors = await load_silent_sensors(transaction, district)
        visible = visible_sensors(sensors, self.silences, now)
        existing_places = await load_silent_places(transaction, district)
        changes = changes_of(district, visible, existing_places)
        raised = [
            silent_place(place, silent, now.isoformat(), wide=place in changes.wide)
            for place, silent in changes.raised.items()
        ]
        await save_silent_places(transaction, district, raised, changes.cleared)
        faults = [fault_of_place(place, FaultState.CLEARED, now) for place in changes.cleared]
        faults += [fault_of_place(place, FaultState.RAISED, now) for place in raised]
        for fault in faults:
            transaction.publish(FAULTS, fault.fault_id, fault, fault.id)
        if len(visible) < len(sensors):
            await look_again(transaction, district, now + RECHECK)

    # Rules over several sources, warnings, silences.

    def cause_of(
        self, event: AlarmEvent | Report | ExternalWarning | RuleDefinition, at: datetime
    ) -> EpisodeCause:
        """Return a message as the cause of evaluations at event time `at`."""
        return EpisodeCause(event.id, event.trace_id or event.id, at, self.now)

    def publish_rule_alarms(self) -> None:
        """Publish the events of the engine; like every alarm, these come back through the log."""
        for event in self.engine.events:
            self._transaction.publish(ALARMS, event.alarm_id, event, event.id)
            self.counts.episodes[event.kind, event.transition, event.status] += 1
        self.engine.events.clear()

    def save_rule(self, rule: RuleDefinition) -> None:
        """Store the new version of a rule at the end of the transaction."""
        self._changed_rules.append(rule)

    def save_warning(self, warning: WarningState) -> None:
        """Store a warning at the end of the transaction."""
        self.warnings[warning.warning_id] = self._changed_warnings[warning.warning_id] = warning

    def save_silence(self, silence: Silence, request: SilenceRequest | None) -> None:
        """Store and publish a silence at the end; `request` None: a timer has changed it."""
        self.silences[silence.silence_id] = silence
        self._changed_silences[silence.silence_id] = request

    # Saving.

    async def save(self) -> None:
        """Write all changes and queue the resulting records."""
        transaction = self._transaction
        await self.alerts.flush()
        await self._save_holds()
        await save_silent_sensors(transaction, self._silent_sensors)
        await self._save_silences()
        await save_rules(transaction, self._changed_rules)
        await self._quarantine_rules()
        await save_warnings(transaction, list(self._changed_warnings.values()))
        clocks = self.engine.clocks.items()
        moved = {region: clock for region, clock in clocks if clock != self._clocks.get(region)}
        await save_clocks(transaction, moved)
        await save_episodes(transaction, self.engine, self._stored_episodes)
        await self.alerts.fill_cache()
        self.metrics.count(self.counts, self.engine.shadow_counts)

    async def _quarantine_rules(self) -> None:
        for rule_id in sorted(self.engine.too_costly):
            log.error("rule_quarantined", rule_id=rule_id)
        await quarantine_rules(self._transaction, self.engine.too_costly)
        self.metrics.note_quarantined(self.engine.rules.quarantined)

    async def _save_holds(self) -> None:
        holds = self._holds.items()
        armed = [(subject, HOLD, 0, ends_at) for subject, ends_at in holds if ends_at is not None]
        await arm(self._transaction, armed, rearm=True)
        ended = [subject for subject, ends_at in holds if ends_at is None]
        await disarm(self._transaction, ended, [HOLD])

    async def _save_silences(self) -> None:
        changed = [self.silences[silence_id] for silence_id in sorted(self._changed_silences)]
        await save_silences(self._transaction, changed)
        names = sorted(self._left_silences & {*self.silences})
        await await_clearance(self._transaction, [self.silences[name] for name in names])
        silences = {silence.silence_id: silence for silence in changed}
        for silence in await add_hidden(self._transaction, self._newly_hidden):
            silences[silence.silence_id] = silence
        for silence_id, silence in sorted(silences.items()):
            event = silence_event(silence, self._changed_silences.get(silence_id), self.now)
            self._transaction.publish(SILENCE_STATES, silence_id, event, event.id)


def hold_of_timer(subject: str) -> tuple[Region, str]:
    """Return the region and the alarm id of a hold's timer."""
    status, unit, alarm_id = subject.split("|", 2)
    return Region(Status(status), unit), alarm_id


def _hold_subject(alarm: AlarmSnapshot) -> str:
    region = region_of(alarm.status, alarm.place)
    return f"{region.status}|{region.unit}|{alarm.alarm_id}"
