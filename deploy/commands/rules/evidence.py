"""Recorded alarms, reports and warnings for rules over several sources, from files or topics.

A file has one message a line, as on its topic (`alarm`, `report`, `external_warning`), plain or
gzipped. Of a running stack the reports and the warnings are read; its alarms follow anew from the
readings.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import ValidationError

from deploy.commands.rules.kafka import records, run
from deploy.commands.rules.sources import LONGEST_ROW, RowCounts
from deploy.commands.rules.sources_engine import Evidence
from deploy.commands.rules.stream import Source
from shared.contracts.alarms import AlarmEvent
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.topics import REPORTS, WARNINGS, TopicSpec
from shared.definitions.yaml_files.screen import Screen
from shared.runtime.errors import SetupError

_MODELS: dict[str, type[AlarmEvent | Report | ExternalWarning]] = {
    "alarm": AlarmEvent,
    "report": Report,
    "external_warning": ExternalWarning,
}
TakeEvidence = Callable[[Evidence, float], None]
"""Takes a message and its arrival in seconds since 1970."""


def message_of(line: bytes) -> Evidence | None:
    """Return a line as a message; None when it is none."""
    try:
        content = json.loads(line)
        model = _MODELS.get(str(content.get("type"))) if isinstance(content, dict) else None
        return None if model is None else model.from_wire(line)
    except (ValidationError, ValueError, RecursionError):
        return None


def play_evidence(source: Source, screen: Screen, take: TakeEvidence) -> RowCounts:
    """Hand every message to `take`. Raises SetupError, NoKafka."""
    counts = RowCounts()
    for file in source.options.evidence or ():
        for place, line in _lines(file):
            message = message_of(line)
            if message is None:
                counts.add_bad_row(place, "no alarm, report or warning")
            elif message.status is not source.options.status:
                counts.other_status += 1
            elif _is_within(source.options, at := message.occurred_at.timestamp()):
                take(message, at)
    if source.bootstrap is not None:
        for topic in (REPORTS, WARNINGS):
            run(_play_topic(source, screen, topic, take, counts), source.bootstrap)
    return counts


async def _play_topic(
    source: Source, screen: Screen, topic: TopicSpec, take: TakeEvidence, counts: RowCounts
) -> None:
    assert source.bootstrap is not None
    options = source.options
    with screen.progress(topic.name, topic.partitions) as bar:
        for number in range(topic.partitions):
            async for record, share in records(
                source.bootstrap, topic, number, options.since, options.until
            ):
                message = message_of(record.value) if record.value else None
                if message is None:
                    place = f"{topic.name} partition {number}, offset {record.offset}"
                    counts.add_bad_row(place, "no alarm, report or warning")
                elif message.status is options.status:
                    take(message, record.timestamp / 1000)
                bar.at(number + share, topic.name)


def _is_within(options: argparse.Namespace, at: float) -> bool:
    return (options.since is None or at >= options.since) and (
        options.until is None or at < options.until
    )


def _lines(file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of a file with their places. Raises SetupError."""
    if not file.is_file():
        raise SetupError(f"{file} is no file of alarms, reports and warnings.")
    try:
        with gzip.open(file) if file.name.endswith(".gz") else file.open("rb") as opened:
            for number, line in enumerate(opened, start=1):
                if len(line) > 16 * LONGEST_ROW:
                    raise SetupError(f"{file.name}:{number}: a line of {len(line)} bytes.")
                if line.strip():
                    yield f"{file.name}:{number}", line
    except (OSError, EOFError) as error:
        raise SetupError(f"{file} cannot be read to its end: {error}.") from None
