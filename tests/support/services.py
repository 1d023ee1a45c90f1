"""Every service built with settings that connect to nothing, for tests of wiring and documents."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from faststream.kafka import KafkaBroker

from shared.runtime.platform import Platform

SERVICES = (
    "ingest", "scoring", "alerting", "command", "duty", "catalog", "notify", "console", "audit",
)  # fmt: skip


def built_app(service: str, folder: Path) -> Any:
    """The ASGI application of a service; nothing is connected."""
    kind = importlib.import_module(f"services.{service}.settings").Settings
    offered = {
        "kafka_bootstrap": "127.0.0.1:1",
        "http_port": 1,
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
    }
    settings = kind(**{name: offered[name] for name in offered if name in kind.model_fields})
    return importlib.import_module(f"services.{service}.app").build(settings)


def built_platform(service: str, folder: Path) -> Platform:
    """Return the platform of the service with all its topics declared."""
    app = built_app(service, folder)
    platform = app.state.platform if hasattr(app, "state") else app.platform
    assert isinstance(platform, Platform)
    return platform


def built_broker(service: str, folder: Path) -> KafkaBroker:
    """The service's broker with its subscribers."""
    return built_platform(service, folder).broker
