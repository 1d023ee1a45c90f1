"""Candidates of rules and plans: shadow first, in force by a second act.

A candidate is a definition under an id of its own with `shadow_of`. Scoring and alerting count
where a candidate of a rule differs from the rule in force; a candidate of a plan holds for no
event. A definition that is switched off needs no trial, unless it would end one in force.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.dead_letter import Reason
from shared.definitions.publication import D, content, name_of
from shared.definitions.yaml_files.findings import Problem
from shared.definitions.yaml_files.items import Kind

_SUFFIX = "-candidate"
_LONGEST_ID = 64


def is_candidate(definition: D) -> bool:
    """Return whether a definition stands on trial beside another one."""
    return definition.enabled and definition.shadow_of is not None


def is_in_force(definition: D) -> bool:
    """Return whether a rule raises alarms, or a plan holds for events."""
    return definition.enabled and definition.shadow_of is None


def trial_form(kind: Kind[D], definition: D) -> D:
    """Return the definition as it is published first: a candidate, unless it is switched off."""
    if not definition.enabled or definition.shadow_of is not None:
        return definition
    name = name_of(kind, definition)
    return definition.model_copy(
        update={kind.key: f"{name}{_SUFFIX}", "shadow_of": name, "version": 1}
    )


def problems_of_trial(kind: Kind[D], definition: D, published: Mapping[str, D]) -> list[Problem]:
    """Return what is against publishing a definition as a candidate."""
    name = name_of(kind, definition)
    live = published.get(name)
    if not definition.enabled and live is not None and is_in_force(live):
        text = f"{name} is in force, and would end at once"
        return [_problem(text, "enabled", "true; switch it off by the act of that name")]
    if len(name_of(kind, trial_form(kind, definition))) > _LONGEST_ID:
        allowed = f"at most {_LONGEST_ID - len(_SUFFIX)} characters"
        return [_problem(f"{name} leaves no room for the name of a candidate", kind.key, allowed)]
    return []


def without_changes(kind: Kind[D], definition: D, published: Mapping[str, D]) -> bool:
    """Return whether the definition in force says the same already."""
    live = published.get(name_of(kind, definition))
    return live is not None and content(live) == content(definition)


def live_form(kind: Kind[D], candidate: D, published: Mapping[str, D]) -> D:
    """Return a candidate as the definition that it is to become."""
    name = candidate.shadow_of
    assert name is not None, "a candidate names the definition that it becomes"
    live = published.get(name)
    version = 1 if live is None else live.version + 1
    return candidate.model_copy(
        update={kind.key: name, "shadow_of": None, "version": version, "enabled": True}
    )


def ended_form(definition: D) -> D:
    """Return a definition as it is after its end: nothing is judged by it."""
    return definition.model_copy(update={"enabled": False, "version": definition.version + 1})


def _problem(text: str, field: str, allowed: str) -> Problem:
    return Problem(Reason.INVALID_RULE, text, (field,), allowed)
