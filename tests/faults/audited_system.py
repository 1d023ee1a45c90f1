"""A small running system with its auditor: actions of people go in, findings come out."""

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

from shared.contracts.assignments import Step
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Contract, Level, Tier
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ASSIGNMENTS,
    CATALOG,
    COMMAND_REQUESTS,
    COMMANDS,
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

LIMIT_S = 15.0
"""The time in seconds within which a fault is a finding, and a repaired fault is resolved."""
_commands = itertools.count(1)
_ASSIGNMENT_TOPICS = {
    spec.name for spec in (COMMAND_REQUESTS, COMMANDS, ASSIGNMENTS, ACKNOWLEDGEMENTS)
}


class AuditedSystem:
    """The running system from the outside; actions are written as the console writes them."""

    def __init__(self, infrastructure: Infrastructure) -> None:
        self.infrastructure = infrastructure
        self.stack = infrastructure.stack
        self.units = [entry.unit for entry in units() if entry.unit.startswith(TOWN[:9])]

    def seed(self) -> None:
        """Publish the town's units, the units above the town, and the officers on duty."""
        entries = [
            entry
            for entry in units()
            if entry.unit in (CITY, *self.units) or "000000" in entry.unit
        ]
        self._produce(CATALOG, catalogue_records(entries))
        slots = [slot(entry.unit) for entry in entries if "/" not in entry.unit]
        self._produce(ROSTER, [(f"{slot.unit}:{slot.post}", slot) for slot in slots])

    def issue(self) -> str:
        """Issue a command to all units of the town; return its id when the assignments exist."""
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
        self.publish_actions(COMMAND_REQUESTS, [(command_id, request)])
        query = "SELECT count(*) FROM command.assignment WHERE command_id = $1"
        self.wait_until(lambda: self.value(query, command_id) > 0, "the command was not issued")
        return command_id

    def step(self, command_id: str, step: Step, units: Iterable[str]) -> int:
        """Let the units take a step; return the number of actions."""
        actions: list[tuple[str, Envelope]] = [
            (command_id, a_step(command_id, unit, step, text="已办")) for unit in units
        ]
        self.publish_actions(ACKNOWLEDGEMENTS, actions)
        return len(actions)

    def publish_actions(self, spec: TopicSpec, actions: Sequence[tuple[str, Envelope]]) -> None:
        """Write actions of people as the console does: into its table, then onto the topic."""

        async def insert() -> None:
            connection = await asyncpg.connect(self.stack.dsn())
            try:
                await connection.executemany(
                    "INSERT INTO console.action (id, topic, key, value, digest, officer_id) "
                    "VALUES ($1, $2, $3, $4, $5, 'officer-1')",
                    [
                        (
                            action.id,
                            spec.name,
                            key,
                            encode(action),
                            hashlib.sha256(encode(action)).digest(),
                        )
                        for key, action in actions
                    ],
                )
            finally:
                await connection.close()

        self.infrastructure.run(insert())
        self._produce(spec, actions)

    def value(self, query: str, *values: Any) -> Any:
        """Return the value of a statement, run by the superuser, unknown to all services."""

        async def fetch() -> Any:
            connection = await asyncpg.connect(self.stack.dsn())
            try:
                return await connection.fetchval(query, *values)
            finally:
                await connection.close()

        return self.infrastructure.run(fetch())

    def write(self, topic: str, key: str, value: bytes, part: int) -> None:
        """Write bytes to a topic."""
        self.infrastructure.run(produce(self.stack.kafka_bootstrap, topic, [(key, value, part)]))

    def findings(self) -> dict[str, str]:
        """Return the details of the open findings by "kind subject"."""
        return {
            f"{finding['kind']} {finding['subject_id']}": finding["detail"]
            for finding in self._get("findings")["open"]
        }

    def hops(self) -> dict[tuple[str, str], dict[str, int]]:
        """Return the balances by service and topic."""
        hops = self._get("conservation")["hops"]
        return {(hop["service"], hop["topic"]): hop for hop in hops}

    def alarms(self) -> list[dict[str, Any]]:
        """Return the balances of the alarms, one for each status."""
        balances: list[dict[str, Any]] = self._get("conservation")["alarms"]
        return balances

    def wait_for_findings(self, *names: str) -> dict[str, str]:
        """Wait at most LIMIT_S for a finding with each of `names`; return these findings."""
        began_at = time.monotonic()
        while True:
            findings = self.findings()
            matches = {
                key: detail
                for key, detail in findings.items()
                if any(name in key for name in names)
            }
            if all(any(name in key for key in matches) for name in names):
                return matches
            waited_s = time.monotonic() - began_at
            assert waited_s <= LIMIT_S, f"{names} not found in {LIMIT_S} s, but {findings}"
            time.sleep(0.2)

    def wait_until_resolved(self) -> None:
        """Wait at most LIMIT_S until no finding is open."""
        began_at = time.monotonic()
        while findings := self.findings():
            assert time.monotonic() - began_at <= LIMIT_S, findings
            time.sleep(0.2)

    def wait_until(self, condition: Any, complaint: str, limit_s: float = 300) -> None:
        """Wait for a condition that does not depend on the auditor's time limit."""
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

    def wait_until_settled(self) -> None:
        """Wait until the auditor has passed all assignments, and two rounds change no balance.

        Other topics may still change: officers are called for assignments of earlier tests.
        """
        balances: dict[tuple[str, str], dict[str, int]] = {}

        def current() -> dict[tuple[str, str], dict[str, int]]:
            hops = self.hops().items()
            return {key: hop for key, hop in hops if key[1] in _ASSIGNMENT_TOPICS}

        def unchanged() -> bool:
            nonlocal balances
            previous, balances = balances, current()
            time.sleep(5)
            return balances == previous == current() and not any(
                hop["in_flight"] for hop in balances.values()
            )

        self.wait_until(unchanged, "records wait")


async def delete_before(bootstrap: str, topic: str, part: int, offset: int) -> None:
    """Delete the records below `offset` of a partition, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(topic, part): RecordsToDelete(before_offset=offset)}
        )
    finally:
        await admin.close()
