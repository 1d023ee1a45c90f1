"""The timeline of the scenario: one line per notable event, for people and as JSON lines."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.demo.demo_clock import clock
from deploy.demo.topic_reader import Log
from deploy.example.units import divisions
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import CommandEvent, CommandState
from shared.contracts.fields import Status
from shared.contracts.readings import SensorHealth
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.topics import ALARMS, ALERTS, COMMANDS, SENSOR_HEALTH, SUPERVISION

_REPORTED = frozenset(AlertTransition) - {AlertTransition.UPDATED}


def lines(log: Log) -> list[dict[str, Any]]:
    """All lines in order of real time. `wall_s` counts from the first; `at` is event time."""
    results = []
    for spec in (ALARMS, ALERTS, COMMANDS, SUPERVISION, SENSOR_HEALTH):
        for entry in log.of(spec):
            text = _text(entry.message)
            if text is not None:
                results.append((entry.ms, entry.message, text))
    results.sort(key=lambda item: item[0])
    first = results[0][0] if results else 0
    return [
        {
            "wall_s": round((ms - first) / 1000, 2),
            "sent_at": datetime.fromtimestamp(ms / 1000, UTC).isoformat(),
            "at": message.occurred_at.isoformat(),
            "status": message.status.value,
            "kind": message.type,
            "id": message.id,
            "text": text,
        }
        for ms, message, text in results
    ]


def save(path: Path, entries: list[dict[str, Any]]) -> None:
    """Write one JSON object per line."""
    rows = [json.dumps(row, ensure_ascii=False) for row in entries]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def show(entries: list[dict[str, Any]]) -> Iterator[str]:
    """Lines for people; supervision of single grids is summed up by the summary instead."""
    for row in entries:
        mark = "[drill] " if row["status"] != Status.ACTUAL else ""
        moment = clock(datetime.fromisoformat(row["at"]))
        if not row["at"].startswith("2020"):
            moment = " " * len(moment)
        yield f"{row['wall_s']:7.1f} s  {moment}  {mark}{row['text']}"


def _text(message: Any) -> str | None:
    match message:
        case AlarmEvent() if message.kind != "absence":
            value = f"{message.evidence.value:g} {message.evidence.unit}"
            return f"alarm {message.transition}: {message.sensor_id} {message.level} ({value})"
        case AlertEvent() if message.transition in _REPORTED:
            level = message.level or message.proposed_level or "-"
            actor = f" by {message.actor}" if message.actor else ""
            sources = f", {message.distinct_sources} sources" if message.version == 1 else ""
            return f"alert {message.transition}: {_name(message.place)} {level}{actor}{sources}"
        case CommandEvent():
            under_way = message.state is CommandState.ISSUED and message.version > 1
            return (
                f"command {'under way' if under_way else message.state}: "
                f"{_name(message.root)} {message.level}, "
                f"{_signed(message)} of {message.recipients} signed"
            )
        case SupervisionEvent() if message.kind is SupervisionKind.ESCALATED:
            return (
                f"escalated: {_name(message.unit)} has not signed, rung {message.rung} calls "
                f"{_name(message.target_unit)} {message.target_post}"
            )
        case SensorHealth():
            return f"sensor {message.state}: {message.sensor_id}"
        case _:
            return None


def _signed(command: CommandEvent) -> int:
    return sum(tier.signed for tier in command.rollup)


_NAMES = {division.unit: division.name for division in divisions()}


def _name(unit: str) -> str:
    return _NAMES.get(unit, unit)
