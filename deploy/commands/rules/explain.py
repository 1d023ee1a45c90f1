"""`explain`: where an alarm came from, put together from the log: alarm, rule, readings, limit,
window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.commands.rules.explain_sources import load_sources, source_sentences
from deploy.commands.rules.kafka import partition_of, records
from deploy.commands.rules.sources import from_bytes
from deploy.commands.rules.sources_engine import Evidence
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.readings import Reading
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, READINGS
from shared.definitions.yaml_files.screen import moment
from shared.domain.bilingual import bilingual_of
from shared.domain.rule_scope_words import scope_words

_EARLIER_S = 3600.0
"""How much longer than its window before an alarm its readings are looked for."""
_LATER_S = 120.0
MOST_READINGS = 2_000
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Chain:
    """An alarm's history.

    `used` None = that version of the rule is not in the topic any more. `sources` are the records
    that support an alarm over several sources.
    """

    versions: tuple[AlarmEvent, ...]
    used: RuleDefinition | None
    now: RuleDefinition | None
    readings: tuple[Reading, ...]
    sources: tuple[Evidence, ...] = ()

    @property
    def deciding(self) -> frozenset[str]:
        """Ids of the readings that decided something."""
        return frozenset(event.evidence.event_id for event in self.versions)


async def load_chain(
    bootstrap: str, alarm_id: str, rules: Mapping[str, Sequence[RuleDefinition]], report: Report
) -> Chain | None:
    """Read the topics; None when no such alarm is in the log. Raises KafkaError."""
    versions: dict[int, AlarmEvent] = {}
    stamps: list[float] = []
    key = alarm_id.encode()
    async for record, share in records(bootstrap, ALARMS, partition_of(ALARMS, alarm_id)):
        if record.offset % 1000 == 0:
            report(share / 2, "alarms")
        if record.key != key or not record.value:
            continue
        event: AlarmEvent = ALARMS.model.validate_json(record.value, extra="ignore")
        versions.setdefault(event.version, event)
        stamps.append(record.timestamp / 1000)
    if not versions:
        return None
    ordered = tuple(versions[number] for number in sorted(versions))
    rule_definitions = rules.get(ordered[0].rule_id, ())
    used = next(
        (
            rule_definition
            for rule_definition in rule_definitions
            if rule_definition.version == ordered[0].rule_version
        ),
        None,
    )
    now = rule_definitions[-1] if rule_definitions else None
    if ordered[0].sensor_id is not None:
        return Chain(ordered, used, now, await _readings(bootstrap, ordered, stamps, report))
    sources = await load_sources(bootstrap, ordered, max(stamps) + _LATER_S, report)
    return Chain(ordered, used, now, (), sources)


async def _readings(
    bootstrap: str, versions: Sequence[AlarmEvent], stamps: Sequence[float], report: Report
) -> tuple[Reading, ...]:
    sensor_id = versions[0].sensor_id
    assert sensor_id is not None
    window = max(event.evidence.window_s for event in versions)
    began = min((event.started_at or event.occurred_at).timestamp() for event in versions)
    ended = max(event.occurred_at.timestamp() for event in versions)
    lead = window + _EARLIER_S
    needed = {event.evidence.event_id for event in versions}
    partition = partition_of(READINGS, sensor_id)
    readings: list[Reading] = []
    since, until = min(stamps) - lead, max(stamps) + _LATER_S
    key = sensor_id.encode()
    async for record, share in records(bootstrap, READINGS, partition, since, until):
        if record.offset % 1000 == 0:
            report(0.5 + share / 2, "readings")
        if record.key != key or not record.value:
            continue
        message = from_bytes(record.value)
        if not isinstance(message, Reading) or message.status is not versions[0].status:
            continue
        at = message.occurred_at.timestamp()
        if message.id in needed or began - lead <= at <= ended + _LATER_S:
            readings.append(message)
            if len(readings) > 2 * MOST_READINGS:
                readings = _thin(readings, needed)
    return tuple(sorted(_thin(readings, needed), key=lambda item: item.occurred_at))


def _thin(readings: list[Reading], needed: set[str]) -> list[Reading]:
    """At most MOST_READINGS: the deciding ones, and the newest of the others."""
    if len(readings) <= MOST_READINGS:
        return readings
    older = [reading for reading in readings[:-MOST_READINGS] if reading.id in needed]
    return older + readings[-MOST_READINGS:]


def sentences(chain: Chain) -> list[str]:
    """Return the explanation as sentences, in order."""
    first, last = chain.versions[0], chain.versions[-1]
    lines = [
        f"{first.alarm_id}: {last.transition.value}, {last.level.value}, score {last.score}, "
        f"version {last.version}",
        f"rule {first.rule_id} version {first.rule_version} ({first.kind}) at "
        f"{first.sensor_id or 'several sources'}, {first.place}",
    ]
    if first.version != 1:
        lines.append(f"versions 1 to {first.version - 1} are not in the log any more")
    lines += [_step(event) for event in chain.versions]
    if chain.used is None:
        newest = f"; the newest is {chain.now.version}" if chain.now else ""
        lines.append(
            f"version {first.rule_version} of the rule is not in the topic any more{newest}"
        )
    elif chain.now is not None and chain.now.version != chain.used.version:
        lines.append(f"the rule has changed since: version {chain.now.version} is in force")
    else:
        lines.append("the rule has not changed since")
    words = None if chain.used is None else scope_words(chain.used)
    if words is not None:
        lines.append(f"the rule holds {words.en}")
    if first.sensor_id is None:
        lines += source_sentences(chain.versions, chain.used, chain.sources)
    elif missing := chain.deciding - {reading.id for reading in chain.readings}:
        lines.append(f"not among the readings kept: {', '.join(sorted(missing))}")
    return lines


def _step(event: AlarmEvent) -> str:
    """One version of the alarm in one sentence."""
    why = event.evidence
    began = event.started_at or event.occurred_at
    text = (
        f"v{event.version} {moment(event.occurred_at.timestamp())} {event.transition.value} "
        f"{event.level.value}: {why.metric} {why.value:.10g} {why.unit}"
    )
    if why.datum:
        text += f" above {why.datum}"
    side = "limit" if event.transition is not AlarmTransition.CLEARED else "clearing limit"
    text += f", {side} {why.limit:.10g}"
    if why.window_s:
        text += f", over {why.window_s:g} s"
    text += f", decided by {why.event_id}, began {moment(began.timestamp())}"
    if event.parts is not None:
        parts = event.parts
        text += f", score {event.score} = {parts.level} level + {parts.excess} excess"
        text += f" + {parts.lasting} lasting"
    else:
        text += f", score {event.score}"
    if event.transition is AlarmTransition.REVISED:
        text += "; revised: a late reading changed what was known"
    if event.retrospective:
        text += "; found in retrospect, pages nobody"
    if event.withdrawn:
        text += "; withdrawn: it never was"
    if why.note:
        text += f"; {bilingual_of(why.note).en}"
    if event.condition:
        text += "; a condition, it only feeds composite rules"
    return text


def document(chain: Chain) -> dict[str, Any]:
    """All of it for machines."""
    return {
        "alarm_id": chain.versions[0].alarm_id,
        "sentences": sentences(chain),
        "versions": [event.model_dump(mode="json") for event in chain.versions],
        "rule_used": None if chain.used is None else chain.used.model_dump(mode="json"),
        "rule_now": None if chain.now is None else chain.now.model_dump(mode="json"),
        "deciding": sorted(chain.deciding),
        "sources": [message.model_dump(mode="json") for message in chain.sources],
        "readings": [
            {
                "id": reading.id,
                "occurred_at": reading.occurred_at.isoformat(),
                "value": reading.value,
            }
            for reading in chain.readings
        ],
    }
