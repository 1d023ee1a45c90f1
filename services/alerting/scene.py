"""Everything that a batch or a timer may touch, locked and loaded; saved when it is done.

Order of locks: rules (shared, or alone where something changes that every region looks at), regions by
status and unit, alerts by id with all that is merged with them, counts of silences last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.alerting.batch import REGROUPS, Batch
from services.alerting.core.board import Board
from services.alerting.core.episode import Episode, EpisodeKey
from services.alerting.core.facts import Fact, fact_of
from services.alerting.core.flapping import WINDOW, FlapKey, flap_key
from services.alerting.core.grouping import key_of
from services.alerting.core.scopes import Region, region_of
from services.alerting.core.wants import Wants
from services.alerting.core.warnings import Warned, areas_of, withdraws
from services.alerting.store import evidence as store
from services.alerting.store import silences as silence_store
from services.alerting.store.alerts import Book, regions_of
from services.alerting.store.kept import Kept
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision
from shared.contracts.fields import Status, Tier
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.rules import RuleDefinition
from shared.contracts.silences import SilenceRequest
from shared.contracts.units import tier_of
from shared.domain.response_modes.effective import Modes
from shared.runtime.database import Transaction

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Needs:
    """What is about to be looked at. `waiting` are alarms that may be weighed again, `until` is event
    time up to which episodes may fall due. Where alerts are `regrouped`, their regions are locked too,
    so that nobody brings evidence to the one while it goes to the other.
    """

    alarms: list[AlarmEvent] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    warned: set[tuple[Status, str, str]] = field(default_factory=set)
    rules: list[RuleDefinition] = field(default_factory=list)
    alerts: set[str] = field(default_factory=set)
    regrouped: set[str] = field(default_factory=set)
    silences: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    episodes: set[EpisodeKey] = field(default_factory=set)
    regions: set[Region] = field(default_factory=set)
    above: set[Region] = field(default_factory=set)
    until: datetime = _NEVER

    @classmethod
    def of(cls, messages: Sequence[Any], standing: Sequence[Warned]) -> Needs:
        """What these messages need; `standing` are the warnings of their agencies."""
        result = cls()
        for message in messages:
            match message:
                case AlarmEvent():
                    result.alarms.append(message)
                    result.regions.add(region_of(message.status, message.place))
                case Report():
                    result.reports.append(message)
                    result.regions.add(region_of(message.status, message.place))
                case ExternalWarning():
                    result._warning(message, standing)
                case RuleDefinition():
                    result.rules.append(message)
                case AlertDecision():
                    named = {message.alert_id} | ({message.into} if message.into else set())
                    result.alerts |= named
                    result.regrouped |= named if message.verb in REGROUPS else set()
                case SilenceRequest():
                    result.silences.add(message.silence_id)
        return result

    def _warning(self, message: ExternalWarning, standing: Sequence[Warned]) -> None:
        gone = [one for one in standing if withdraws(message, one)]
        kinds = {(message.event_type, area) for area in areas_of(message)}
        kinds |= {(one.event_type, area) for one in gone for area in one.areas}
        for kind, area in kinds:
            self.warned.add((message.status, kind or "", area))
            self.regions.add(region_of(message.status, area))
            if tier_of(area) is Tier.CITY:
                self.above.add(Region(message.status, area))


@dataclass
class Scene:
    """What was needed, at hand; `batch` works on it."""

    work: Transaction
    book: Book
    board: Board
    batch: Batch
    clocks: dict[Region, datetime | None]
    stored: dict[EpisodeKey, Episode]

    @classmethod
    async def set(
        cls,
        work: Transaction,
        needs: Needs,
        modes: Modes,
        standing: Sequence[Warned] = (),
        kept: Kept | None = None,
    ) -> Scene:
        """Lock and load; `kept` is the evidence as earlier batches left it."""
        needs.regions |= await regions_of(work, needs.regrouped)
        alone = bool(needs.rules or needs.silences)
        clocks = await store.lock(work, needs.regions, defines=alone, above=needs.above)
        statuses = {alarm.status for alarm in needs.alarms} | {
            region.status for region in needs.regions
        }
        silences = await silence_store.standing(
            work, set(Status) if needs.waiting or needs.silences else statuses, needs.silences
        )
        book = Book(work, kept)
        hidden = await book.silenced(needs.silences) if needs.silences else []
        await book.load(
            {*(alarm.alarm_id for alarm in needs.alarms), *needs.waiting, *hidden},
            (alarm.rule_id for alarm in needs.alarms),
            needs.alerts,
            [*map(key_of, needs.alarms), *map(key_of, needs.reports)],
            needs.regions,
        )
        await book.load_raises(
            _since([*(fact_of(alarm, None) for alarm in needs.alarms), *book.waiting])
        )
        board = Board(await store.rulebook(work))
        board.clocks = {region: at for region, at in clocks.items() if at is not None}
        stored = await _load(work, board, _wants(board, book, needs, clocks), needs, clocks, book)
        batch = Batch(work, book, board, silences, modes, standing)
        return cls(work, book, board, batch, clocks, stored)

    def heard_by_now(self, event: AlarmEvent, at: datetime) -> datetime:
        """`at`, as far as its region's clock has come: who overtakes others does not move it past them."""
        return min(at, self.board.clocks.get(region_of(event.status, event.place), at))

    async def save(self) -> None:
        """Write everything that has changed."""
        await self.batch.save()
        run = self.batch
        warned = run.warned.values()
        await store.save(self.work, self.board, self.stored, self.clocks, run.defined, warned)
        await self.book.keep()


