"""Wiring of audit: one consumer of every topic that matters, the rounds, one door."""

from __future__ import annotations

from typing import Any

from faststream.asgi import AsgiFastStream

from services.audit.consumer import AuditConsumer
from services.audit.loops import Rounds
from services.audit.metrics import AuditMetrics
from services.audit.settings import Settings
from services.audit.web import findings_route
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERTS,
    ANSWERS,
    ASSIGNMENTS,
    COMMANDS,
    DECISIONS,
    MODE_REQUESTS,
    MODES,
    NOTICES,
    PAGES,
    REQUESTS,
    SUPERVISION,
    TRAIL,
)
from shared.runtime.platform import StatefulPlatform

_TOPICS = (
    ALARMS,
    ALERTS,
    DECISIONS,
    NOTICES,
    COMMANDS,
    REQUESTS,
    ASSIGNMENTS,
    ACKNOWLEDGEMENTS,
    SUPERVISION,
    PAGES,
    ANSWERS,
    MODES,
    MODE_REQUESTS,
)


class AuditPlatform(StatefulPlatform):
    """The platform with one more door."""

    def routes(self) -> list[tuple[str, Any]]:
        """The operations routes and GET /findings."""
        return [*super().routes(), findings_route(self.database)]


def build(settings: Settings) -> AsgiFastStream:
    """The ASGI application; nothing is connected before its lifespan starts."""
    platform = AuditPlatform("audit", settings)
    metrics = AuditMetrics(platform.registry)
    platform.consume_inbox(_TOPICS, AuditConsumer(metrics).apply)
    rounds = Rounds(platform.database, metrics, settings)
    platform.loops.append(rounds.run)
    platform.health.add("checks", rounds.ready)
    platform.produces(TRAIL)
    return platform.asgi()
