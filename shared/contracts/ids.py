"""Deterministic ids: no wall clock, no randomness, no Kafka offset.

`H` is SHA-256 over length-prefixed fields, truncated to 128 bits, so the same fact has the same id
in every replay and a repeat is recognised wherever it arrives (docs/adr/0003).
"""

from __future__ import annotations

import hashlib
import re

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,95}").fullmatch


def is_identifier(text: str) -> bool:
    """Return whether a text is an id of an event or aggregate (`fields.Identifier`)."""
    return _IDENTIFIER(text) is not None


def content_id(prefix: str, *fields: str | int) -> str:
    """`prefix-` and 32 hex digits of H(fields); the prefix only helps a reader."""
    # Fed in one piece and without lists: a fan-out makes 150,000 of these.
    content = b""
    for field in fields:
        raw = str(field).encode()
        content += len(raw).to_bytes(4, "big") + raw
    return f"{prefix}-{hashlib.sha256(content).hexdigest()[:32]}"


def alarm_id(rule_id: str, scope: str, episode_start_event_id: str) -> str:
    """One episode of one rule at one sensor or area.

    The rule's version is not part of it: a new version must not double an open alarm.
    """
    return content_id("alm", rule_id, scope, episode_start_event_id)


def transition_id(aggregate_id: str, version: int) -> str:
    """The event id of the n-th change of an aggregate."""
    return content_id("evt", aggregate_id, version)


def alert_id(opening_type: str, opening_id: str) -> str:
    """The alert opened by this record; ids are unique among the records of a type only."""
    return content_id("alt", opening_type, opening_id)


def command_id(alert: str, action: str, root: str, revision: int) -> str:
    """The command that an alert's revision calls for at a root unit."""
    return content_id("cmd", alert, action, root, revision)


def assignment_id(command: str, unit: str) -> str:
    """Return the id of the only assignment that a unit can have under a command."""
    return content_id("asg", command, unit)


def acknowledgement_id(
    assignment: str, step: str, attempt: int, officer: str, number: int = 1
) -> str:
    """Return the id of an officer's step; `number` tells repetitions of a recurring step apart."""
    return content_id("ack", assignment, step, attempt, officer, number)


def case_key(status: str, event_type: str, place: str, action: str) -> str:
    """Return the key of a case: the same action for the same kind of event at the same place."""
    return content_id("cas", status, event_type, place, action)


def page_id(subject: str, officer: str, channel: str, round_: int) -> str:
    """A round is a planned repeat from the timer table, never a transport retry."""
    return content_id("pag", subject, officer, channel, round_)


def escalation_id(subject: str, rung: int) -> str:
    """One escalation per subject and rung."""
    return content_id("esc", subject, rung)


def mode_id(status: str, unit: str) -> str:
    """Return the id of a unit's response mode under a status; all its decisions share this id."""
    return content_id("mode", status, unit)


def report_duty_id(status: str, alert: str, unit: str, to_unit: str) -> str:
    """The one duty of a unit to report an alert's incident to a unit above it."""
    return content_id("rpd", status, alert, unit, to_unit)


def dead_letter_id(service: str, topic: str, partition: int, offset: int) -> str:
    """Return the id of the only dead letter that a service writes for a record of a topic."""
    return content_id("dlq", service, topic, partition, offset)
