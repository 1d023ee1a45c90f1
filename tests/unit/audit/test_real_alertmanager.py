"""A real Prometheus and a real Alertmanager, as configured: an alert is a fault with an owner."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr

from services.audit.rounds.recording import FindingRecorder
from services.audit.web.alertmanager import AlertmanagerDoor
from shared.contracts.faults import FaultState, SystemFault
from shared.runtime.stream_connection import server_config
from tests.support.waiting import PATIENCE_S
from tests.unit.audit.harness import AuditHarness

TEMPLATES = Path("/usr/share/prometheus/alertmanager/default.tmpl")
CONFIGURATION = Path(__file__).parents[3] / "deploy" / "prometheus"
TOKEN = "door-token"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Metrics:
    """The `/metrics` of a service with a partition that stands, or not."""

    def __init__(self) -> None:
        self.standing = 1

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer every request."""
        text = f'fenghuo_partitions_standing{{topic="alerts.v1"}} {self.standing}\n'
        headers = [(b"content-type", b"text/plain; version=0.0.4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})


@asynccontextmanager
async def served(application: Any) -> AsyncIterator[int]:
    """Serve an ASGI application on a port."""
    port = free_port()
    settings = server_config(
        application, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(settings)
    task = asyncio.create_task(server.serve())
    try:
        yield port
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def running(folder: Path, *command: str) -> AsyncIterator[None]:
    """Run a program; its output is in the folder."""
    with (folder / "output.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.kill()
            await process.wait()


def copy_changed(name: str, folder: Path, changes: dict[str, str]) -> None:
    """Copy a file of the configuration; each of the changes has to apply."""
    text = (CONFIGURATION / name).read_text(encoding="utf-8")
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    (folder / name).write_text(text, encoding="utf-8")


async def until_state(auditor: AuditHarness, state: FaultState) -> SystemFault:
    """Wait for the newest fault to be in a state."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            faults = await auditor.faults()
            if faults and faults[-1].state is state:
                return faults[-1]
            await asyncio.sleep(0.1)


async def test_an_alert_of_prometheus_becomes_a_fault_and_ends(
    auditor: AuditHarness, tmp_path: Path
) -> None:
    programs = [shutil.which("prometheus"), shutil.which("prometheus-alertmanager")]
    if None in programs or not TEMPLATES.is_file():
        pytest.skip("there is no Prometheus on this machine (the distribution's packages)")
    prometheus, alertmanager = map(str, programs)
    recorder = FindingRecorder(auditor.responsible, auditor.metrics)
    door = AlertmanagerDoor(auditor.database, recorder, SecretStr(TOKEN))
    metrics, ports = Metrics(), (free_port(), free_port())
    async with served(door) as door_port, served(metrics) as metrics_port:
        secret = tmp_path / "token"
        secret.write_text(TOKEN, encoding="ascii")
        manager_changes = {
            "http://audit:8000": f"http://127.0.0.1:{door_port}",
            "/run/secrets/audit_door_token": str(secret),
            "group_wait: 10s": "group_wait: 0s",
            "group_interval: 30s": "group_interval: 1s",
        }
        copy_changed("alertmanager.yml", tmp_path, manager_changes)
        prometheus_changes = {
            "alertmanager:9093": f"127.0.0.1:{ports[0]}",
            "ingest:8000": f"127.0.0.1:{metrics_port}",
            ": 5s": ": 1s",
        }
        copy_changed("prometheus.yml", tmp_path, prometheus_changes)
        copy_changed("alerts.yml", tmp_path, {})
        run_manager = running(
            tmp_path,
            alertmanager,
            "--config.file=alertmanager.yml",
            "--storage.path=manager",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            "--cluster.listen-address=",
        )
        run_prometheus = running(
            tmp_path,
            prometheus,
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=series",
            f"--web.listen-address=127.0.0.1:{ports[1]}",
        )
        async with run_manager, run_prometheus:
            raised = await until_state(auditor, FaultState.RAISED)
            assert raised.headline.startswith("监控告警：PartitionStands")
            assert "cannot read on in 1 partitions of alerts.v1" in raised.text
            metrics.standing = 0
            cleared = await until_state(auditor, FaultState.CLEARED)
            assert cleared.fault_id == raised.fault_id
