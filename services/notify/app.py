"""Wiring of notify: records that cause calls and answers come in, pages to officers go out."""

from __future__ import annotations

import asyncio
from functools import partial
from zoneinfo import ZoneInfo

from faststream.asgi import AsgiFastStream

from services.notify import timers
from services.notify.channels import console, registry
from services.notify.channels.off import SwitchedOff
from services.notify.channels.port import Tools
from services.notify.channels.web_push import WebPush
from services.notify.core.escalation.priority import is_urgent_record
from services.notify.core.reference_data import ReferenceData
from services.notify.handlers import (
    alerts,
    answers,
    assignments,
    catalog,
    contact_tests,
    duty_coverage,
    faults,
    mode_proposals,
    modes,
    push_devices,
    reachability,
    report_duties,
    roster,
    supervision,
    warnings,
)
from services.notify.loops.call_settings import CallSettingsFolder
from services.notify.loops.contact_test_schedule import ContactTestScheduler
from services.notify.loops.delivery import DeliveryLoop
from services.notify.loops.gauges import EscalationGauges
from services.notify.loops.settlement import Settlement
from services.notify.metrics import NotifyMetrics
from services.notify.retention import retention_tasks
from services.notify.settings import Settings
from services.notify.unit_of_work import UnitOfWork
from shared.contracts.pages import Channel
from shared.contracts.topics import (
    CATALOG,
    PAGES,
    PUSH_DEVICES,
    REACHABILITY,
    RESPONSE_MODES,
    ROSTER,
)
from shared.runtime.inbound_messages import PriorityRule
from shared.runtime.push_key import PushKey
from shared.runtime.stateful_platform import StatefulPlatform

URGENT_RECORDS = PriorityRule((b'"red"', b'"recalled"'), is_urgent_record)
"""The records that overtake a backlog, and the bytes of which each contains at least one."""


def build(settings: Settings) -> AsgiFastStream:
    """Return the ASGI application; nothing is connected before its lifespan starts.

    Raises SetupError for channels or call settings that cannot be used.
    """
    platform = StatefulPlatform("notify", settings)
    metrics = NotifyMetrics(platform.registry)
    zone = ZoneInfo(settings.zone)
    tools = Tools(platform.clock, settings.console_url, zone)
    senders = registry.senders(
        settings.channels_file, settings.webhook_url, settings.webhook_secret, tools
    )
    channels = frozenset({console.CHANNEL, *senders})
    key, contact = settings.web_push_key, settings.web_push_contact
    if key is not None:
        channels |= {WebPush.channel}
    reference = ReferenceData(settings.sla_profile, channels, zone)
    if key is not None and contact is not None:
        senders[WebPush.channel] = WebPush(
            PushKey(key.get_secret_value()),
            contact,
            settings.web_push_hosts,
            reference.roster,
            tools,
        )
    page_queued = asyncio.Event()
    unit_of_work = partial(
        UnitOfWork, reference=reference, metrics=metrics, page_queued=page_queued
    )

    platform.table(
        CATALOG, partial(catalog.update_table, reference=reference), reference.units.remove
    )
    platform.table(
        ROSTER, partial(roster.update_table, reference=reference), reference.roster.remove
    )
    platform.table(
        RESPONSE_MODES, partial(modes.update_table, reference=reference), reference.modes.remove
    )
    platform.table(
        REACHABILITY,
        partial(reachability.update_table, reference=reference),
        reference.channel_health.remove,
    )
    platform.table(
        PUSH_DEVICES,
        partial(push_devices.update_table, reference=reference),
        reference.roster.remove_device,
    )
    platform.include(
        unit_of_work,
        alerts.router,
        assignments.router,
        report_duties.router,
        supervision.router,
        mode_proposals.router,
        modes.router,
        duty_coverage.router,
        faults.router,
        warnings.router,
        answers.router,
        contact_tests.router,
        timers.router,
        priority=URGENT_RECORDS,
        canary=False,
    )
    platform.run_in_background(
        "escalation gauges", EscalationGauges(platform.database, metrics).run
    )
    if settings.calls_folder is not None:
        folder = CallSettingsFolder(settings.calls_folder, reference.replace_plans, platform.clock)
        folder.read()
        platform.run_in_background("call settings", folder.run)
    platform.run_in_background(
        "contact test scheduler", ContactTestScheduler(platform.database, reference).run
    )

    for channel, sender in senders.items():
        platform.on_stop(f"channel {channel}", sender.close)
    switched_off = dict.fromkeys((item for item in Channel if item not in channels), SwitchedOff())
    delivery_loop = DeliveryLoop(
        platform.database,
        {**senders, **switched_off},
        Settlement(platform.database, unit_of_work),
        reference.roster,
        metrics,
        page_queued,
    )
    platform.run_in_background("delivery", delivery_loop.run)

    platform.delete_when_old(*retention_tasks(settings.keep_days))
    platform.produces(PAGES, REACHABILITY, PUSH_DEVICES)
    return platform.asgi()
