"""Wiring of command: alerts, steps, requests and reports come in; commands and calls go out."""

from __future__ import annotations

from functools import partial

from faststream.asgi import AsgiFastStream

from services.command import timers
from services.command.core.limits import CommandLimits
from services.command.fastpath import plain_steps
from services.command.handlers import acknowledgements, alerts, modes, reports, requests
from services.command.metrics import CommandMetrics
from services.command.retention import retention_tasks
from services.command.settings import Settings
from services.command.unit_of_work import UnitOfWork
from services.command.unit_of_work.context import CommandContext
from shared.contracts.topics import (
    ACKNOWLEDGEMENTS,
    ASSIGNMENTS,
    CATALOG,
    COMMANDS,
    LIMITS,
    MODE_PROPOSALS,
    PLANS,
    REPORT_DUTIES,
    RESPONSE_MODES,
    ROSTER,
    SUPERVISION,
)
from shared.definitions.response_plans.book import PlanBook
from shared.domain.roster.escalation_chain import FilledPosts
from shared.domain.selection.tree import UnitTree
from shared.runtime.stateful_platform import StatefulPlatform


def build(settings: Settings, context: CommandContext | None = None) -> AsgiFastStream:
    """Return the ASGI application; nothing is connected before its lifespan starts.

    A test may pass a context of its own, with other limits or with units that it knows.
    """
    platform = StatefulPlatform("command", settings)
    if context is None:
        context = CommandContext(
            tree=UnitTree(),
            plans=PlanBook(),
            posts=FilledPosts(),
            limits=CommandLimits(),
            metrics=CommandMetrics(platform.registry),
            fast_path=settings.fast_path,
        )
    platform.table(CATALOG, context.tree.take, context.tree.remove)
    platform.table(PLANS, context.plans.put, context.plans.drop)
    limits = context.limits
    platform.table(LIMITS, limits.documents.put, limits.documents.drop)
    platform.health.add("limits", lambda: limits.missing(platform.clock.now()))
    platform.table(ROSTER, context.posts.update, context.posts.remove)
    platform.include(
        partial(UnitOfWork, context=context),
        alerts.router,
        reports.router,
        acknowledgements.router,
        requests.router,
        modes.router,
        timers.router,
        max_records=settings.batch_records,
        prefetch_batches=3,
        fast_decoders={ACKNOWLEDGEMENTS: plain_steps.read} if context.fast_path else None,
    )
    platform.delete_when_old(*retention_tasks(settings.keep_days))
    platform.produces(
        COMMANDS, ASSIGNMENTS, SUPERVISION, RESPONSE_MODES, MODE_PROPOSALS, REPORT_DUTIES
    )
    return platform.asgi()
