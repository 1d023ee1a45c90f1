"""Wiring of audit: one consumer of every topic that matters, the rounds, one door."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from faststream.asgi import AsgiFastStream

from services.audit.consumer import AuditConsumer
from services.audit.ledger import Ledger
from services.audit.loops import Rounds
from services.audit.metrics import AuditMetrics
from services.audit.settings import Settings
from services.audit.store.topics import Topics
from services.audit.web import conservation_route, findings_route
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALARMS,
    ALERTS,
    ANSWERS,
    ASSIGNMENTS,
    CASE_REVIEWS,
    COMMANDS,
    DECISIONS,
    MODE_REQUESTS,
    MODES,
    NOTICES,
    PAGES,
    REFUSALS,
    REQUESTS,
    SILENCES,
    SUPERVISION,
    TOPICS,
    TRAIL,
)
from shared.runtime.stateful_platform import StatefulPlatform

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
    SILENCES,
    CASE_REVIEWS,
    REFUSALS,
)


class AuditPlatform(StatefulPlatform):
    """The platform with two more doors and the auditor's own eyes on the topics."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("audit", settings)
        self.log = Topics(settings.kafka_bootstrap)

    def routes(self) -> list[tuple[str, Any]]:
        """The operations routes, GET /findings and GET /conservation."""
        doors = [findings_route(self.database), conservation_route(self.database)]
        return [*super().routes(), *doors]

    async def start(self, stack: AsyncExitStack) -> None:
        """As every platform; the log is opened by the first round."""
        stack.push_async_callback(self.log.stop)
        await super().start(stack)


def build(settings: Settings) -> AsgiFastStream:
    """The ASGI application; nothing is connected before its lifespan starts."""
    platform = AuditPlatform(settings)
    metrics = AuditMetrics(platform.registry)
    platform.consume_inbox(_TOPICS, AuditConsumer(metrics).apply)
    ledger = Ledger(platform.database, platform.log)
    rounds = Rounds(platform.database, ledger, metrics, settings)
    platform.run_in_background("rounds", rounds.run)
    platform.health.add("checks", rounds.ready)
    platform.produces(TRAIL)
    platform.inspects(*TOPICS.values())
    return platform.asgi()
