"""The rules over several sources in memory: an engine with all evidence, fed by message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from services.alerting.core.alarms.scopes import region_of
from services.alerting.core.alarms.snapshot import snapshot_of
from services.alerting.core.multi_source.engine import MultiSourceEngine
from services.alerting.core.multi_source.episode import EpisodeCause
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from services.alerting.core.multi_source.source_pool import sighting_of_report
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.conditions import (
    AllOf,
    AnyOf,
    AtLeast,
    CompositeRule,
    CompositeRung,
    Not,
    RuleHolds,
)
from shared.contracts.fields import Level, Position, Status, Tier
from shared.contracts.reports import Report, ReporterRole
from shared.contracts.rules import RuleDefinition
from shared.contracts.seasons import HourSpan
from tests.unit.alerting.builders import T0, a_report, a_rule, all_of, an_alarm, at, sources_of

VILLAGES = ("500118118201", "500118118202", "500118117201")
OpenEpisodes = set[tuple[str, Status, str]]
A, B, C = (RuleHolds(rule=name) for name in "abc")
RULES = [
    a_rule("x.all", all_of("a", "b")),
    a_rule("x.linger", all_of("a", "b", linger_s=900, scope="town")),
    a_rule("x.not", all_of("a").model_copy(update={"when": AllOf(of=(A, Not(of=B)))})),
    a_rule("x.any", all_of("a").model_copy(update={"when": AnyOf(of=(AllOf(of=(A, B)), C))})),
    a_rule(
        "x.two",
        all_of("a", linger_s=600, scope="district").model_copy(
            update={"when": AtLeast(k=2, of=(A, B, RuleHolds(rule="c", level=Level.YELLOW)))}
        ),
    ),
    a_rule("y.town", sources_of()),
    a_rule("y.near", sources_of(radius_m=500, kinds=2, within=Tier.DISTRICT)),
    a_rule("y.many", sources_of(need=2.0, window_s=3600, within=Tier.VILLAGE)),
]

TIMED_RULES = [
    a_rule("z.slow", all_of("a", "b", clear_for_s=900)),
    a_rule(
        "z.levels",
        CompositeRule(
            scope="town",
            clear_for_s=600,
            rungs=(
                CompositeRung(level=Level.YELLOW, when=AnyOf(of=(A, B))),
                CompositeRung(level=Level.RED, when=AllOf(of=(A, B))),
            ),
        ),
    ),
    a_rule("z.hours", all_of("a", "b"), hours=(HourSpan(begin="16:20", end="17:10"),)),
    a_rule("z.calls", sources_of(), hours=(HourSpan(begin="16:20", end="17:10"),)),
]
"""Rules whose levels end by time, and rules with hours; T0 is 16:00 in Shanghai."""


class EngineHarness:
    """An engine without a store; repeats are dropped as inbox and versions drop them."""

    def __init__(self, *rules: RuleDefinition) -> None:
        self.engine = MultiSourceEngine(MultiSourceRules(rules))
        self._handled_ids: set[str] = set()

    def deliver(self, messages: Iterable[Any]) -> list[AlarmEvent]:
        """Apply messages in order and return the alarm events that follow."""
        for message in messages:
            if message.id in self._handled_ids:
                continue
            self._handled_ids.add(message.id)
            cause = EpisodeCause(message.id, message.id, message.occurred_at, T0)
            if isinstance(message, RuleDefinition):
                self.engine.apply_rule(message, cause)
                continue
            self.engine.advance_clock(
                region_of(message.status, message.place), message.occurred_at, cause
            )
            if isinstance(message, Report):
                sighting = sighting_of_report(
                    message.id,
                    message.reporter_id,
                    message.reporter_role,
                    message.event_type,
                    message.place,
                    message.occurred_at,
                    message.position,
                )
                self.engine.apply_report(message.status, sighting, cause)
                continue
            existing_fact = self.engine.evidence.alarms.get(message.alarm_id)
            if existing_fact is None or message.version > existing_fact.version:
                self.engine.apply_alarm(snapshot_of(message, existing_fact), cause)
        events, self.engine.events = self.engine.events, []
        return events

    @property
    def open_episodes(self) -> OpenEpisodes:
        """Return rule id, status and scope of every open episode."""
        return {
            (key.rule_id, key.region.status, key.scope)
            for key, episode in self.engine.episodes.items()
            if episode.is_open
        }


@st.composite
def histories(draw: st.DrawFn, statuses: Sequence[Status] = (Status.ACTUAL,)) -> list[Any]:
    """Draw alarms of three rules with their changes, and reports, in an order of Kafka."""
    queues: list[list[Any]] = []
    for number in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, 60))
        place = draw(st.sampled_from(VILLAGES))
        common: dict[str, Any] = {
            "alarm_id": f"alm-{number}",
            "rule_id": draw(st.sampled_from(("a", "b", "c"))),
            "place": place,
            "status": draw(st.sampled_from(tuple(statuses))),
            "sensor_id": f"sensor-{draw(st.integers(0, 3))}",
            "position": draw(st.none() | st.just(Position(lat=29.3, lon=105.9))),
        }
        alarms = [an_alarm(level=Level.BLUE, occurred_at=at(start), **common)]
        if draw(st.booleans()):
            start += draw(st.integers(0, 30))
            up = AlarmTransition.UPGRADED
            alarms.append(an_alarm(version=2, transition=up, occurred_at=at(start), **common))
        if draw(st.booleans()):
            start += draw(st.integers(0, 40))
            alarms.append(
                an_alarm(
                    version=len(alarms) + 1,
                    transition=AlarmTransition.CLEARED,
                    level=alarms[-1].level,
                    occurred_at=at(start),
                    **common,
                )
            )
        queues.append(alarms)
    for _ in range(draw(st.integers(0, 6))):
        role = draw(st.sampled_from((ReporterRole.HOTLINE, ReporterRole.GRID_WORKER)))
        queues.append(
            [
                a_report(
                    f"phone-{draw(st.integers(0, 3))}",
                    reporter_role=role,
                    place=draw(st.sampled_from(VILLAGES)),
                    occurred_at=at(draw(st.integers(0, 120))),
                    status=draw(st.sampled_from(tuple(statuses))),
                )
            ]
        )
    return draw(interleavings(queues))


@st.composite
def interleavings(draw: st.DrawFn, queues: list[list[Any]]) -> list[Any]:
    """Draw an order that keeps the order of each queue, with some repeats."""
    turns = draw(st.permutations([n for n, queue in enumerate(queues) for _ in queue]))
    waiting = [list(queue) for queue in queues]
    merged: list[Any] = []
    for turn in turns:
        merged.append(waiting[turn].pop(0))
        if merged and draw(st.integers(0, 4)) == 0:
            merged.append(draw(st.sampled_from(merged)))
    return merged


def shuffled(messages: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    """Draw another order of these messages in which the changes of each alarm keep theirs."""
    queues: dict[str, list[Any]] = {}
    for message in messages:
        queue = queues.setdefault(getattr(message, "alarm_id", message.id), [])
        if message not in queue:
            queue.append(message)
    return interleavings(list(queues.values()))


def alarm_of(rule: str, number: int = 1, **changes: Any) -> AlarmEvent:
    return an_alarm(f"alm-{rule}-{number}", rule_id=rule, **changes)


def clearing_of(
    rule: str, minutes: float, version: int = 2, number: int = 1, **changes: Any
) -> AlarmEvent:
    return alarm_of(
        rule,
        number,
        version=version,
        transition=AlarmTransition.CLEARED,
        occurred_at=at(minutes),
        **changes,
    )


def transitions(events: list[AlarmEvent]) -> list[tuple[str, str]]:
    return [(event.rule_id, event.transition) for event in events]
