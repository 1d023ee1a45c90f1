"""The auditor's rounds: look, judge, tell. Depends on no other service being alive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

import structlog

from services.audit.core import liveness, trail
from services.audit.core.conservation import Balance
from services.audit.core.liveness import Finding, Key, Suspicion, Verdict
from services.audit.core.snapshot import FindingKind, Snapshot
from services.audit.core.trail import GENESIS, Act
from services.audit.ledger import Books, Ledger
from services.audit.metrics import AuditMetrics
from services.audit.settings import Settings
from services.audit.store import books, findings
from services.audit.store.checks import NOT_READY, Checks
from shared.contracts.audit import AuditOutcome
from shared.contracts.fields import Status
from shared.runtime.database import Database, Transaction
from shared.runtime.errors import Transient

log = structlog.get_logger("fenghuo.audit")

ACTOR = "audit"
_VERIFY_BATCH = 2_000
_HOPS = frozenset(
    {
        FindingKind.CONSUMER_STOPPED,
        FindingKind.RECORD_LOST,
        FindingKind.RECORD_CORRUPT,
        FindingKind.HOP_UNBALANCED,
    }
)
"""What the ledger looks for."""


class Rounds:
    """One check every few seconds; a suspicion is kept in memory, a finding in the database."""

    def __init__(
        self, database: Database, ledger: Ledger, metrics: AuditMetrics, settings: Settings
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._metrics = metrics
        self._settings = settings
        self._checks = Checks(settings.audit_count_share)
        self._suspicions: Mapping[Key, Suspicion] = {}
        self._missing: dict[str, str] = {}
        self._verified = GENESIS
        self._done = False

    def ready(self) -> str | None:
        """For /readyz: None once a check could look at everything."""
        if self._missing:
            name, why = next(iter(self._missing.items()))
            return f"{len(self._missing)} checks cannot be made, {name}: {why}"
        return None if self._done else "no check has been made yet"

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            began = time.monotonic()
            try:
                await self.check()
            except Transient as error:
                # What was seen before an outage and is seen after it was not seen all the while.
                self._suspicions = {}
                self._metrics.checks.labels("failed").inc()
                log.warning("check_retry", error=str(error))
            except Exception as error:
                # The others go on without this round; whoever watches sees that it cannot be made.
                self._suspicions = {}
                log.exception("check_broken")
                self._report({"round": repr(error)})
            spent = time.monotonic() - began
            await asyncio.sleep(max(0.1, self._settings.audit_every_s - spent))

    async def check(self) -> None:
        """One round; raises Transient while the database cannot be asked."""
        books, missing = await self._keep_books()
        async with self._database.transaction() as work:
            await work.connection.execute("SET TRANSACTION READ ONLY")
            look = await self._checks.take(work)
            broken = await self._verify_trail(work)
            self._ledger.shown(await work.connection.fetchval("SELECT clock_timestamp()"))
        kinds = look.snapshot.looked | {FindingKind.TRAIL_BROKEN}
        snapshot = replace(look.snapshot, looked=kinds, broken_at=broken)
        if books is not None:
            snapshot = replace(
                snapshot,
                looked=kinds | _HOPS,
                moving=books.moving,
                stands=books.stands,
                suspects=books.suspects,
                crowds=books.crowds,
                balances=books.balances,
            )
        async with self._database.transaction() as work:
            if await findings.take_turn(work):
                await self._judge(work, snapshot)
        self._report(look.missing | missing)

    async def _keep_books(self) -> tuple[Books | None, dict[str, str]]:
        """The ledger's round; while Kafka cannot be asked the tables are checked all the same."""
        try:
            books = await self._ledger.look()
        except (Transient, *NOT_READY) as error:
            return None, {"conservation": str(error)}
        if books is None:
            return None, {}
        self._show(books.balances)
        return books, {
            f"conservation of {topic}/{part}": why
            for (topic, part), why in books.unreadable.items()
        }

    def _show(self, balances: tuple[Balance, ...]) -> None:
        for balance in balances:
            for fate, records in (
                ("in", balance.records_in),
                ("applied", balance.applied),
                ("repeated", balance.repeated),
                ("refused", balance.refused),
                ("unchecked", balance.unchecked),
                ("in_flight", balance.in_flight),
                ("difference", balance.difference),
            ):
                self._metrics.hops.labels(balance.service, balance.topic, fate).set(records)

    async def _judge(self, work: Transaction, snapshot: Snapshot) -> None:
        if snapshot.evidence:
            await books.keep_evidence(work, snapshot.evidence)
        open_ = await findings.open_findings(work)
        verdict = liveness.weigh(
            liveness.find(snapshot, work.now), snapshot.looked, self._suspicions, open_
        )
        await self._tell(work, verdict, open_)
        self._suspicions = verdict.suspicions
        counts = await findings.counts_of_open(work)
        for kind in FindingKind:
            self._metrics.findings.labels(kind).set(counts.get(kind, 0))

    async def _tell(self, work: Transaction, verdict: Verdict, open_: Mapping[Key, str]) -> None:
        new = await findings.raise_(work, verdict.raised)
        acts: list[Act] = []
        for finding in verdict.raised:
            if finding.key not in new:
                continue
            log.critical(
                "finding",
                kind=finding.kind,
                subject=finding.subject_id,
                detail=finding.detail,
                id=new[finding.key],
            )
            self._metrics.raised.labels(finding.kind).inc()
            acts.append(
                self._act(work, f"{new[finding.key]}.raised", finding, AuditOutcome.FINDING)
            )
        for row in await findings.resolve(work, [open_[key] for key in verdict.resolved]):
            gone = Finding(
                FindingKind(row["kind"]), row["subject_id"], Status(row["status"]), row["detail"]
            )
            log.warning("finding_resolved", kind=gone.kind, subject=gone.subject_id)
            cause = f"{row['finding_id']}.resolved"
            acts.append(self._act(work, cause, gone, AuditOutcome.RESOLVED))
        self._metrics.entries.inc(await books.enter(work, acts))

    def _act(self, work: Transaction, cause: str, finding: Finding, outcome: AuditOutcome) -> Act:
        return Act(
            cause_id=cause,
            actor=ACTOR,
            action=f"finding.{finding.kind}",
            subject_id=finding.subject_id[:200],
            outcome=outcome,
            status=finding.status,
            occurred_at=work.now,
            origin_unit=self._settings.audit_unit,
            reason=finding.detail[:4000],
        )

    async def _verify_trail(self, work: Transaction) -> int | None:
        """Verify what was appended since the last round; the sequence of a broken entry."""
        end = await books.head(work)
        entries = await books.entries_after(work, self._verified.sequence, _VERIFY_BATCH)
        index = trail.verify(entries, after=self._verified)
        good = entries if index is None else entries[:index]
        if good:
            self._verified = trail.Head(good[-1].sequence, good[-1].hash)
        # The head was read first, so entries up to it must be there; more may have come since.
        cut = len(entries) < _VERIFY_BATCH and self._verified.sequence < end.sequence
        rewound = end.sequence < self._verified.sequence - len(good)
        return self._verified.sequence + 1 if index is not None or cut or rewound else None

    def _report(self, missing: dict[str, str]) -> None:
        for name in missing.keys() - self._missing.keys():
            log.warning("check_not_ready", check=name, error=missing[name])
        self._missing, self._done = missing, True
        self._metrics.not_ready.set(len(missing))
        self._metrics.checks.labels("not_ready" if missing else "complete").inc()
