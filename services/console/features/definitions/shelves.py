"""Rules and plans behind one interface: kind, topic, newest versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.console.core.definitions import Definitions
from shared.contracts.topics import PLANS as PLANS_TOPIC
from shared.contracts.topics import RULES as RULES_TOPIC
from shared.contracts.topics import TopicSpec
from shared.definitions.candidates import is_in_force
from shared.definitions.response_plans.pack import PLANS
from shared.definitions.rules.pack import RULES
from shared.definitions.yaml_files.items import Kind


class DefinitionKind(StrEnum):
    """The kinds of definitions."""

    RULE = "rule"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The definitions of one kind by id; `kind` is that of their files."""

    name: DefinitionKind
    kind: Kind[Any]
    topic: TopicSpec
    published: Mapping[str, Any]

    @property
    def in_force(self) -> list[Any]:
        """Return the definitions that are neither candidates nor switched off."""
        return [value for value in self.published.values() if is_in_force(value)]


def shelf_of(definitions: Definitions, name: DefinitionKind) -> Shelf:
    """Return the definitions of a kind, as of now."""
    match name:
        case DefinitionKind.RULE:
            return Shelf(name, RULES, RULES_TOPIC, dict(definitions.rules))
        case DefinitionKind.PLAN:
            return Shelf(name, PLANS, PLANS_TOPIC, dict(definitions.plans))
