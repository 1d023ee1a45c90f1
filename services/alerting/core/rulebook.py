"""The rules over several sources that are in force, ready to look up by alarm and by kind of event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from shared.contracts.conditions import CompositeRule, CorroborationRule, named_rules
from shared.contracts.rules import RuleDefinition


class RuleBook:
    """The newest version of every rule over several sources, also of those switched off."""

    def __init__(self, rules: Iterable[RuleDefinition] = ()) -> None:
        self._rules = {rule.rule_id: rule for rule in rules}
        self._naming: dict[str, list[RuleDefinition]] = {}
        self._about: dict[str, list[RuleDefinition]] = {}
        self._index()

    def get(self, rule_id: str) -> RuleDefinition | None:
        """The newest version of a rule."""
        return self._rules.get(rule_id)

    def in_force(self) -> list[RuleDefinition]:
        """The rules that judge, by id."""
        return [rule for _, rule in sorted(self._rules.items()) if _judges(rule)]

    def naming(self, rule_id: str) -> list[RuleDefinition]:
        """The composites in force whose tree looks at this rule, by id."""
        return self._naming.get(rule_id, [])

    def about(self, event_type: str) -> list[RuleDefinition]:
        """The corroboration rules in force for this kind of event, by id."""
        return self._about.get(event_type, [])

    def put(self, rule: RuleDefinition) -> bool:
        """Take a version; False when it is no newer, or about one sensor and always has been."""
        existing_rule_definition = self._rules.get(rule.rule_id)
        if existing_rule_definition is None and rule.over_one_sensor:
            return False
        if (
            existing_rule_definition is not None
            and existing_rule_definition.version >= rule.version
        ):
            return False
        self._rules[rule.rule_id] = rule
        self._index()
        return True

    def cycle(self, rule: RuleDefinition) -> list[str]:
        """The way from a rule's tree back to itself, as ids; empty when there is none."""
        return self._way(rule.rule_id, rule, [rule.rule_id], set()) if _judges(rule) else []

    def _way(self, goal: str, rule: RuleDefinition, way: list[str], tried: set[str]) -> list[str]:
        if not isinstance(rule.body, CompositeRule):
            return []
        for named in sorted(named_rules(rule.body.when)):
            if named == goal:
                return [*way, goal]
            further = self._rules.get(named)
            if further is None or named in tried or not _judges(further):
                continue
            tried.add(named)
            if result := self._way(goal, further, [*way, named], tried):
                return result
        return []

    def _index(self) -> None:
        naming: dict[str, list[RuleDefinition]] = defaultdict(list)
        about: dict[str, list[RuleDefinition]] = defaultdict(list)
        for rule in self.in_force():
            if isinstance(rule.body, CompositeRule):
                for named in named_rules(rule.body.when):
                    naming[named].append(rule)
            else:
                about[rule.event_type].append(rule)
        self._naming, self._about = dict(naming), dict(about)


def _judges(rule: RuleDefinition) -> bool:
    return rule.enabled and isinstance(rule.body, CompositeRule | CorroborationRule)
