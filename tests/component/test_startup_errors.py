"""An error that a person has to correct is one sentence on stderr, an exit code, no traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.services import SERVICES

ROOT = Path(__file__).parents[2]


def start(
    service: str, environment: dict[str, str], limit_s: float = 300
) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("FENGHUO_")}
    return subprocess.run(
        [sys.executable, "-m", f"services.{service}"],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


@pytest.mark.parametrize("service", SERVICES)
def test_missing_settings_are_named(service: str) -> None:
    process = start(service, {})
    assert process.returncode == 64
    assert "FENGHUO_KAFKA_BOOTSTRAP" in process.stderr
    assert "FENGHUO_HTTP_PORT" in process.stderr
    assert "Traceback" not in process.stdout + process.stderr
    assert len(process.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        settings = {"FENGHUO_KAFKA_BOOTSTRAP": "127.0.0.1:1", "FENGHUO_HTTP_PORT": str(port)}
        process = start("scoring", settings)
    assert process.returncode == 64
    assert str(port) in process.stderr
    assert "FENGHUO_HTTP_PORT" in process.stderr
    assert "Traceback" not in process.stdout + process.stderr


def test_an_unreachable_database_is_named(unused_port: int) -> None:
    settings = {
        "FENGHUO_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "FENGHUO_HTTP_PORT": str(unused_port),
        "FENGHUO_DATABASE_URL": "postgresql://nobody:hidden@127.0.0.1:1/none",
        "FENGHUO_START_PATIENCE_S": "1",
    }
    process = start("alerting", settings)
    assert process.returncode == 69
    assert "FENGHUO_DATABASE_URL" in process.stderr
    assert "hidden" not in process.stdout + process.stderr
    assert "Traceback" not in process.stdout + process.stderr


def test_an_unreachable_broker_is_named(unused_port: int) -> None:
    settings = {
        "FENGHUO_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "FENGHUO_HTTP_PORT": str(unused_port),
        "FENGHUO_START_PATIENCE_S": "1",
    }
    process = start("scoring", settings)
    assert process.returncode == 69
    assert "127.0.0.1:1" in process.stderr
    assert "SASL" in process.stderr, "what answers may want what no service speaks"
    assert "unknown_settings" not in process.stdout
    assert "Traceback" not in process.stdout + process.stderr


def test_a_setting_of_kafkas_that_does_nothing_is_named(unused_port: int) -> None:
    settings = {
        "FENGHUO_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "FENGHUO_KAFKA_SASL_PASSWORD": "s3cret",
        "FENGHUO_HTTP_PORT": str(unused_port),
        "FENGHUO_START_PATIENCE_S": "1",
    }
    process = start("scoring", settings)
    assert "unknown_settings" in process.stdout
    assert "FENGHUO_KAFKA_SASL_PASSWORD" in process.stdout
    assert "FENGHUO_KAFKA_SASL_PASSWORD" in process.stderr
    assert "s3cret" not in process.stdout + process.stderr


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
