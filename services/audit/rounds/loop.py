"""The loop of the auditor's rounds. It needs no other service to run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import structlog

from services.audit.core.conservation.balances import HopBalance
from services.audit.core.findings.confirmation import Suspicion, confirm_findings
from services.audit.core.findings.detection import FindingKey, detect_findings
from services.audit.core.findings.snapshot import ComponentFault, FindingKind, Snapshot
from services.audit.core.responsible_unit import ResponsibleUnit
from services.audit.core.trail import chain
from services.audit.core.trail.chain import GENESIS, ChainHead
from services.audit.metrics import AuditMetrics
from services.audit.rounds.conservation import ConservationCheck, RoundResult
from services.audit.rounds.recording import FindingRecorder
from services.audit.settings import Settings
from services.audit.store import counters, findings, trail
from services.audit.store.checks import UNAVAILABLE, Checks
from services.audit.store.kafka_log import KafkaLog
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.audit")

_VERIFY_BATCH = 2_000
MOST_AGE_S = 120.0
"""The age of the last round, in seconds, beyond which the auditor is not ready."""
_CONSERVATION_KINDS = frozenset(
    {
        FindingKind.CONSUMER_STOPPED,
        FindingKind.READER_LATE,
        FindingKind.RECORD_LOST,
        FindingKind.RECORD_CORRUPT,
        FindingKind.HOP_UNBALANCED,
        FindingKind.LETTERS_GROW,
        FindingKind.CLOCKS_DIFFER,
    }
)
"""The kinds of faults that ConservationCheck detects."""


class ComponentWatch(Protocol):
    """The watch over the components (services/audit/watch)."""

    def faults(self) -> tuple[ComponentFault, ...]:
        """Return the faults of the components now."""
        ...

    def checked_kinds(self) -> frozenset[FindingKind]:
        """Return the kinds of which a component without a fault certainly works."""
        ...

    def note_round(self) -> None:
        """Note that a round of Kafka and Postgres was made."""
        ...


class RoundLoop:
    """Makes a round every few seconds. Suspicions are in memory, findings in the database."""

    def __init__(
        self,
        database: Database,
        kafka_log: KafkaLog,
        metrics: AuditMetrics,
        settings: Settings,
        watch: ComponentWatch,
        responsible: ResponsibleUnit,
    ) -> None:
        self._database = database
        self._watch = watch
        self._conservation = ConservationCheck(database, kafka_log)
        self._metrics = metrics
        self._settings = settings
        self._recorder = FindingRecorder(responsible, metrics)
        self._checks = Checks(settings.audit_count_share)
        self._suspicions: Mapping[FindingKey, Suspicion] = {}
        self._unavailable: dict[str, str] = {}
        self._verified = GENESIS
        self._reported_at: float | None = None
        """The monotonic time of the end of the last round."""

    def ready(self) -> str | None:
        """Return None for /readyz once a round could make all checks, otherwise the reason."""
        if self._unavailable:
            name, reason = next(iter(self._unavailable.items()))
            return f"{len(self._unavailable)} checks cannot be made, {name}: {reason}"
        if self._reported_at is None:
            return "no check has been made yet"
        age_s = time.monotonic() - self._reported_at
        return f"the last round ended {age_s:.0f} s ago" if age_s > MOST_AGE_S else None

    async def run(self) -> None:
        """Make rounds for ever; outages of the database or Kafka end a round, not the loop."""
        while True:
            began_at = time.monotonic()
            try:
                await self.make_round()
            except Transient as error:
                # A fault seen before and after an outage was not seen in consecutive rounds.
                self._suspicions = {}
                self._metrics.checks.labels("failed").inc()
                log.warning("check_retry", error=str(error))
            except Exception as error:
                # The loop goes on without this round; /readyz and a metric report the failure.
                self._suspicions = {}
                log.exception("check_broken")
                self._report({"round": repr(error)})
            spent_s = time.monotonic() - began_at
            await asyncio.sleep(max(0.1, self._settings.audit_every_s - spent_s))

    async def make_round(self) -> None:
        """Make one round. Raises Transient while the database is away."""
        result, unavailable = await self._check_conservation()
        async with self._database.transaction() as transaction:
            await transaction.connection.execute("SET TRANSACTION READ ONLY")
            tables = await self._checks.take_snapshot(transaction)
            broken_entry = await self._verify_trail(transaction)
            now = await transaction.connection.fetchval("SELECT clock_timestamp()")
            self._conservation.end_round(now)
        kinds = tables.snapshot.checked_kinds | {FindingKind.TRAIL_BROKEN}
        kinds |= self._watch.checked_kinds()
        snapshot = replace(
            tables.snapshot,
            checked_kinds=kinds,
            broken_entry=broken_entry,
            components=self._watch.faults(),
        )
        if result is not None:
            snapshot = replace(
                snapshot,
                checked_kinds=kinds | _CONSERVATION_KINDS,
                unsettled=result.unsettled,
                stopped_readers=result.stopped_readers,
                suspects=result.suspects,
                suspect_groups=result.suspect_groups,
                balances=result.balances,
                letter_rates=result.letter_rates,
                clock_difference=result.clock_difference,
            )
        async with self._database.transaction() as transaction:
            if await findings.try_lock(transaction):
                await self._save_findings(transaction, snapshot)
        self._report(tables.unavailable | unavailable)
        if "conservation" not in unavailable:
            self._watch.note_round()

    async def _check_conservation(self) -> tuple[RoundResult | None, dict[str, str]]:
        """Check conservation; while Kafka is away, the checks of the tables are made alone."""
        try:
            result = await self._conservation.run()
        except (Transient, *UNAVAILABLE) as error:
            return None, {"conservation": str(error)}
        if result is None:
            return None, {}
        self._export(result.balances)
        return result, {
            f"conservation of {topic}/{part}": reason
            for (topic, part), reason in result.unreadable.items()
        }

    def _export(self, balances: tuple[HopBalance, ...]) -> None:
        for balance in balances:
            for outcome, records in (
                ("in", balance.records_in),
                ("applied", balance.applied),
                ("repeated", balance.repeated),
                ("refused", balance.refused),
                ("unchecked", balance.unchecked),
                ("in_flight", balance.in_flight),
                ("difference", balance.difference),
            ):
                self._metrics.hops.labels(balance.service, balance.topic, outcome).set(records)

    async def _save_findings(self, transaction: Transaction, snapshot: Snapshot) -> None:
        if snapshot.dispositions:
            await counters.save_dispositions(transaction, snapshot.dispositions)
        open_findings = await findings.load_open(transaction)
        detected = detect_findings(snapshot, transaction.now)
        changes = confirm_findings(
            detected, snapshot.checked_kinds, self._suspicions, open_findings
        )
        resolved_ids = [open_findings[key] for key in changes.resolved]
        await self._recorder.record(transaction, changes.raised, resolved_ids)
        self._suspicions = changes.suspicions
        counts = await findings.count_open(transaction)
        for kind in FindingKind:
            self._metrics.findings.labels(kind).set(counts.get(kind, 0))

    async def _verify_trail(self, transaction: Transaction) -> int | None:
        """Verify the entries since the last round; return the sequence of a broken entry."""
        end = await trail.load_head(transaction)
        entries = await trail.load_entries(transaction, self._verified.sequence, _VERIFY_BATCH)
        broken_index = chain.verify(entries, previous=self._verified)
        intact = entries if broken_index is None else entries[:broken_index]
        if intact:
            self._verified = ChainHead(intact[-1].sequence, intact[-1].hash)
        # The head was read first: entries up to the head must exist, and there may be newer ones.
        cut = len(entries) < _VERIFY_BATCH and self._verified.sequence < end.sequence
        rewound = end.sequence < self._verified.sequence - len(intact)
        is_broken = broken_index is not None or cut or rewound
        return self._verified.sequence + 1 if is_broken else None

    def _report(self, unavailable: dict[str, str]) -> None:
        for name in unavailable.keys() - self._unavailable.keys():
            log.warning("check_not_ready", check=name, error=unavailable[name])
        self._unavailable, self._reported_at = unavailable, time.monotonic()
        self._metrics.not_ready.set(len(unavailable))
        self._metrics.checks.labels("not_ready" if unavailable else "complete").inc()
