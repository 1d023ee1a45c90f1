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
from deploy.local import ports, postgres
from deploy.local.kafka import Broker
from deploy.local.limits import DEMO
from deploy.local.paths import Paths
from deploy.local.ports import HOST
from deploy.local.records import record
from deploy.local.seed import Prepared
from deploy.local.seeded_stack import SeededStack
from deploy.local.services import EVERY_SERVICE, SERVICES
from deploy.local.supervisor import Program
from shared.contracts.catalog import CatalogEntry, GroupEntry, SensorEntry, UnitEntry, catalog_key
from shared.contracts.fields import Tier
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG, PLANS, ROSTER, RULES
from shared.contracts.units import tier_of
from tests.faults.suite import breakable
from tests.faults.suite.control_file import FOLDER_VARIABLE, ControlFile
from tests.faults.suite.tcp_proxy import TcpProxy
from tests.faults.suite.volumes import Volume, unmount

RULE_ID = "gas-combustible"
KIND = "gas_detector"
TOWNS = ("500118107000", "500118118000")
SENSORS = 160
INTERVAL_S = 10.0
"""The catalogued interval of the sensors: silence is found within a minute."""
_VOLUME_MIB = 1_000
STORES = "*"
"""The mark of a fault that touches every service."""


def own_sensors(begin: int = 0, count: int = SENSORS) -> list[SensorEntry]:
    """Return gas detectors of two towns, of as many villages as possible, from the `begin`-th."""
    stems = tuple(town[:9] for town in TOWNS)
    all_of_towns = [
        sensor.model_copy(update={"interval_s": INTERVAL_S})
        for sensor in sensors.all_sensors()
        if sensor.sensor_kind == KIND and sensor.place.startswith(stems)
    ]
    return all_of_towns[begin : begin + count]


def rungs() -> list[dict[str, Any]]:
    """Return the rungs of the rule over the sensors, lowest first."""
    pack = next(fields for fields in rules.packs() if fields["rule_id"] == RULE_ID)
    names = ("level", "raise_at", "clear_at")
    return [{name: rung[name] for name in names} for rung in pack["body"]["rungs"]]


def seed_of_city(sensor_count: int) -> Prepared:
    """Return divisions without grids, sensors of two towns, rules, plans and the roster."""
    now = datetime.now(UTC)
    content: list[UnitEntry | GroupEntry | SensorEntry] = [
        *units.divisions(),
        *departments.departments(),
        *departments.groups(),
        *own_sensors(0, sensor_count),
    ]
    definitions = [(item.rule_id, item) for item in rules.definitions(now)]
    return Prepared(
        "faults",
        (
            (CATALOG, [record(catalog_key(entry), _catalogued(entry, now)) for entry in content]),
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
        id=content_id("cat", catalog_key(entry), entry.model_dump_json()),
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

    more_limits = (DEMO,)

    def __init__(
        self,
        root: Path,
        env: Mapping[str, Mapping[str, str]],
        *,
        replicas: int,
        brokers: int,
        own_volumes: bool = False,
        sensor_count: int = SENSORS,
    ) -> None:
        controls = root / "controls"
        super().__init__(
            root,
            env={**env, EVERY_SERVICE: {FOLDER_VARIABLE: str(controls)}},
            replicas=dict.fromkeys(SERVICES, replicas),
            modules=dict.fromkeys(SERVICES, breakable.__name__),
            broker="kafka",
            brokers=brokers,
            report=lambda phase: print(f"  {phase.name:<20} {phase.seconds:5.1f} s", flush=True),
        )
        self.kills = 0
        self.pauses = 0
        self.ended_on_purpose: Counter[str] = Counter()
        self.database_proxy: TcpProxy | None = None
        self.kafka_proxies: dict[str, TcpProxy] = {}
        """By the name of the node; the services reach Kafka through them, the suite does not."""
        self.volumes: dict[str, Volume] = {}
        """By the name of a Kafka node or `postgres`; empty unless disks are to be filled."""
        self._controls, self._own_volumes = controls, own_volumes
        self._sensor_count = sensor_count

    def control(self, name: str) -> ControlFile:
        """Return the control file of a process."""
        service, _, number = name.partition("-")
        return ControlFile(self._controls, f"{service}-{number or 0}")

    def _prepare(self) -> None:
        super()._prepare()
        if self._own_volumes:
            for name in (*self.kafka_nodes, postgres.NAME):
                volume = self.volumes[name] = Volume(self.paths.data / name)
                volume.mount(_VOLUME_MIB)

    def _prepare_seed(self) -> Prepared | None:
        return seed_of_city(self._sensor_count)

    async def _prepare_nodes(self, broker: Broker) -> list[Program]:
        """Let each node listen once more, under the address of a proxy."""
        programs = await super()._prepare_nodes(broker)
        behind = [f"{node}-behind-proxy" for node in self.kafka_nodes]
        numbers = ports.choose(behind, self.paths.run / "ports.json", {})
        for node, name in zip(self.kafka_nodes, behind, strict=True):
            proxy = self.kafka_proxies[node] = TcpProxy(numbers[name])
            await proxy.start()
            path = self.paths.run / f"{node}.properties"
            path.write_text(_with_proxy(path.read_text(), numbers[name], proxy.port))
        return programs

    async def _start_services(self) -> None:
        proxy = self.database_proxy = TcpProxy(self._ports["postgres"])
        await proxy.start()
        env = {service: dict(self.plan.env.get(service, {})) for service in SERVICES}
        for service in SERVICES:
            dsn = self.dsn(service).replace(f":{self._ports['postgres']}/", f":{proxy.port}/")
            env[service]["FENGHUO_DATABASE_URL"] = dsn
            env[service]["FENGHUO_KAFKA_BOOTSTRAP"] = ",".join(
                f"{HOST}:{node.port}" for node in self.kafka_proxies.values()
            )
        self.plan = replace(self.plan, env={**self.plan.env, **env})
        await super()._start_services()

    async def down(self) -> None:
        """Stop everything, the proxies last."""
        await super().down()
        for proxy in (self.database_proxy, *self.kafka_proxies.values()):
            if proxy is not None:
                await proxy.stop()

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


def _with_proxy(config: str, port: int, proxy_port: int) -> str:
    """Return server.properties with a listener more, which clients reach through a proxy."""
    settings = dict(line.split("=", 1) for line in config.splitlines() if "=" in line)
    own = settings["listeners"].split(",")[0]
    settings["listeners"] += f",PROXIED://{HOST}:{port}"
    settings["advertised.listeners"] = f"{own},PROXIED://{HOST}:{proxy_port}"
    settings["listener.security.protocol.map"] += ",PROXIED:PLAINTEXT"
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def services_of(names: Sequence[str]) -> list[str]:
    """Return the services of processes; a store and a topic (`a.b.v1`) concern every service."""
    owners = {name.partition("-")[0] for name in names}
    of_stores = owners & {"kafka", "postgres"} or any("." in name for name in owners)
    return [STORES] if of_stores else sorted(owners)


def discard(root: Path) -> None:
    """Remove everything that a stopped stack has on disk."""
    postgres.discard(Paths(root))
    unmount(root)
    shutil.rmtree(root, ignore_errors=True)
