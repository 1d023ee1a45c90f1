"""The system under fault: three Kafka nodes, two processes of every service, a small city."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.example import departments, officers, plans, rules, sensors, units
from deploy.local import postgres
from deploy.local.paths import Paths
from deploy.local.records import record
from deploy.local.seed import Prepared, key_of
from deploy.local.seeded_stack import SeededStack
from deploy.local.services import SERVICES
from shared.contracts.catalog import CatalogEntry, GroupEntry, SensorEntry, UnitEntry
from shared.contracts.fields import Tier
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG, PLANS, ROSTER, RULES
from shared.contracts.units import tier_of
from tests.faults.suite.tcp_proxy import TcpProxy

RULE_ID = "gas-combustible"
KIND = "gas_detector"
TOWNS = ("500118107000", "500118118000")
SENSORS = 160
INTERVAL_S = 10.0
"""The catalogued interval of the sensors: silence is found within a minute."""
STORES = "*"
"""The mark of a fault that touches every service."""


def own_sensors() -> list[SensorEntry]:
    """Return gas detectors of two towns, of as many villages as possible."""
    stems = tuple(town[:9] for town in TOWNS)
    all_of_towns = [
        sensor.model_copy(update={"interval_s": INTERVAL_S})
        for sensor in sensors.all_sensors()
        if sensor.sensor_kind == KIND and sensor.place.startswith(stems)
    ]
    return all_of_towns[:SENSORS]


def rungs() -> list[dict[str, Any]]:
    """Return the rungs of the rule over the sensors, lowest first."""
    pack = next(fields for fields in rules.packs() if fields["rule_id"] == RULE_ID)
    names = ("level", "raise_at", "clear_at")
    return [{name: rung[name] for name in names} for rung in pack["body"]["rungs"]]


def seed_of_city() -> Prepared:
    """Return divisions without grids, the sensors of two towns, rules, plans and the roster."""
    now = datetime.now(UTC)
    content: list[UnitEntry | GroupEntry | SensorEntry] = [
        *units.divisions(),
        *departments.departments(),
        *departments.groups(),
        *own_sensors(),
    ]
    definitions = [(item.rule_id, item) for item in rules.definitions(now)]
    return Prepared(
        "faults",
        (
            (CATALOG, [record(key_of(entry), _catalogued(entry, now)) for entry in content]),
            (ROSTER, [record(f"{slot.unit}:{slot.post}", slot) for slot in officers.slots(now)]),
            (PLANS, [record(plan.plan_id, plan) for plan in plans.definitions(now)]),
            (RULES, [record(rule_id, rule) for rule_id, rule in definitions]),
        ),
    )


def _catalogued(entry: UnitEntry | GroupEntry | SensorEntry, now: datetime) -> CatalogEntry:
    match entry:
        case UnitEntry():
            owner = units.CITY
        case GroupEntry():
            owner = entry.owner
        case SensorEntry():
            owner = entry.place
    return CatalogEntry(
        id=content_id("cat", key_of(entry), entry.model_dump_json()),
        occurred_at=now,
        sent_at=now,
        origin_unit=owner,
        tier=tier_of(owner),
        entry=entry,
    )


def villages() -> list[str]:
    """Return the villages of the two towns."""
    return [unit.unit for town in TOWNS for unit in units.of_tier(Tier.VILLAGE, town)]


class FaultStack(SeededStack):
    """As `SeededStack`, with everything doubled; counts what was ended on purpose."""

    def __init__(
        self, root: Path, env: Mapping[str, Mapping[str, str]], *, replicas: int, brokers: int
    ) -> None:
        super().__init__(
            root,
            env=env,
            replicas=dict.fromkeys(SERVICES, replicas),
            broker="kafka",
            brokers=brokers,
            report=lambda phase: print(f"  {phase.name:<20} {phase.seconds:5.1f} s", flush=True),
        )
        self.kills = 0
        self.pauses = 0
        self.ended_on_purpose: Counter[str] = Counter()
        self.database_proxy: TcpProxy | None = None

    def _prepare_seed(self) -> Prepared | None:
        return seed_of_city()

    async def _start_services(self) -> None:
        proxy = self.database_proxy = TcpProxy(self._ports["postgres"])
        await proxy.start()
        env = {service: dict(self.plan.env.get(service, {})) for service in SERVICES}
        for service in SERVICES:
            dsn = self.dsn(service).replace(f":{self._ports['postgres']}/", f":{proxy.port}/")
            env[service]["FENGHUO_DATABASE_URL"] = dsn
        self.plan = replace(self.plan, env={**self.plan.env, **env})
        await super()._start_services()

    async def down(self) -> None:
        """Stop everything, the proxy last."""
        await super().down()
        if self.database_proxy is not None:
            await self.database_proxy.stop()

    def processes(self) -> list[str]:
        """Return the names of all service processes."""
        return self.plan.names()

    def urls(self, service: str) -> list[str]:
        """Return the addresses of the processes of a service."""
        return [self.url(name) for name, owner, _ in self.plan.processes() if owner == service]

    async def kill(self, name: str, signum: signal.Signals = signal.SIGKILL) -> None:
        """Crash a process and count it."""
        if self.pid(name) is None:
            return
        self.kills += 1
        self.ended_on_purpose[name] += 1
        await super().kill(name, signum)

    async def stop(self, name: str) -> None:
        """Stop a process and count it."""
        self.ended_on_purpose[name] += 1
        await super().stop(name)

    async def replaced(self, name: str, before: int | None, limit_s: float = 60.0) -> bool:
        """Return true when another process has taken the place of `before`."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if self.pid(name) not in (None, before):
                return True
            await asyncio.sleep(0.02)
        return False


def services_of(names: Sequence[str]) -> list[str]:
    """Return the services of processes; a node of Kafka or Postgres concerns every service."""
    owners = {name.partition("-")[0] for name in names}
    return [STORES] if owners & {"kafka", "postgres"} else sorted(owners)


def discard(root: Path) -> None:
    """Remove everything that a stopped stack has on disk."""
    paths = Paths(root)
    postgres.discard(paths)
    shutil.rmtree(root, ignore_errors=True)
