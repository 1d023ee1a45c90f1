"""Probes of the components: the services by HTTP, Kafka, Postgres, and the disks."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Protocol

import asyncpg
import httpx2
from aiokafka import AIOKafkaClient
from aiokafka.errors import KafkaError
from pydantic import BaseModel, SecretStr, ValidationError

from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.watch.components import ComponentProblem
from shared.runtime.bounded_waits import stop_client
from shared.runtime.database import CLIENT_ERRORS

PROBE_TIMEOUT_S = 3.0
"""The longest time of one probe in seconds."""
_REASON_CHARACTERS = 300


class _ReadyAnswer(BaseModel):
    """The part of a ready service's answer that is read."""

    troubles: dict[str, str] = {}


class Probe(Protocol):
    """Asks one component whether it works."""

    component: str

    async def check(self) -> ComponentProblem | None:
        """Return the problem of the component, None if it works."""
        ...


class ServiceProbe:
    """Asks `/readyz` of a service."""

    def __init__(self, component: str, url: str, http: httpx2.AsyncClient) -> None:
        self.component = component
        self._url = f"{url.rstrip('/')}/readyz"
        self._http = http
        self.troubles: tuple[str, ...] = ()
        """The troubles that the service named in its last answer."""

    async def check(self) -> ComponentProblem | None:
        """Return why the service does not answer, or why it is not ready."""
        self.troubles = ()
        try:
            response = await self._http.get(self._url)
        except httpx2.HTTPError as error:
            reason = f"does not answer: {type(error).__name__}"
            return ComponentProblem(FindingKind.COMPONENT_DOWN, reason)
        if response.status_code == httpx2.codes.OK:
            self.troubles = _troubles(response.content)
            return None
        reason = f"not ready: {response.text[:_REASON_CHARACTERS]}"
        return ComponentProblem(FindingKind.COMPONENT_NOT_READY, reason)


class TroubleProbe:
    """Reads the troubles that a service named when it was last asked and was ready."""

    def __init__(self, service: ServiceProbe) -> None:
        self.component = f"{service.component} (self-report)"
        self._service = service

    async def check(self) -> ComponentProblem | None:
        """Return the troubles, if there are any."""
        if not self._service.troubles:
            return None
        reason = "; ".join(self._service.troubles)[:_REASON_CHARACTERS]
        return ComponentProblem(FindingKind.COMPONENT_TROUBLED, reason)


class KafkaProbe:
    """Asks the brokers for their metadata, by a connection of its own."""

    component = "kafka"

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    async def check(self) -> ComponentProblem | None:
        """Return why no broker answers."""
        client = AIOKafkaClient(bootstrap_servers=self._bootstrap)
        try:
            await client.bootstrap()
        except KafkaError as error:
            reason = f"no broker answers: {type(error).__name__}"
            return ComponentProblem(FindingKind.COMPONENT_DOWN, reason)
        finally:
            await stop_client(client)
        return None


class PostgresProbe:
    """Asks Postgres a question, by a connection of its own."""

    component = "postgres"

    def __init__(self, dsn: SecretStr) -> None:
        self._dsn = dsn

    async def check(self) -> ComponentProblem | None:
        """Return why the database does not answer."""
        try:
            connection = await asyncpg.connect(
                self._dsn.get_secret_value(), timeout=PROBE_TIMEOUT_S
            )
            try:
                await connection.fetchval("SELECT 1", timeout=PROBE_TIMEOUT_S)
            finally:
                connection.terminate()
        except (OSError, *CLIENT_ERRORS) as error:
            reason = f"does not answer: {type(error).__name__}"
            return ComponentProblem(FindingKind.COMPONENT_DOWN, reason)
        return None


class DiskProbe:
    """Measures the free space of the disk that holds a folder."""

    def __init__(self, folder: Path, free_share: float) -> None:
        self.component = f"disk {folder}"
        self._folder = folder
        self._free_share = free_share

    async def check(self) -> ComponentProblem | None:
        """Return how little is free, if it is less than the share that has to be."""
        try:
            usage = await asyncio.to_thread(shutil.disk_usage, self._folder)
        except OSError as error:
            reason = f"cannot be measured: {error.strerror}"
            return ComponentProblem(FindingKind.COMPONENT_DOWN, reason)
        if usage.free >= usage.total * self._free_share:
            return None
        reason = f"{usage.free // 1_048_576} MiB of {usage.total // 1_048_576} MiB are free"
        return ComponentProblem(FindingKind.DISK_FULL, reason)


def _troubles(body: bytes) -> tuple[str, ...]:
    try:
        answer = _ReadyAnswer.model_validate_json(body)
    except ValidationError:
        return ()  # not a service of ours
    return tuple(answer.troubles.values())


async def bounded(probe: Probe) -> ComponentProblem | None:
    """Return the outcome of a probe, within a bounded time whatever the component does."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            return await probe.check()
    except TimeoutError:
        reason = f"no answer within {PROBE_TIMEOUT_S:g} s"
        return ComponentProblem(FindingKind.COMPONENT_DOWN, reason)
