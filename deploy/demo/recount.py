"""summary.json: everything counted again from the topics and the database, and every promise
judged.
"""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

import httpx2

from deploy.demo import accepted_log as ledger_module
from deploy.demo import documents, losses, promise_checks, screen_check, stored_state
from deploy.demo import figures as count_figures
from deploy.demo import topic_reader as topic_log
from deploy.demo.actors import Actors
from deploy.demo.console_client import ConsoleClient
from deploy.demo.expected_alarms import Key, Transition
from deploy.demo.losses import Findings
from deploy.demo.promise_checks import Verdict
from deploy.demo.topic_reader import Log
from deploy.demo.webhook import Received
from deploy.local.seeded_stack import SeededStack
from deploy.local.start_limits import StallTimeout
from shared.contracts.fields import Status
from shared.contracts.topics import READINGS, RULES

MEMORY_LIMIT_MIB = 2560
_IN_FLIGHT_S = 1.0
"""From a committed row to its record on the topic the relay takes a quarter of a second at most."""
_LASTING_S = 30.0
"""On a slow machine the auditor may look a round later than it has promised."""
Json = dict[str, Any]


@dataclass(frozen=True)
class RecountInput:
    """The recount's input: records sent, events expected, pages received."""

    stack: SeededStack
    client: ConsoleClient
    actors: Actors
    expected: dict[Key, list[Transition]]
    broken: dict[str, int]
    """Broken records sent, by the reason with which each must be refused."""
    door: dict[str, bool]
    """Nonsense sent to the HTTP door, and whether it was refused as it must be."""
    received: Received
    stays_open: frozenset[str]
    least_readings: int
    memory_mib: float
    unsettled: str | None


async def recount(inputs: RecountInput, ledger: ledger_module.Ledger) -> tuple[Json, Log]:
    """The summary and the log it was counted from. Raises KafkaError, PostgresError."""
    stack = inputs.stack
    # The log last: what had been accepted or stored before must be in it, something more may be.
    accepted = ledger_module.read(ledger.path)
    stored = await stored_state.read(stack.dsn())
    await asyncio.sleep(_IN_FLIGHT_S)
    log = await topic_log.read(stack.kafka_bootstrap)
    lost = losses.lost(log, stored, accepted, inputs.expected)
    twice = losses.duplicates(log, stored, inputs.received, inputs.expected)
    leaks = losses.drill_leaks(log, inputs.received)
    screen, listed = await screen_check.compare(stack.kafka_bootstrap, inputs.client)
    described = await documents.validate_records(stack)
    findings = await _findings(stack)
    figures = count_figures.counts(log, Status.ACTUAL)
    judged = _verdicts(inputs, log, figures, {"lost": lost, "twice": twice, "leaks": leaks})
    judged |= {
        "one_screen": (not screen, str(screen)),
        "at_a_glance": (not listed, str(listed)),
        "asyncapi_is_right": _described(described),
        "auditor_quiet": (findings == [], str(findings)),
    }
    checks = {name: passed for name, (passed, _) in sorted(judged.items())}
    return {
        **figures,
        **described.figures(),
        "dead_letters": promise_checks.by_reason(log.letters),
        "latency_ms": count_figures.latencies(log),
        "lost": lost.total,
        "duplicates_visible": twice.total,
        "drill_leaks": leaks.total,
        "broker": stack.endpoints.broker_name,
        "memory_mib": inputs.memory_mib,
        "drill": count_figures.counts(log, Status.EXERCISE),
        "counted_as": {
            "lost": asdict(lost),
            "duplicates_visible": asdict(twice),
            "drill_leaks": asdict(leaks),
        },
        "refused_at_the_door": inputs.door,
        "seeded": asdict(stack.seeded),
        "checks": checks,
        "reasons": {name: reason for name, (passed, reason) in judged.items() if not passed},
    }, log


def _verdicts(
    inputs: RecountInput, log: Log, figures: Json, findings_by_kind: dict[str, Findings]
) -> dict[str, Verdict]:
    checker = promise_checks.PromiseChecker(log, inputs.actors, inputs.stays_open)
    sources = promise_checks.by_reason(
        letter for letter in log.letters if letter.topic in (READINGS.name, RULES.name)
    )
    readings = figures["readings"]
    return {
        "one_key": checker.one_key(),
        "to_the_end": checker.to_the_end(),
        "hysteresis_ladder": checker.ladder_seen(),
        "upgraded_downgraded_lifted": checker.upgraded_downgraded_lifted(),
        "datum_refused": checker.datum_refused(),
        "corroborated": checker.corroborated(),
        "escalated_to_city": checker.escalated_to_city(),
        "returned_and_redone": checker.returned_and_redone(),
        "silent_sensor_found": checker.silent_found(),
        "dead_letters_as_sent": (
            sources == inputs.broken,
            f"sent {inputs.broken}, in the dead letters {sources}",
        ),
        "nonsense_refused_at_the_door": (all(inputs.door.values()), str(inputs.door)),
        "drill_took_place": checker.drill_took_place(),
        "lost_nothing": _none(findings_by_kind["lost"]),
        "no_duplicates": _none(findings_by_kind["twice"]),
        "no_drill_leaks": _none(findings_by_kind["leaks"]),
        "enough_readings": (
            readings >= inputs.least_readings,
            f"{readings}, at least {inputs.least_readings}",
        ),
        "memory": (inputs.memory_mib <= MEMORY_LIMIT_MIB, f"{inputs.memory_mib} MiB"),
        "settled": (inputs.unsettled is None, str(inputs.unsettled)),
        "no_internal_errors": (not inputs.client.errors, str(inputs.client.errors[:5])),
        "webhooks_signed": (inputs.received.unsigned == 0, f"{inputs.received.unsigned} unsigned"),
    }


def _described(checker: documents.DocumentValidator) -> Verdict:
    figures = checker.figures()
    right = (
        figures["asyncapi_records"] > 0 and not figures["asyncapi_invalid"] and not checker.unread
    )
    return right, f"{figures} {checker.examples()}"


def _none(findings: Findings) -> Verdict:
    counts = {kind: count for kind, count in findings.kinds.items() if count}
    return not counts, f"{counts} {findings.examples}"


async def _findings(stack: SeededStack) -> list[Any] | str:
    """Return the auditor's findings that last `_LASTING_S` without a change."""
    result = await _open_findings(stack)
    stall_timeout = StallTimeout(_LASTING_S, lambda: str(result))
    while result and not stall_timeout.has_expired():
        await asyncio.sleep(1)
        result = await _open_findings(stack)
    return result


async def _open_findings(stack: SeededStack) -> list[Any] | str:
    try:
        async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
            answer = await client.get(f"{stack.url('audit')}/findings")
            return list(answer.raise_for_status().json()["open"])
    except httpx2.HTTPError as error:
        return f"the auditor does not answer: {error!r}"
