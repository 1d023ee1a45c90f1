"""The services as programs: which module, which environment, ready when."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec

import httpx2

from deploy.local.endpoints import process_name
from deploy.local.errors import StackError
from deploy.local.paths import REPO, Paths
from deploy.local.ports import HOST
from deploy.local.supervisor import MAX_DEATHS, Program, Supervisor

SERVICES = (
    "ingest", "scoring", "alerting", "command", "duty", "catalog", "notify", "console", "audit",
)  # fmt: skip
AUDITOR = "audit"
"""The service that watches all others."""
PUSHING = ("notify", "console")
"""The services that have the key of web push: 32 random bytes, as set-up makes every secret."""
EVERY_SERVICE = "*"
"""Key of `env` whose variables every service gets."""


@dataclass(frozen=True)
class ServicePlan:
    """Which services run, how many of each, and with what extra environment."""

    services: Sequence[str]
    env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)

    def processes(self) -> list[tuple[str, str, int]]:
        """(unique name, service, slot) of every process to run."""
        return [
            (process_name(service, slot), service, slot)
            for service in self.services
            for slot in range(self.replicas.get(service, 1))
        ]

    def names(self) -> list[str]:
        """Unique name of every process to run."""
        return [name for name, _, _ in self.processes()]

    def module(self, service: str) -> str:
        """Return the module of a service for `python -m`."""
        return self.modules.get(service, f"services.{service}")

    def check(self) -> None:
        """Raise StackError when a service has no module that can be run."""
        missing = [service for service in self.services if not _is_runnable(self.module(service))]
        if missing:
            raise StackError(f"there is no program to run for: {', '.join(missing)}.")

    def program(
        self, service: str, slot: int, paths: Paths, port: int, environment: Mapping[str, str]
    ) -> Program:
        """Return the program of a process; `given` are the addresses of Kafka and Postgres as
        variables.
        """
        name = process_name(service, slot)
        env = {
            "FENGHUO_HTTP_HOST": HOST,
            "FENGHUO_HTTP_PORT": str(port),
            "FENGHUO_SLOT": str(slot),
            # Stable across restarts: the group waits for this member instead of rebalancing.
            "FENGHUO_GROUP_INSTANCE_ID": f"{service}-{slot}",
            "FENGHUO_LOG_LEVEL": os.environ.get("FENGHUO_LOG_LEVEL", "INFO"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(REPO),
            **environment,
            **self.env.get(EVERY_SERVICE, {}),
            **self.env.get(service, {}),
        }
        command = [sys.executable, "-m", self.module(service)]
        return Program(name, command, paths.log / f"{name}.log", env, cwd=REPO)


async def wait_ready(
    supervisor: Supervisor, client: httpx2.AsyncClient, name: str, url: str, timeout_s: float
) -> None:
    """Return when `url` answers 200 to GET /readyz.

    Raises StackError when it does not within `timeout_s` seconds or when the process keeps dying.
    """
    log = supervisor.log(name)
    deadline = time.monotonic() + timeout_s
    before, answer = supervisor.starts(name), "no answer"
    while time.monotonic() < deadline:
        with suppress(httpx2.HTTPError):
            response = await client.get(f"{url}/readyz")
            if response.status_code == httpx2.codes.OK:
                return
            answer = f"{response.status_code} {response.text[:300]}"
        if supervisor.starts(name) - before >= MAX_DEATHS:
            raise StackError(f"{name} does not start ({supervisor.complaint(name)}); see {log}.")
        await asyncio.sleep(0.1)
    raise StackError(f"{name} is not ready after {timeout_s:.0f} s ({answer}); see {log}.")


def _is_runnable(module: str) -> bool:
    try:
        spec = find_spec(module)
        if spec is None or spec.submodule_search_locations is None:
            return spec is not None
        return find_spec(f"{module}.__main__") is not None
    except ModuleNotFoundError:
        return False
