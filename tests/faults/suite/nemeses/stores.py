"""Faults of Kafka and Postgres."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from shared.runtime.database import CLIENT_ERRORS
from tests.faults.suite.nemeses.nemesis import Scene, Strike
from tests.faults.suite.tcp_proxy import Interference, TcpProxy, interfere, interfering

_POSTGRES = "postgres"
_SERVICES = ("alerting", "command", "duty", "catalog", "notify", "console", "audit")
_NODES = 3


def _pause(chance: random.Random) -> float:
    return round(chance.uniform(2.0, 6.0), 2)


def _proxy(scene: Scene) -> list[TcpProxy]:
    proxy = scene.stack.database_proxy
    return [] if proxy is None else [proxy]


def _nodes(chance: random.Random, count: int) -> tuple[str, ...]:
    return tuple(chance.sample(["kafka", "kafka-1", "kafka-2"], count))


class KillNode:
    """SIGKILL of a Kafka node, which starts again at once."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a node."""
        return Strike("kafka_kill", _pause(chance), _nodes(chance, 1))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Kill, and wait for the node."""
        [name] = strike.victims
        if name not in scene.stack.kafka_nodes:
            name = scene.stack.kafka_nodes[0]
        before = scene.stack.pid(name)
        await scene.stack.kill(name)
        await scene.stack.replaced(name, before)
        await scene.stack.wait_kafka()


@dataclass(frozen=True)
class NodesAway:
    """Kafka nodes that hand their partitions over, are away for a time, and return."""

    name: str
    count: int
    times: tuple[float, ...] = (1.0, 6.0, 12.0)

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose nodes and a time."""
        seconds = chance.choice(self.times)
        return Strike(self.name, _pause(chance), _nodes(chance, self.count), seconds)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Stop, wait, start."""
        names = [name for name in strike.victims if name in scene.stack.kafka_nodes]
        names = names or scene.stack.kafka_nodes[:1]
        await asyncio.gather(*(scene.stack.stop(name) for name in names))
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            for name in names:
                await scene.stack.start(name)
        await scene.stack.wait_kafka()


class FreezeNode:
    """SIGSTOP of a Kafka node: its connections stand, its partitions move away."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a node and a time."""
        seconds = chance.choice([2.0, 5.0, 10.0])
        return Strike("kafka_freeze", _pause(chance), _nodes(chance, 1), seconds)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Freeze and wake."""
        [name] = strike.victims
        if name not in scene.stack.kafka_nodes:
            name = scene.stack.kafka_nodes[0]
        await scene.stack.pause(name)
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            await scene.stack.resume(name)
        await scene.stack.wait_kafka()


class KillPostgres:
    """SIGKILL of Postgres with all its sessions."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """There is one Postgres."""
        return Strike("postgres_kill", _pause(chance), (_POSTGRES,))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Kill, and wait until it has recovered."""
        before = scene.stack.pid(_POSTGRES)
        await scene.stack.kill(_POSTGRES)
        await scene.stack.replaced(_POSTGRES, before)
        await scene.stack.wait_postgres()


class PostgresAway:
    """Postgres stops and is away for ten minutes."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """There is one Postgres."""
        return Strike("postgres_away", _pause(chance), (_POSTGRES,), 600.0)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Stop, wait, start."""
        await scene.stack.stop(_POSTGRES)
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            await scene.stack.start(_POSTGRES)
        await scene.stack.wait_postgres()


class FreezePostgres:
    """SIGSTOP of Postgres: every session waits."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a time."""
        seconds = chance.choice([3.0, 8.0, 15.0])
        return Strike("postgres_freeze", _pause(chance), (_POSTGRES,), seconds)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Freeze and wake."""
        await scene.stack.pause(_POSTGRES)
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            await scene.stack.resume(_POSTGRES)


class SlowPostgres:
    """Every answer of Postgres comes later."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a time and a delay."""
        delay_s = chance.choice([0.05, 0.2, 1.0])
        return Strike("postgres_slow", _pause(chance), (_POSTGRES,), 10.0, (delay_s,))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Delay, then no more."""
        async with interfering(_proxy(scene), Interference(strike.numbers[0])):
            await asyncio.sleep(strike.seconds)


class SwallowedAnswers:
    """Postgres does as asked, but no answer arrives; then every connection is cut."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a time; 0 only cuts."""
        seconds = chance.choice([0.0, 0.2, 2.0])
        return Strike("postgres_cut", _pause(chance), (_POSTGRES,), seconds)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Swallow, cut, heal."""
        swallow = Interference(swallows=True)
        async with interfering(_proxy(scene), swallow, cut_at_end=True):
            await asyncio.sleep(strike.seconds)


class FullPostgres:
    """Postgres has no connection to give: ours are cut, and somebody else has taken all."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a time."""
        return Strike("postgres_full", _pause(chance), (_POSTGRES,), chance.choice([3.0, 8.0]))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Take every connection for a time."""
        connections: list[asyncpg.Connection] = []
        await interfere(_proxy(scene), Interference(cuts=True))
        try:
            with contextlib.suppress(OSError, *CLIENT_ERRORS):
                while True:
                    connections.append(await asyncpg.connect(scene.stack.dsn(), timeout=5))
            await asyncio.sleep(strike.seconds)
        finally:
            for connection in connections:
                connection.terminate()


class ReadOnlyPostgres:
    """Postgres refuses every change, as a standby does after a switch."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a time."""
        return Strike("postgres_read_only", _pause(chance), (_POSTGRES,), chance.choice([3.0, 8.0]))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Switch to read only, and back."""
        connection = await asyncpg.connect(scene.stack.dsn())
        try:
            await connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            await connection.execute("SELECT pg_reload_conf()")
            await asyncio.sleep(strike.seconds)
        finally:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
            await connection.execute("SELECT pg_reload_conf()")
            await connection.close()


class Deadlock:
    """A session that locks a service's tables in the opposite order."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a service."""
        return Strike("postgres_deadlock", _pause(chance), (chance.choice(_SERVICES),), 2.0)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Lock the outbox, then the offsets: a batch does it the other way round."""
        [service] = strike.victims
        connection = await asyncpg.connect(scene.stack.dsn())
        try:
            with contextlib.suppress(asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
                async with connection.transaction():
                    await connection.execute("SET LOCAL lock_timeout = '5s'")
                    await connection.execute(f"LOCK TABLE {service}.outbox IN EXCLUSIVE MODE")
                    await asyncio.sleep(strike.seconds)
                    await connection.execute(
                        f"LOCK TABLE {service}.consumer_offset IN EXCLUSIVE MODE"
                    )
        finally:
            await connection.close()
