"""The rules over several sources, ready to look up by alarm and by kind of event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from shared.contracts.conditions import CompositeRule, CorroborationRule, rules_read
from shared.contracts.rules import RuleDefinition
from shared.domain.local_time import ZONE
from shared.domain.rule_calendar import RuleCalendar, calendar_of


class MultiSourceRules:
    """The newest version of every rule over several sources, also of disabled rules."""

    def __init__(
        self,
        rules: Iterable[RuleDefinition] = (),
        quarantined: Iterable[str] = (),
        zone: str = ZONE,
    ) -> None:
        """`quarantined` are the ids of rules that cost too much: they are not evaluated.

        `zone` is the time zone of the seasons and hours of rules.
        """
        self._zone = zone
        self._rules = {rule.rule_id: rule for rule in rules}
        self.quarantined = set(quarantined)
        self._composites_by_named: dict[str, list[RuleDefinition]] = {}
        self._corroborations_by_type: dict[str, list[RuleDefinition]] = {}
        self._index()

    def get(self, rule_id: str) -> RuleDefinition | None:
        """Return the newest version of a rule."""
        return self._rules.get(rule_id)

    def calendar(self, rule: RuleDefinition) -> RuleCalendar | None:
        """Return the seasons and hours of a rule; None for a rule that always holds."""
        return calendar_of(rule.seasons, rule.hours, self._zone)

    def active(self) -> list[RuleDefinition]:
        """Return the enabled rules in the order of their ids."""
        return [rule for _, rule in sorted(self._rules.items()) if self.is_active(rule)]

    def is_active(self, rule: RuleDefinition) -> bool:
        """Return whether a rule is to be evaluated."""
        return _is_active(rule) and rule.rule_id not in self.quarantined

    def quarantine(self, rule_id: str) -> None:
        """Evaluate a rule no more, until a new version comes."""
        self.quarantined.add(rule_id)
        self._index()

    def composites_naming(self, rule_id: str) -> list[RuleDefinition]:
        """Return the active composites whose tree names this rule, in the order of their ids."""
        return self._composites_by_named.get(rule_id, [])

    def corroborations_of(self, event_type: str) -> list[RuleDefinition]:
        """Return the active corroboration rules for this kind of event, by id."""
        return self._corroborations_by_type.get(event_type, [])

    def update(self, rule: RuleDefinition) -> bool:
        """Add a version; return False when it is not newer, or was always about one sensor."""
        existing_rule = self._rules.get(rule.rule_id)
        if existing_rule is None and rule.over_one_sensor:
            return False
        if existing_rule is not None and existing_rule.version >= rule.version:
            return False
        self._rules[rule.rule_id] = rule
        self.quarantined.discard(rule.rule_id)
        self._index()
        return True

    def cycle(self, rule: RuleDefinition) -> list[str]:
        """Return the path of ids from a rule's tree back to the rule; empty when there is none."""
        if not _is_active(rule):
            return []
        return self._path(rule.rule_id, rule, [rule.rule_id], set())

    def _path(self, goal: str, rule: RuleDefinition, path: list[str], tried: set[str]) -> list[str]:
        if not isinstance(rule.body, CompositeRule):
            return []
        for rule_id in sorted(rules_read(rule.body)):
            if rule_id == goal:
                return [*path, goal]
            named_rule = self._rules.get(rule_id)
            if named_rule is None or rule_id in tried or not _is_active(named_rule):
                continue
            tried.add(rule_id)
            if result := self._path(goal, named_rule, [*path, rule_id], tried):
                return result
        return []

    def _index(self) -> None:
        composites: dict[str, list[RuleDefinition]] = defaultdict(list)
        corroborations: dict[str, list[RuleDefinition]] = defaultdict(list)
        for rule in self.active():
            if isinstance(rule.body, CompositeRule):
                for rule_id in rules_read(rule.body):
                    composites[rule_id].append(rule)
            else:
                corroborations[rule.event_type].append(rule)
        self._composites_by_named = dict(composites)
        self._corroborations_by_type = dict(corroborations)


def _is_active(rule: RuleDefinition) -> bool:
    return rule.enabled and isinstance(rule.body, CompositeRule | CorroborationRule)
