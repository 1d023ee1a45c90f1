"""Duty plans and gaps, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from services.console.core.access import Viewer
from services.console.core.masking import PERSONAL, DataClass, opens
from services.console.core.names import UnitNames
from services.console.core.record import OutgoingRecord
from shared.contracts.duty import DutyEntry, DutyRule, Member, Override, Rotation, Shift, Swap
from shared.contracts.fields import ResponseMode
from shared.contracts.units import tier_of
from shared.domain.roster.timeline import Plan, timeline
from shared.domain.roster.turns import Turn

RULE: TypeAdapter[DutyRule] = TypeAdapter(DutyRule)


def entries_of(rows: Sequence[OutgoingRecord]) -> list[DutyEntry]:
    """Return the entries of a unit from rows in the order of their last change."""
    return [
        DutyEntry(
            id=f"row-{number}",
            occurred_at=row["sent_at"],
            sent_at=row["sent_at"],
            origin_unit=row["unit"],
            tier=tier_of(row["unit"]),
            entry_id=row["entry_id"],
            version=row["version"],
            place=row["place"],
            unit=row["unit"],
            rule=RULE.validate_json(row["rule"], extra="ignore"),
            cancelled=row["cancelled"],
            actor=row["actor"],
        )
        for number, row in enumerate(rows)
    ]


def plan_view(
    unit: str,
    plan: Plan,
    entries: Sequence[DutyEntry],
    mode: ResponseMode,
    now: datetime,
    days: int,
    names: UnitNames,
    viewer: Viewer,
) -> dict[str, Any]:
    """Return the turns of each post for `days` days, and the entries; `mode` is that of the plan.

    Names and addresses are left out unless open to the viewer.
    """
    open_classes = frozenset(
        data_class for data_class in DataClass if opens(viewer, unit, data_class)
    )
    end = now + timedelta(days=days)
    return {
        "unit": unit,
        "unit_name": names.unit(unit),
        "mode": mode,
        "begin": now,
        "end": end,
        "posts": [
            {
                "post": post,
                "turns": [
                    _turn_view(turn, plan, open_classes) for turn in timeline(plan, post, now, end)
                ],
            }
            for post in plan.posts
        ],
        "entries": [
            {
                "entry_id": entry.entry_id,
                "version": entry.version,
                "actor": entry.actor,
                **_rule_view(entry.rule, open_classes),
            }
            for entry in entries
            if not entry.cancelled
        ],
    }


def gap_view(row: OutgoingRecord, names: UnitNames) -> dict[str, Any]:
    """Return the gaps of a post."""
    return {
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "post": row["post"],
        "headline": row["headline"],
        "gaps": TypeAdapter(list[dict[str, str]]).validate_json(row["gaps"]),
        "begin": row["begins_at"],
        "end": row["ends_at"],
    }


def people_of(rules: Iterable[DutyRule]) -> set[str]:
    """Return the officers put on duty by these rules; leave puts nobody on duty."""
    results: set[str] = set()
    for rule in rules:
        match rule:
            case Member():
                results.add(rule.officer.officer_id)
            case Rotation():
                results |= set(rule.members)
            case Swap():
                results |= {rule.officer_id, rule.other_id}
            case Shift() | Override():
                results |= {rule.officer_id} if rule.officer_id is not None else set()
    return results


def _turn_view(turn: Turn, plan: Plan, open_classes: frozenset[DataClass]) -> dict[str, Any]:
    member = plan.members.get(turn.officer_id) if turn.officer_id is not None else None
    return {
        "begin": turn.begin,
        "end": turn.end,
        "officer_id": turn.officer_id if member is not None else None,
        "name": member.officer.name
        if member is not None and DataClass.NAME in open_classes
        else None,
    }


def _rule_view(rule: DutyRule, open_classes: frozenset[DataClass]) -> dict[str, Any]:
    result = _open_fields(rule.model_dump(mode="json", exclude_none=True), open_classes)
    if isinstance(rule, Member):
        result["officer"] = _open_fields(result["officer"], open_classes)
    return {"rule": result}


def _open_fields(values: dict[str, Any], open_classes: frozenset[DataClass]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if name not in PERSONAL or PERSONAL[name] in open_classes
    }
