"""The edge: what a batch brings in, the core's changes out as records; and timers of episodes.

One batch is one transaction (shared.runtime.inbox), so a refused decision raises and the runtime
does the batch again record by record. Everything the batch may touch is locked before its first
record is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.alerting.batch import Batch, tell
from services.alerting.core.board import Board
from services.alerting.core.counts import Counts
from services.alerting.core.episode import Cause, Episode, EpisodeKey
from services.alerting.core.facts import Fact, fact_of
from services.alerting.core.grouping import key_of
from services.alerting.core.inhibit import higher_first
from services.alerting.core.lifecycle import Refusal
from services.alerting.core.scopes import Region, region_of
from services.alerting.core.wants import Wants
from services.alerting.core.warnings import Warned, areas_of, withdraws
from services.alerting.metrics import AlertingMetrics
from services.alerting.store import evidence as store
from services.alerting.store.alerts import Book
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status, Tier
from shared.contracts.ids import content_id
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import tier_of
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbox import Incoming
from shared.runtime.timers import Timer

AHEAD = timedelta(seconds=120)
"""How far event time may run ahead of Kafka's record time; what is further ahead is cut."""


class Alerting:
    """Applies batches; all state is in the database."""

    def __init__(self, metrics: AlertingMetrics) -> None:
        self._metrics = metrics
        self._refused_last = ""

    async def apply(self, work: Transaction, batch: Sequence[Incoming]) -> None:
        """Take a batch in order; raises Reject for what cannot be applied."""
        heard = {id(one.message): _heard_at(one) for one in batch}
        messages = higher_first([one.message for one in batch])
        warning_sources = {one.source_id for one in messages if isinstance(one, ExternalWarning)}
        # One partition has all warnings, so nobody else changes these.
        standing = await store.warnings_of(work, warning_sources) if warning_sources else []
        found = _sorted(messages, standing)
        clocks = await store.lock(work, found.regions, defines=bool(found.rules), above=found.above)
        book = Book(work)
        keys = [*map(key_of, found.alarms), *map(key_of, found.reports)]
        await book.load(found.alarms, found.decided, keys, found.regions)

        board = Board(await store.rulebook(work))
        board.clocks = {region: at for region, at in clocks.items() if at is not None}
        wants = Wants(board.rules, board.clocks)
        for fact in (*book.facts, *(fact_of(one, None) for one in found.alarms)):
            wants.fact(fact)
        for report in found.reports:
            wants.sighting(report.status, report.event_type, report.place)
        for status, event_type, area in sorted(found.warned):
            for rule in board.rules.about(event_type):
                wants.everywhere(rule, _within(status, (area,), clocks))
        for new in found.rules:
            for version in (board.rules.get(new.rule_id), new):
                if version is not None:
                    wants.everywhere(version, clocks)
        stored = await _load(work, board, wants, clocks, max(heard.values()), book.facts)
        run = Batch(work, book, board, standing)
        for message in messages:
            at = heard[id(message)]
            match message:
                case AlarmEvent():
                    await run.alarm(message, at)
                case Report():
                    await run.report(message, at)
                case ExternalWarning():
                    run.warning(message, at, _within(message.status, areas_of(message), clocks))
                case RuleDefinition():
                    run.definition(message)
                case AlertDecision():
                    refusal = run.decision(message)
                    if refusal is not None:
                        self._count_refusal(message, refusal)
                        raise Reject(Reason.NOT_ALLOWED, f"{refusal.reason}: {refusal.text}")
                case other:
                    raise TypeError(f"nothing is known about a {type(other).__name__}")
        await book.flush()
        await store.save(work, board, stored, clocks, run.defined, run.warned.values())
        self._metrics.count(run.counts, board.shadowed)

    async def lock(self, work: Transaction, subjects: Sequence[str]) -> None:
        """Lock the regions of episodes whose timers are due."""
        await store.lock(work, {_key(one).region for one in subjects}, defines=False)

    async def fire(self, work: Transaction, timers: Sequence[Timer]) -> None:
        """Nothing was heard for as long as an episode still had: its time has come."""
        keys = [_key(one.subject_id) for one in timers]
        clocks = await store.lock(work, {key.region for key in keys}, defines=False)
        board = Board(await store.rulebook(work))
        board.clocks = {region: at for region, at in clocks.items() if at is not None}
        wants = Wants(board.rules, board.clocks)
        wants.episodes.update(keys)
        mine = await store.episodes(work, wants, (), datetime.max.replace(tzinfo=UTC))
        until = max((one.expires_at for one in mine if one.expires_at is not None), default=None)
        if until is None:
            return
        stored = await _load(work, board, wants, clocks, until)
        for key in keys:
            cause = content_id("tmr", key.text)
            board.expire(key, Cause(cause, cause, work.now, work.now))
        counts = Counts()
        tell(work, board, counts)
        await store.save(work, board, stored, clocks, (), ())
        self._metrics.count(counts, board.shadowed)

    def _count_refusal(self, decision: AlertDecision, refusal: Refusal) -> None:
        # The runtime does a spoilt batch again, record by record: the same refusal comes twice.
        if decision.id != self._refused_last:
            self._metrics.refusals.labels(refusal.reason).inc()
            self._refused_last = decision.id


