"""`publish`: new versions of rules to the topic, after a check against the published versions.

A rule that the check refuses is never sent: on a compacted topic a bad version would replace the
good version for good. Unchanged rules are not sent again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.contracts.ids import content_id
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import RULES
from shared.definitions.yaml_files.items import ENVELOPE
from shared.runtime.outbound_records import encode

_BESIDE = ENVELOPE | {"version"}


@dataclass(frozen=True, slots=True)
class Planned:
    """A rule to publish and its previous version; 0 for a new rule."""

    rule: RuleDefinition
    published: int
    changed: tuple[str, ...]


def plan(
    rules: Sequence[RuleDefinition], published: Mapping[str, RuleDefinition], now: datetime
) -> list[Planned]:
    """Return the rules that differ from the newest versions, each with its next number."""
    planneds: list[Planned] = []
    for rule in rules:
        newest = published.get(rule.rule_id)
        changed = differences(newest, rule)
        if newest is not None and not changed:
            continue
        version = max(rule.version, (newest.version if newest else 0) + 1)
        content = {**_content(rule), "version": version}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        fresh = rule.model_copy(
            update={
                "id": content_id("rul", text, now.isoformat()),
                "version": version,
                "occurred_at": now,
                "sent_at": now,
            }
        )
        planneds.append(Planned(fresh, newest.version if newest else 0, changed))
    return planneds


def differences(old: RuleDefinition | None, new: RuleDefinition) -> tuple[str, ...]:
    """Return the dotted fields in which two versions differ; all fields without an old version."""
    before = _flat(_content(old)) if old is not None else {}
    after = _flat(_content(new))
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))


async def send(bootstrap: str, planned: Sequence[Planned]) -> None:
    """Publish the rules, each acknowledged by all replicas. Raises KafkaError, TimeoutError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=5_000
    )
    await producer.start()
    try:
        async with asyncio.timeout(30):
            for change in planned:
                await producer.send_and_wait(
                    RULES.name,
                    key=change.rule.rule_id.encode(),
                    value=encode(change.rule),
                    headers=[("content-type", b"application/json")],
                )
    finally:
        await producer.stop()


def _content(rule: RuleDefinition) -> dict[str, Any]:
    plain: dict[str, Any] = rule.model_dump(mode="json", exclude=set(_BESIDE))
    return plain


def _flat(content: Any, name: str = "") -> dict[str, Any]:
    if isinstance(content, dict):
        items = [(f"{name}.{key}" if name else key, part) for key, part in content.items()]
    elif isinstance(content, list):
        items = [(f"{name}[{place}]", part) for place, part in enumerate(content)]
    else:
        return {name: content}
    results: dict[str, Any] = {}
    for path, part in items:
        results.update(_flat(part, path))
    return results
