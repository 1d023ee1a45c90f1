"""A small system under audit: alerting, command, notify and console at work, people who act, the auditor's findings."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
import urllib.request
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.contracts.commands import Step
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Contract, Level, Tier
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ASSIGNMENTS,
    CATALOG,
    COMMANDS,
    REQUESTS,
    ROSTER,
    TopicSpec,
)
from shared.runtime.outbound_records import encode
from tests.component.command.harness import (
    CITY,
    TOWN,
    a_request,
    a_step,
    below,
    catalogue_records,
    slot,
    units,
)
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce

WITHIN_S = 15.0
"""The promise: so long after the act a finding is there, and so long after it is put right it is gone."""
_commands = itertools.count(1)
_ASSIGNING = {topic_spec.name for topic_spec in (REQUESTS, COMMANDS, ASSIGNMENTS, ACKNOWLEDGEMENTS)}


class Audited:
    """The running system, from outside: acts go in as the console writes them, findings come out."""

    def __init__(self, infrastructure: Infrastructure) -> None:
        self.infrastructure = infrastructure
        self.stack = infrastructure.stack
        self.units = [
            unit_entry.unit for unit_entry in units() if unit_entry.unit.startswith(TOWN[:9])
        ]

    def seed(self) -> None:
        """The town's units with those above it, and who is on duty."""
        entries = [
            unit_entry
            for unit_entry in units()
            if unit_entry.unit in (CITY, *self.units) or "000000" in unit_entry.unit
        ]
        self._produce(CATALOG, catalogue_records(entries))
        slots = [slot(entry.unit) for entry in entries if "/" not in entry.unit]
        self._produce(ROSTER, [(f"{slot.unit}:{slot.post}", slot) for slot in slots])

    def issue(self) -> str:
        """A command to the whole town; returns when every unit has its assignment."""
        command_id = f"cmd-free-{next(_commands)}"
        request = a_request(
            "issue",
            command_id,
            selection=below(TOWN, *Tier),
            event_type="11A01",
            level=Level.RED,
            title="转移危险区群众",
            instruction="立即转移。",
        )
        self.act(REQUESTS, [(command_id, request)])
        wanted = "SELECT count(*) FROM command.assignment WHERE command_id = $1"
        self.until(lambda: self.value(wanted, command_id) > 0, "the command was not issued")
        return command_id

    def step(self, command_id: str, step: Step, units: Iterable[str]) -> int:
        """The units take a step; how many acts that were."""
        acts: list[tuple[str, Envelope]] = [
            (command_id, a_step(command_id, unit, step, text="已办")) for unit in units
        ]
        self.act(ACKNOWLEDGEMENTS, acts)
        return len(acts)

    def act(self, spec: TopicSpec, acts: Sequence[tuple[str, Envelope]]) -> None:
        """Write people's acts as the console does: into its table, then onto the topic."""

        async def keep() -> None:
            connection = await asyncpg.connect(self.stack.dsn())
            try:
                await connection.executemany(
                    "INSERT INTO console.act (id, topic, key, value, digest, officer_id) "
                    "VALUES ($1, $2, $3, $4, $5, 'officer-1')",
                    [
                        (act.id, spec.name, key, encode(act), hashlib.sha256(encode(act)).digest())
                        for key, act in acts
                    ],
                )
            finally:
                await connection.close()

        self.infrastructure.run(keep())
        self._produce(spec, acts)

    def value(self, query: str, *values: Any) -> Any:
        """The one value of a query, as the superuser: behind every service's back."""

        async def ask() -> Any:
            connection = await asyncpg.connect(self.stack.dsn())
            try:
                return await connection.fetchval(query, *values)
            finally:
                await connection.close()

        return self.infrastructure.run(ask())

    def raw(self, topic: str, key: str, value: bytes, part: int) -> None:
        """Write bytes to a topic."""
        self.infrastructure.run(produce(self.stack.kafka_bootstrap, topic, [(key, value, part)]))

    def findings(self) -> dict[str, str]:
        """Open findings: detail by "kind subject"."""
        return {
            f"{one['kind']} {one['subject_id']}": one["detail"]
            for one in self._get("findings")["open"]
        }

    def hops(self) -> dict[tuple[str, str], dict[str, int]]:
        """The books by service and topic."""
        return {(one["service"], one["topic"]): one for one in self._get("conservation")["hops"]}

    def alarms(self) -> list[dict[str, Any]]:
        """What became of the alarms, by status."""
        results: list[dict[str, Any]] = self._get("conservation")["alarms"]
        return results

    def found(self, *names: str) -> dict[str, str]:
        """Wait until all findings whose name contains one of `names` are there, within the promise."""
        began = time.monotonic()
        while True:
            open_ = self.findings()
            mine = {key: why for key, why in open_.items() if any(name in key for name in names)}
            if all(any(name in key for key in mine) for name in names):
                return mine
            waited = time.monotonic() - began
            assert waited <= WITHIN_S, f"{names} not found in {WITHIN_S} s, but {open_}"
            time.sleep(0.2)

    def resolved(self) -> None:
        """Wait until nothing is open, within the promise."""
        began = time.monotonic()
        while open_ := self.findings():
            assert time.monotonic() - began <= WITHIN_S, open_
            time.sleep(0.2)

    def until(self, condition: Any, complaint: str, limit_s: float = 300) -> None:
        """Wait for a condition that is no promise of the auditor's."""
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, complaint
            time.sleep(0.2)

    def _produce(self, spec: TopicSpec, messages: Sequence[tuple[str, Contract]]) -> None:
        records = [(key, encode(message), None) for key, message in messages]
        self.infrastructure.run(produce(self.stack.kafka_bootstrap, spec.name, records))

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.stack.url('audit')}/{path}", timeout=10) as answer:
            return json.load(answer)

    def settle(self) -> None:
        """Wait until the auditor has passed all assignments: two rounds and more, and none has moved.

        What became of them elsewhere may go on: officers are called for what earlier tests have left.
        """
        books: dict[tuple[str, str], dict[str, int]] = {}

        def of_assignments() -> dict[tuple[str, str], dict[str, int]]:
            return {hop: one for hop, one in self.hops().items() if hop[1] in _ASSIGNING}

        def still() -> bool:
            nonlocal books
            before, books = books, of_assignments()
            time.sleep(5)
            return books == before == of_assignments() and not any(
                book["in_flight"] for book in books.values()
            )

        self.until(still, "records wait")


async def delete_before(bootstrap: str, topic: str, part: int, offset: int) -> None:
    """Take the records below `offset` out of a partition, as retention would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(topic, part): RecordsToDelete(before_offset=offset)}
        )
    finally:
        await admin.close()