def within(status: Status, areas: Iterable[str], regions: Iterable[Region]) -> list[Region]:
    """The regions, of those that are locked, in which something about these areas counts."""
    mine = {region_of(status, area) for area in areas}
    wide = {area[:2] for area in areas if tier_of(area) is Tier.CITY}
    return sorted(
        region
        for region in regions
        if region.status is status and (region in mine or region.unit[:2] in wide)
    )


def _wants(board: Board, book: Book, needs: Needs, clocks: dict[Region, datetime | None]) -> Wants:
    """What rules over several sources may have to look at."""
    wants = Wants(board.rules, board.clocks)
    for fact in (*book.facts, *(fact_of(alarm, None) for alarm in needs.alarms)):
        wants.fact(fact)
    for report in needs.reports:
        wants.sighting(report.status, report.event_type, report.place)
    for status, event_type, area in sorted(needs.warned):
        for rule in board.rules.about(event_type):
            wants.everywhere(rule, within(status, (area,), clocks))
    for new in needs.rules:
        for version in (board.rules.get(new.rule_id), new):
            if version is not None:
                wants.everywhere(version, clocks)
    wants.episodes.update(needs.episodes)
    return wants


async def _load(
    work: Transaction,
    board: Board,
    wants: Wants,
    needs: Needs,
    regions: Iterable[Region],
    book: Book,
) -> dict[EpisodeKey, Episode]:
    """Put onto the board what is wanted and what falls due; the episodes as they are stored.

    The timer of an episode moves its region's clock to its expiry: that far, others fall due as well.
    """
    until = needs.until
    if needs.episodes:
        mine = await store.episodes(work, wants, (), _NEVER)
        ends = [episode.expires_at for episode in mine if episode.expires_at is not None]
        until = max(until, *ends) if ends else until
    stored = {episode.key: episode for episode in await store.episodes(work, wants, regions, until)}
    for episode in stored.values():
        wants.key(episode.key)
        board.remember(episode)
    for fact in book.facts:
        board.known.know(fact)
    await store.load(work, board, wants)
    return stored


def _since(facts: Iterable[Fact]) -> dict[FlapKey, datetime]:
    """From when on raises of these alarms may make them flap."""
    since: dict[FlapKey, datetime] = {}
    for fact in facts:
        start = fact.changed_at - WINDOW
        since[flap_key(fact)] = min(start, since.get(flap_key(fact), start))
    return since
