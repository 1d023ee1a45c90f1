"""The whole system on one machine, as an async context manager.

    async with Stack(temporary_root("faults")) as stack:
        await stack.kill("alerting")            # comes back by itself
        await stack.wait_ready()
        print(stack.endpoints.console_url)

Stacks with different roots run side by side; a root serves one stack at a time.
"""

import asyncio
import fcntl
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import httpx2

from deploy.local import announcement, database, kafka, ports, topics
from deploy.local import postgres as postgres_module
from deploy.local.endpoints import Endpoints, ServiceEndpoint
from deploy.local.errors import StackError, first_sentence
from deploy.local.limits import publish_shipped
from deploy.local.paths import REPO, Paths
from deploy.local.postgres import Postgres
from deploy.local.secrets import Secrets
from deploy.local.services import AUDITOR, PUSHING, SERVICES, ServicePlan, wait_ready
from deploy.local.start_limits import START_S
from deploy.local.supervisor import Program, Supervisor
from deploy.local.topic_bytes import stated_volume


@dataclass(frozen=True)
class Phase:
    """One step of the start and how long it took, in seconds."""

    name: str
    seconds: float


class Stack:
    """Kafka, Postgres, topics, limits, schema, services: started and stopped together."""

    more_limits: Sequence[Path] = ()
    """Files of limits that are published beside the shipped ones, such as those of a demo."""

    def __init__(
        self,
        root: Path | None = None,
        services: Sequence[str] = SERVICES,
        env: Mapping[str, Mapping[str, str]] | None = None,
        *,
        replicas: Mapping[str, int] | None = None,
        modules: Mapping[str, str] | None = None,
        broker: str = "",
        brokers: int = 1,
        report: Callable[[Phase], None] = lambda phase: None,
        ready_timeout_s: float = START_S,
    ) -> None:
        """Describe a stack; nothing starts before `up`.

        root: folder for its state, data and logs (default: var/ of the checkout).
        env: extra variables per service, or for all under "*".
        replicas: processes per service (default 1 each).
        modules: the module to run per service (default services.<name>).
        broker: "kafka", "noida" or "" (FENGHUO_BROKER, else whatever can be had).
        brokers: Kafka nodes; from three on every topic has three copies.
        report: called after each phase.
        """
        self.paths = Paths((root or REPO / "var").resolve())
        self.plan = ServicePlan(tuple(services), env or {}, replicas or {}, modules or {})
        self.secrets = Secrets(self.paths.secrets)
        self.supervisor = Supervisor(on_change=self._save_endpoints)
        self.kafka_nodes = [kafka.node_name(number) for number in range(brokers)]
        self._broker_choice = broker
        self._report = report
        self._ready_timeout_s = ready_timeout_s
        self._lock: IO[str] | None = None
        self._ports: dict[str, int] = {}
        self._broker: kafka.Broker | None = None
        self._postgres: Postgres | None = None
        self._announced = False

    async def __aenter__(self) -> Self:
        try:
            await self.up()
        except BaseException:
            await self.down()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.down()

    def set_variables(self, service: str, variables: dict[str, str]) -> None:
        """Give variables to a service before it starts; those of the plan stay."""
        own = {**variables, **self.plan.env.get(service, {})}
        self.plan = replace(self.plan, env={**self.plan.env, service: own})

    async def up(self) -> None:
        """Start everything and return when all services are ready.

        Raises StackError with one sentence; what was started then still runs until `down`.
        """
        began = time.monotonic()
        try:
            self._prepare()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start_kafka())
                group.create_task(self._start_postgres())
            async with self._phase("services"):
                await self._start_services()
                await self.wait_ready(self._ready_timeout_s)
        except BaseExceptionGroup as failures:
            raise first_sentence(failures) from None
        except OSError as error:
            raise StackError(f"the stack cannot start: {error}.") from None
        self._announced = True
        self._save_endpoints()
        self._report(Phase("everything ready", time.monotonic() - began))

    def discard(self) -> None:
        """Remove everything a stopped stack left on disk."""
        postgres_module.discard(self.paths)
        shutil.rmtree(self.paths.root, ignore_errors=True)

    async def down(self) -> None:
        """Stop services first, then Kafka and Postgres. Safe to call at any time, also twice."""
        stores = {*self.kafka_nodes, postgres_module.NAME}
        names = self.supervisor.names()
        if first := [name for name in names if name not in stores]:
            await self.supervisor.stop_all(first)
        if last := [name for name in names if name in stores]:
            await self.supervisor.stop_all(last)
        if self._lock:
            (self.paths.run / "endpoints.json").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    @property
    def endpoints(self) -> Endpoints:
        """Addresses and process ids as of now."""
        assert self._broker
        assert self._postgres
        services = [
            ServiceEndpoint.at(service, slot, self._ports[name], self.log(name), self.pid(name))
            for name, service, slot in self.plan.processes()
        ]
        urls = {endpoint.name: endpoint.url for endpoint in services}
        return Endpoints(
            broker_name=self._broker.name,
            stand_in=self._broker.stand_in,
            kafka_bootstrap=self._broker.bootstrap,
            postgres_dsn=self._postgres.dsn(postgres_module.SUPERUSER),
            services=services,
            ingest_url=urls.get("ingest", ""),
            console_url=urls.get("console", ""),
            supervisor_pid=os.getpid(),
            kafka_pids=[self.pid(node) for node in self.kafka_nodes],
            postgres_pid=self.pid(postgres_module.NAME),
        )

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port` of Kafka."""
        return self.endpoints.kafka_bootstrap

    def url(self, service: str) -> str:
        """Base URL of a service process."""
        return f"http://{ports.HOST}:{self._ports[service]}"

    def dsn(self, role: str = postgres_module.SUPERUSER) -> str:
        """Database address with password: of the superuser, or of a service's own role."""
        assert self._postgres
        if role == postgres_module.SUPERUSER:
            return self._postgres.superuser_dsn()
        return self._postgres.dsn(role, self.secrets.get(f"postgres-{role}"))

    def log(self, name: str) -> Path:
        """Log file of a process."""
        return self.paths.log / f"{name}.log"

    def pid(self, name: str) -> int | None:
        """Process id of a service, a Kafka node or "postgres"; None while it is down."""
        return self.supervisor.pid(name)

    async def kill(self, name: str, signum: signal.Signals = signal.SIGKILL) -> None:
        """Crash a service, a Kafka node or "postgres"; the supervisor brings it back."""
        self.supervisor.send(name, signum)

    async def pause(self, name: str) -> None:
        """Freeze a process (SIGSTOP): it keeps its connections and answers nothing."""
        self.supervisor.send(name, signal.SIGSTOP)

    async def resume(self, name: str) -> None:
        """Let a frozen process go on."""
        self.supervisor.send(name, signal.SIGCONT)

    async def stop(self, name: str) -> None:
        """Stop a process in its orderly way; it stays down until `start`."""
        await self.supervisor.stop(name)

    async def start(self, name: str) -> None:
        """Start a stopped process again, with the same ports, data and identity."""
        await self.supervisor.restart(name)

    async def wait_ready(
        self, timeout_s: float = START_S, names: Sequence[str] | None = None
    ) -> None:
        """Return when /readyz of all (or the named) services answers 200.

        Raises StackError naming the first that is not ready in `timeout_s` seconds or keeps dying.
        """
        names_wanted = self.plan.names() if names is None else names
        async with httpx2.AsyncClient(timeout=10.0, trust_env=False) as client:
            await asyncio.gather(
                *(
                    wait_ready(self.supervisor, client, name, self.url(name), timeout_s)
                    for name in names_wanted
                )
            )

    async def wait_kafka(self, timeout_s: float = START_S) -> None:
        """Return when every Kafka node takes part again.

        Raises StackError after `timeout_s` seconds, or when a process keeps dying.
        """
        assert self._broker
        nodes = len(self.kafka_nodes)
        answer = topics.wait_for_broker(self._broker.bootstrap, timeout_s, nodes)
        await self._answered(self.kafka_nodes, answer, timeout_s)

    async def wait_postgres(self, timeout_s: float = START_S) -> None:
        """Return when the database answers again.

        Raises StackError after `timeout_s` seconds, or when the process keeps dying.
        """
        assert self._postgres
        answer = self._postgres.wait_ready(timeout_s)
        await self._answered([postgres_module.NAME], answer, timeout_s)

    async def _answered(
        self, names: Sequence[str], answer: Coroutine[Any, Any, None], timeout_s: float
    ) -> None:
        """Wait for a store's answer; a program that cannot run ends the wait early."""
        dying = {asyncio.create_task(self.supervisor.keeps_dying(name)): name for name in names}
        task = asyncio.create_task(answer)
        try:
            await asyncio.wait({*dying, task}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                name = next(name for failure, name in dying.items() if failure.done())
                why = self.supervisor.complaint(name)
                raise StackError(f"{name} does not start ({why}); see {self.log(name)}.")
            task.result()
        except TimeoutError:
            why = self.supervisor.complaint(names[0])
            raise StackError(
                f"{names[0]} does not answer after {timeout_s:.0f} s ({why})."
            ) from None
        finally:
            for failure in dying:
                failure.cancel()
            task.cancel()

    def _prepare(self) -> None:
        self.plan.check()
        self.paths.create()
        self._lock = (self.paths.run / "stack.lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise StackError(
                f"a stack already runs in {self.paths.root}; stop it first (`make down`)."
            ) from None
        announcement.withdraw(self.paths)
        controllers = [_controller(node) for node in self.kafka_nodes]
        names = [*self.kafka_nodes, *controllers, "postgres", *self.plan.names()]
        self._ports = ports.choose(names, self.paths.run / "ports.json", ports.fixed_ports())

    async def _start_kafka(self) -> None:
        async with self._phase("kafka"):
            broker = self._broker = await asyncio.to_thread(
                kafka.choose_broker,
                self.paths,
                [
                    kafka.NodePorts(self._ports[node], self._ports[_controller(node)])
                    for node in self.kafka_nodes
                ],
                self._broker_choice,
            )
            for program in await self._prepare_nodes(broker):
                await self.supervisor.start(program)
            await self.wait_kafka(self._ready_timeout_s)
        async with self._phase("topics"):
            copies = kafka.replication(len(self.kafka_nodes))
            planned = topics.planned_topics(copies, volume_gib=stated_volume())
            await topics.ensure_topics(broker.bootstrap, planned)
            await publish_shipped(broker.bootstrap, self.more_limits)

    async def _prepare_nodes(self, broker: kafka.Broker) -> list[Program]:
        """Return the programs of the Kafka nodes, ready to be started."""
        return await asyncio.to_thread(broker.prepare)

    async def _start_postgres(self) -> None:
        self._postgres = Postgres(self.paths, self._ports["postgres"], self.secrets)
        async with self._phase("postgres"):
            await self.supervisor.start(await asyncio.to_thread(self._postgres.prepare))
            await self.wait_postgres(self._ready_timeout_s)
        async with self._phase("schema and roles"):
            await database.migrate(self._postgres, self.paths)
            await database.ensure_roles(self._postgres, self.plan.services)

    async def _start_services(self) -> None:
        for name, service, slot in self.plan.processes():
            environment = {
                "FENGHUO_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
                "FENGHUO_DATABASE_URL": self.dsn(service),
                "FENGHUO_BROKER_NAME": self.endpoints.broker_name,
            }
            if service in PUSHING:
                environment["FENGHUO_WEB_PUSH_KEY"] = self.secrets.get("web-push")
                environment["FENGHUO_WEB_PUSH_CONTACT"] = "mailto:fenghuo@example.org"
            if service == AUDITOR:
                environment["FENGHUO_AUDIT_WATCHED"] = self._watched()
            await self.supervisor.start(
                self.plan.program(service, slot, self.paths, self._ports[name], environment)
            )

    def _watched(self) -> str:
        """Return the addresses of all processes but the auditor's, as its setting."""
        return ",".join(
            f"{name}=http://{ports.HOST}:{self._ports[name]}"
            for name, service, _ in self.plan.processes()
            if service != AUDITOR
        )

    def _save_endpoints(self) -> None:
        if self._announced and self._lock:
            self.endpoints.save(self.paths.run / "endpoints.json")

    @asynccontextmanager
    async def _phase(self, name: str) -> AsyncIterator[None]:
        began = time.monotonic()
        yield
        self._report(Phase(name, time.monotonic() - began))


def _controller(node: str) -> str:
    """Return the name under which the port of a node's controller is remembered."""
    return f"{node}-controller"
