"""The files of a run, read back: histories, topics, tables, the carrier's record, samples."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.faults.suite.checker.recreations import in_one_sequence, lost_places

Json = dict[str, Any]
OWN_MARK = "flt-"
"""Every id and every title of the generators contains this mark."""
BULK_MARK = f"{OWN_MARK}bulk-"
"""The mark of readings that are counted by batch."""


@dataclass
class Evidence:
    """Everything that a judgement rests on.

    `history`: `at`, `phase`, `kind`, `key` and facts of each request. `topics`: `topic`,
    `partition`, `offset`, `at`, `key`, `value` of each record. `tables`: rows by the name of their
    table. `carrier`: `at`, `page_id`, `resend`, `answer` of each message that arrived.
    """

    run: Json
    history: list[Json] = field(default_factory=list)
    topics: list[Json] = field(default_factory=list)
    tables: dict[str, list[Json]] = field(default_factory=dict)
    carrier: list[Json] = field(default_factory=list)
    nemeses: list[Json] = field(default_factory=list)
    samples: list[Json] = field(default_factory=list)
    bulk: list[Json] = field(default_factory=list)
    """The batches of a soak on their topic: `key` and `count` of different readings."""
    recreations: list[Json] = field(default_factory=list)
    """The topics that were created anew: `at`, `topic`, `ends` of the log before and `unread`."""

    @cached_property
    def by_topic(self) -> dict[str, list[Json]]:
        """Return the records of each topic in the order of partition and offset."""
        result: dict[str, list[Json]] = defaultdict(list)
        for record in self.topics:
            result[record["topic"]].append(record)
        for records in result.values():
            records.sort(key=lambda record: (record["partition"], record["offset"]))
        return result

    def records(self, topic: str) -> list[Json]:
        """Return the records of a topic."""
        return self.by_topic.get(topic, [])

    def first_records(self, topic: str) -> Iterator[Json]:
        """Yield the first record of each id of a topic: every reader drops a repeat."""
        ids: set[str] = set()
        for record in self.records(topic):
            identifier = record["value"].get("id")
            if identifier not in ids:
                ids.add(identifier)
                yield record

    def latest(self, topic: str, name: str) -> dict[str, Json]:
        """Return the newest version per aggregate; `name` is the field of the aggregate's id."""
        result: dict[str, Json] = {}
        for record in self.records(topic):
            value = record["value"]
            previous = result.get(value[name])
            if previous is None or previous["version"] < value["version"]:
                result[value[name]] = value
        return result

    @cached_property
    def letters(self) -> list[Json]:
        """Return the dead letters."""
        return [
            record["value"]
            for topic, records in self.by_topic.items()
            if topic.endswith(".dlq")
            for record in records
        ]

    @cached_property
    def refused_places(self) -> set[tuple[str, str, int, int]]:
        """Return service, topic, partition and offset of each refused record."""
        return {
            (letter["service"], letter["topic"], letter["partition"], letter["offset"])
            for letter in self.letters
        }

    @cached_property
    def lost_places(self) -> set[tuple[str, str, int, int]]:
        """Return service, topic, partition and offset of each record that Kafka lost."""
        return lost_places(self.recreations)

    def lost_ids(self, service: str) -> set[str]:
        """Return the ids of the records that Kafka lost before a service had handled them."""
        return {
            record["value"].get("id")
            for record in self.topics
            if (service, record["topic"], record["partition"], record["offset"]) in self.lost_places
        }

    def rows(self, table: str) -> list[Json]:
        """Return the rows of a table."""
        return self.tables.get(table, [])

    @cached_property
    def phases(self) -> dict[tuple[str, str], set[str]]:
        """Return the phases of each request by kind and key."""
        result: dict[tuple[str, str], set[str]] = defaultdict(set)
        for line in self.history:
            result[line["kind"], line["key"]].add(line["phase"])
        return result

    def accepted(self, kind: str) -> Iterator[Json]:
        """Yield the requests of a kind that were answered with success."""
        return (line for line in self.history if line["kind"] == kind and line["phase"] == "ok")


def load(folder: Path) -> Evidence:
    """Read the files of a run. Raises FileNotFoundError without `run.json`."""
    tables: dict[str, list[Json]] = defaultdict(list)
    for line in _lines(folder / "tables.jsonl"):
        tables[line["table"]].append(line["row"])
    recreations = _lines(folder / "recreations.jsonl")
    deleted, present = _lines(folder / "deleted.jsonl"), _lines(folder / "topics.jsonl")
    deleted = [line for line in deleted if BULK_MARK not in (line["value"].get("id") or "")]
    return Evidence(
        run=json.loads((folder / "run.json").read_text(encoding="utf-8")),
        history=_lines(folder / "history.jsonl"),
        topics=in_one_sequence(recreations, deleted, present),
        tables=tables,
        carrier=_lines(folder / "carrier.jsonl"),
        nemeses=_lines(folder / "nemeses.jsonl"),
        samples=[line for line in _lines(folder / "samples.jsonl") if "failure" not in line],
        bulk=_lines(folder / "bulk.jsonl"),
        recreations=recreations,
    )


def _lines(path: Path) -> list[Json]:
    """Return the lines of a file; a line that a kill has cut short is no line."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def own_id(identifier: str) -> str | None:
    """Return the generator's part of an id on a topic; None for an id of the system."""
    start = identifier.find(OWN_MARK)
    return identifier[start:] if start >= 0 else None


def timestamp(text: str) -> float:
    """Return an ISO time as seconds since 1970."""
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
