"""The sources of an alarm over several sources: its supporting records, and what the rule makes of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from deploy.commands.rules.evidence import message_of
from deploy.commands.rules.kafka import records
from deploy.commands.rules.sources_engine import Evidence
from services.alerting.core.alarms.snapshot import snapshot_of
from services.alerting.core.multi_source.evidence_index import sighting_of_alarm
from services.alerting.core.multi_source.external_warnings import (
    sighting_of_warning,
    warning_state,
)
from services.alerting.core.multi_source.report_sightings import sighting_of
from services.alerting.core.multi_source.source_pool import MILLION, Sighting, SourcePool
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.conditions import (
    AtLeast,
    CompositeRule,
    Condition,
    CorroborationRule,
    Not,
    RuleHolds,
    holds,
)
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.ids import transition_id
from shared.contracts.reports import Report
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, REPORTS, WARNINGS
from shared.definitions.yaml_files.screen import moment

_LEVELS = tuple(Level)
_OPERATORS = {"all": "all of", "any": "any of"}
Progress = Callable[[float, str], None]


def supporting_ids(versions: Sequence[AlarmEvent]) -> frozenset[str]:
    """Return the ids of the records that support the versions of an alarm."""
    last = versions[-1]
    own = {transition_id(last.alarm_id, number) for number in range(1, last.version + 1)}
    return frozenset(name for event in versions for name in event.references) - own


async def load_sources(
    bootstrap: str, versions: Sequence[AlarmEvent], until: float, progress: Progress
) -> tuple[Evidence, ...]:
    """Return the supporting records that the log still has, in order of time. Raises KafkaError."""
    ids = supporting_ids(versions)
    supporting: dict[str, Evidence] = {}
    topics = (ALARMS, REPORTS, WARNINGS)
    for place, topic in enumerate(topics):
        for number in range(topic.partitions):
            async for record, share in records(bootstrap, topic, number, None, until):
                if record.offset % 1000 == 0:
                    done = place + (number + share) / topic.partitions
                    progress(0.5 + done / len(topics) / 2, topic.name)
                message = message_of(record.value) if record.value else None
                if message is not None and message.id in ids:
                    supporting[message.id] = message
    return tuple(sorted(supporting.values(), key=lambda item: (item.occurred_at, item.id)))


def source_sentences(
    versions: Sequence[AlarmEvent], used: RuleDefinition | None, sources: Sequence[Evidence]
) -> list[str]:
    """Return what the rule made of its sources at the last change at which it lasting."""
    lasting = [event for event in versions if event.transition is not AlarmTransition.CLEARED]
    decided = (lasting or versions)[-1]
    named = supporting_ids([decided])
    present = [message for message in sources if message.id in named]
    lines = [f"at v{decided.version} it comes of {len(named)} records of its sources:"]
    lines += [f"    {text}" for text in map(_line, present)]
    if missing := named - {message.id for message in present}:
        lines.append(f"not in the log any more: {', '.join(sorted(missing))}")
    if used is None:
        return lines
    if isinstance(used.body, CompositeRule):
        is_open = _open_pairs(present)
        for rung in used.body.ladder:
            lines.append(f"{rung.level.value} {_verdict(rung.when, is_open)}:")
            lines += _tree(rung.when, is_open, 1)
    elif isinstance(used.body, CorroborationRule):
        lines += _weights(used, used.body, present)
    return lines


def _line(message: Evidence) -> str:
    at = moment(message.occurred_at.timestamp())
    if isinstance(message, AlarmEvent):
        where = message.sensor_id or message.site or message.place
        return (
            f"{at} alarm {message.alarm_id} of {message.rule_id}, {message.level.value}, at {where}"
        )
    if isinstance(message, Report):
        return f"{at} report {message.id} of {message.reporter_role.value}, {message.place}"
    return f"{at} warning {message.id} of {message.source_id}, {', '.join(message.areas)}"


def _open_pairs(messages: Sequence[Evidence]) -> set[tuple[str, Level]]:
    return {
        (message.rule_id, level)
        for message in messages
        if isinstance(message, AlarmEvent)
        for level in _LEVELS[: LEVEL_ORDER[message.level] + 1]
    }


def _tree(part: Condition, is_open: set[tuple[str, Level]], depth: int) -> Iterator[str]:
    """Yield a tree as indented lines, each part with its verdict."""
    indent, verdict = "    " * depth, _verdict(part, is_open)
    if isinstance(part, RuleHolds):
        yield f"{indent}{part.rule} at {part.level.value} or above {verdict}"
        return
    if isinstance(part, Not):
        yield f"{indent}not {verdict}:"
        yield from _tree(part.of, is_open, depth + 1)
        return
    name = f"{part.k} of" if isinstance(part, AtLeast) else _OPERATORS[part.op]
    yield f"{indent}{name} {verdict}:"
    for below in part.of:
        yield from _tree(below, is_open, depth + 1)


def _verdict(part: Condition, is_open: set[tuple[str, Level]]) -> str:
    return "holds" if holds(part, is_open) else "does not hold"


def _weights(
    rule: RuleDefinition, body: CorroborationRule, messages: Sequence[Evidence]
) -> Iterator[str]:
    sightings = [item for message in messages if (item := _sighting(message)) is not None]
    pool = SourcePool(body, sightings, rule.geofences)
    best: dict[str, int] = {}
    for member in pool.ordered:
        source = member.sighting.source
        best[source] = max(member.weight, best.get(source, 0))
    for source, weight in sorted(best.items()):
        yield f"    {source} counts {weight / MILLION:g}"
    total = sum(best.values()) / MILLION
    yield f"together {total:g}, {body.need:g} is needed, of {body.kinds} kinds of sources"


def _sighting(message: Evidence) -> Sighting | None:
    at: datetime = message.occurred_at
    if isinstance(message, AlarmEvent):
        return sighting_of_alarm(snapshot_of(message, None))
    if isinstance(message, Report):
        return sighting_of(message, at)
    state = warning_state(message, at)
    return None if state is None else sighting_of_warning(state)
