"""Next versions of rules and plans for their topics: versions only go up, and only by changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.contracts.envelope import Envelope
from shared.contracts.ids import content_id
from shared.contracts.plans import PlanDefinition
from shared.contracts.rules import RuleDefinition
from shared.definitions.yaml_files.items import ENVELOPE, Kind

D = TypeVar("D", RuleDefinition, PlanDefinition)
_BESIDE = ENVELOPE | {"version"}


@dataclass(frozen=True, slots=True)
class NextVersion(Generic[D]):
    """A definition to publish and its previous version; 0 for a new definition."""

    value: D
    published: int
    changed: tuple[str, ...]


def next_versions(
    kind: Kind[D], definitions: Sequence[D], published: Mapping[str, D], now: datetime
) -> list[NextVersion[D]]:
    """Return the definitions that differ from the newest versions, each with its next number."""
    results: list[NextVersion[D]] = []
    for definition in definitions:
        newest = published.get(name_of(kind, definition))
        changed = differences(newest, definition)
        if newest is not None and not changed:
            continue
        previous = newest.version if newest else 0
        version = max(definition.version, previous + 1)
        text = json.dumps(
            {**content(definition), "version": version}, sort_keys=True, ensure_ascii=False
        )
        fresh = definition.model_copy(
            update={
                "id": content_id(kind.prefix, text, now.isoformat()),
                "version": version,
                "occurred_at": now,
                "sent_at": now,
            }
        )
        results.append(NextVersion(fresh, previous, changed))
    return results


def name_of(kind: Kind[D], definition: D) -> str:
    """Return the id of a rule or plan."""
    name: str = getattr(definition, kind.key)
    return name


def differences(old: Envelope | None, new: Envelope) -> tuple[str, ...]:
    """Return the dotted fields in which two versions differ; all fields without an old version."""
    before = _flat(content(old)) if old is not None else {}
    after = _flat(content(new))
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))


def content(definition: Envelope) -> dict[str, Any]:
    """Return what a file says of a rule or plan, without its version."""
    plain: dict[str, Any] = definition.model_dump(mode="json", exclude=set(_BESIDE))
    return plain


def _flat(part: Any, name: str = "") -> dict[str, Any]:
    if isinstance(part, dict):
        items = [(f"{name}.{key}" if name else key, value) for key, value in part.items()]
    elif isinstance(part, list):
        items = [(f"{name}[{place}]", value) for place, value in enumerate(part)]
    else:
        return {name: part}
    results: dict[str, Any] = {}
    for path, value in items:
        results.update(_flat(value, path))
    return results
