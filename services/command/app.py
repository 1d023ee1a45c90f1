"""Wiring of the command service."""

from __future__ import annotations

from datetime import timedelta

from faststream.asgi import AsgiFastStream

from services.command.consumer import Consumer
from services.command.core import wire
from services.command.core.escalation import Roster
from services.command.core.profiles import PROFILES
from services.command.core.reporting.profiles import STANDARD
from services.command.metrics import CommandMetrics
from services.command.modes.desk import ModeDesk
from services.command.reporting.desk import ReportDesk
from services.command.retention import forget_commands, forget_incidents
from services.command.settings import Settings
from services.command.timers import Supervisor, Timers
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ALERTS,
    ASSIGNMENTS,
    CATALOG,
    COMMANDS,
    MODE_PROPOSALS,
    MODE_REQUESTS,
    MODES,
    PLANS,
    REPORT_DUTIES,
    REPORTS,
    REQUESTS,
    ROSTER,
    SUPERVISION,
)
from shared.definitions.response_plans.book import PlanBook
from shared.domain.selection.tree import UnitTree
from shared.runtime.stateful_platform import StatefulPlatform


def build(settings: Settings) -> AsgiFastStream:
    """The service's ASGI application; nothing is connected before it starts."""
    platform = StatefulPlatform("command", settings)
    tree, roster = UnitTree(), Roster()
    profile = PROFILES[settings.sla_profile]
    metrics = CommandMetrics(platform.registry)
    plans, modes = PlanBook(), ModeDesk(tree)
    reports = ReportDesk(STANDARD, profile, roster, metrics)
    consumer = Consumer(tree, plans, profile, modes, reports, metrics)
    timers = Timers(Supervisor(roster, profile, metrics), modes, reports)

    platform.table(CATALOG, tree.take)
    platform.table(PLANS, plans.put, plans.drop)
    platform.table(ROSTER, roster.put)
    platform.consume_inbox(
        (ALERTS, REPORTS, ACKNOWLEDGEMENTS, REQUESTS, MODE_REQUESTS),
        consumer.apply,
        max_records=settings.batch_records,
        prefetch_batches=3,
        fast_decoders={ACKNOWLEDGEMENTS: wire.read},
    )
    platform.sweep(timers.lock, timers.fire)
    duration = timedelta(days=settings.keep_days)
    platform.delete_when_old(forget_commands(duration), forget_incidents(duration))
    platform.produces(COMMANDS, ASSIGNMENTS, SUPERVISION, MODES, MODE_PROPOSALS, REPORT_DUTIES)
    return platform.asgi()
