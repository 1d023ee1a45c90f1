"""Wiring of audit: topics are counted, rounds read all topics and tables, the trail goes out."""

from __future__ import annotations

from functools import partial

from services.audit.bootstrap import AuditBootstrap
from services.audit.canary.door import IngestDoor
from services.audit.canary.loop import CanaryLoop
from services.audit.core.responsible_unit import ResponsibleUnit
from services.audit.handlers import alerts, commands, console, modes, operations, pages
from services.audit.metrics import AuditMetrics
from services.audit.retention import retention_tasks
from services.audit.rounds.loop import RoundLoop
from services.audit.rounds.recording import FindingRecorder
from services.audit.settings import Settings
from services.audit.store.kafka_log import KafkaLog
from services.audit.unit_of_work import UnitOfWork
from services.audit.watch.canary import Canary
from services.audit.watch.watch import Watch
from services.audit.web.alertmanager import AlertmanagerDoor
from services.audit.web.heartbeats import HeartbeatDoor
from services.audit.web.routes import json_route, list_findings, show_conservation
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALERT_DECISIONS,
    AUDIT_TRAIL,
    CATALOG,
    FAULTS,
    TOPICS,
)
from shared.runtime.platform import ServiceApplication
from shared.runtime.stateful_platform import StatefulPlatform


def build(settings: Settings) -> AuditBootstrap:
    """Return the ASGI application; nothing is connected before its lifespan starts."""
    responsible = ResponsibleUnit(settings.audit_unit)
    watch = Watch(settings, responsible)
    return AuditBootstrap(partial(make_auditor, settings, watch, responsible), watch)


def make_auditor(
    settings: Settings, watch: Watch, responsible: ResponsibleUnit
) -> ServiceApplication:
    """Return the platform of the auditor; the watch outlives it."""
    platform = StatefulPlatform("audit", settings)
    metrics = AuditMetrics(platform.registry)
    unit_of_work = partial(UnitOfWork, metrics=metrics)
    platform.include(
        unit_of_work,
        alerts.router,
        commands.router,
        pages.router,
        modes.router,
        console.router,
        operations.router,
        canary=False,
    )
    platform.table(CATALOG, responsible.top.take, responsible.top.remove)
    platform.delete_when_old(*retention_tasks(settings.keep_days))
    platform.produces(AUDIT_TRAIL, FAULTS, ALERT_DECISIONS, ACKNOWLEDGEMENTS)
    if watch.canary is not None:
        _run_canary(platform, settings, watch.canary)
    kafka_log = KafkaLog(settings.kafka_bootstrap)
    platform.on_stop("reader of the log", kafka_log.stop)
    platform.inspects(*TOPICS.values())
    rounds = RoundLoop(platform.database, kafka_log, metrics, settings, watch, responsible)
    platform.run_in_background("rounds", rounds.run)
    platform.health.add("checks", rounds.ready)
    recorder = FindingRecorder(responsible, metrics)
    door = AlertmanagerDoor(platform.database, recorder, settings.audit_door_token)
    platform.route("/alertmanager", door)
    heartbeats = HeartbeatDoor(watch.arrivals, settings.audit_expected_token)
    platform.route("/heartbeats", heartbeats)
    platform.route("/findings", json_route(platform.database, list_findings))
    platform.route("/conservation", json_route(platform.database, show_conservation))
    return platform.asgi()


def _run_canary(platform: StatefulPlatform, settings: Settings, canary: Canary) -> None:
    """Let the platform make the canary's round trips; its acts are records of people's topics."""
    assert settings.audit_canary_token is not None, "the settings are checked"
    door = IngestDoor(settings.audit_canary_url, settings.audit_canary_token)
    loop = CanaryLoop(
        canary,
        door,
        platform.publisher,
        platform.clock,
        dsn=settings.database_url,
        bootstrap=settings.kafka_bootstrap,
        interval_s=settings.audit_canary_every_s,
    )
    platform.run_in_background("canary", loop.run)
    platform.on_stop("door of the canary", door.close)