@dataclass
class _Sorted:
    """A batch by what its messages are, and where they count."""

    alarms: list[AlarmEvent] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    warned: set[tuple[Status, str, str]] = field(default_factory=set)
    rules: list[RuleDefinition] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    regions: set[Region] = field(default_factory=set)
    above: set[Region] = field(default_factory=set)


def _sorted(messages: Sequence[Any], standing: Sequence[Warned]) -> _Sorted:
    found = _Sorted()
    for message in messages:
        match message:
            case AlarmEvent():
                found.alarms.append(message)
                found.regions.add(region_of(message.status, message.place))
            case Report():
                found.reports.append(message)
                found.regions.add(region_of(message.status, message.place))
            case ExternalWarning():
                gone = [one for one in standing if withdraws(message, one)]
                kinds = {(message.event_type, area) for area in areas_of(message)}
                kinds |= {(one.event_type, area) for one in gone for area in one.areas}
                for kind, area in kinds:
                    found.warned.add((message.status, kind or "", area))
                    found.regions.add(region_of(message.status, area))
                    if tier_of(area) is Tier.CITY:
                        found.above.add(Region(message.status, area))
            case RuleDefinition():
                found.rules.append(message)
            case AlertDecision():
                found.decided.append(message.alert_id)
    return found


async def _load(
    work: Transaction,
    board: Board,
    wants: Wants,
    regions: Iterable[Region],
    until: datetime,
    facts: Iterable[Fact] = (),
) -> dict[EpisodeKey, Episode]:
    """Put onto the board what is wanted and what falls due; the episodes as they are stored."""
    stored = {one.key: one for one in await store.episodes(work, wants, regions, until)}
    for episode in stored.values():
        wants.key(episode.key)
        board.remember(episode)
    for fact in facts:
        board.known.know(fact)
    await store.load(work, board, wants)
    return stored


def _heard_at(incoming: Incoming) -> datetime:
    """Event time as the log's clock may take it; a record from the future moves it no further."""
    at: datetime = incoming.message.occurred_at
    if not incoming.accepted_ms:
        return at
    return min(at, datetime.fromtimestamp(incoming.accepted_ms / 1000, UTC) + AHEAD)


def _within(status: Status, areas: Iterable[str], regions: Iterable[Region]) -> list[Region]:
    """The regions, of those that are locked, in which something about these areas counts."""
    mine = {region_of(status, area) for area in areas}
    wide = {area[:2] for area in areas if tier_of(area) is Tier.CITY}
    return sorted(
        one for one in regions if one.status is status and (one in mine or one.unit[:2] in wide)
    )


def _key(subject: str) -> EpisodeKey:
    """The episode of a timer; the reverse of EpisodeKey.text."""
    rule_id, status, unit, scope = subject.split("|", 3)
    return EpisodeKey(rule_id, Region(Status(status), unit), scope)
