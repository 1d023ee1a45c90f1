"""Assignments that come from another one: the parts of a split, the successor of a reassigned one.

What a part has become is passed up to its whole: its progress follows from its parts alone, and a
report that waited for them follows when none is owed any more, and so on upward.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from services.command.core import rollup, steps
from services.command.core.deadlines import Clocks
from services.command.core.model import Act, Assignment, Command
from services.command.core.states import IllegalStep, State
from shared.contracts.ids import assignment_id
from shared.contracts.units import is_within
from shared.domain.selection.tree import Recipient


def part_of(
    whole: Assignment,
    command: Command,
    recipient: Recipient,
    act: Act,
    now: datetime,
    clocks: Clocks,
) -> Assignment:
    """A part of `whole` for a unit below it. Its issuer is the unit that split.

    Only the issuer of the whole can drop a mandatory part, the splitting unit an optional one.
    """
    return _new(
        command,
        recipient,
        act,
        now,
        msgspec.structs.replace(clocks, within=whole.finish_by),
        brief=whole.brief,
        parent_assignment_id=whole.assignment_id,
        given_by=whole.unit,
        release_unit=(whole.given_by or command.issuer_unit) if act.mandatory else None,
        mandatory=act.mandatory,
    )


def successor(
    old: Assignment,
    command: Command,
    recipient: Recipient,
    act: Act,
    now: datetime,
    clocks: Clocks,
) -> Assignment:
    """What takes the place of a reassigned assignment, with clocks of its own.

    Raises IllegalStep for the unit that checks it, and for those above: the handler cannot close.
    """
    checker = old.given_by or command.issuer_unit
    if is_within(checker, recipient.unit):
        raise IllegalStep(f"{checker} checks it: {recipient.unit} does not handle it")
    return _new(
        command,
        recipient,
        act,
        now,
        clocks,
        brief=old.brief,
        sign_within_s=old.sign_within_s,
        finish_within_s=old.finish_within_s,
        parent_assignment_id=old.parent_assignment_id,
        given_by=old.given_by,
        release_unit=old.release_unit,
        mandatory=old.mandatory,
        reassigned_from=old.assignment_id,
    )


def passed_up(
    assignments: Mapping[str, Assignment],
    before: Assignment | None,
    after: Assignment,
    now: datetime,
) -> list[tuple[Act | None, Assignment]]:
    """The new values of what `after` is a part of, at every level, in order.

    `assignments` holds the wholes as they are; `before` is None for a part just made. Each value comes
    with the waiting act that brought it, None = the part's change itself.
    """
    results: list[tuple[Act | None, Assignment]] = []
    latest: dict[str, Assignment] = {}
    changes: list[tuple[Assignment | None, Assignment]] = [(before, after)]
    for old, new in changes:  # grows while it is walked: a whole may itself be a part
        name = new.parent_assignment_id
        if name is None:
            continue
        whole = latest.get(name, assignments[name])
        counted = rollup.with_part(whole, old, new)
        if counted is whole or counted.children is None:
            continue
        if rollup.is_news(whole.children, counted.children):
            at = max(now, counted.changed_at)
            counted = msgspec.structs.replace(counted, version=counted.version + 1, changed_at=at)
        released = steps.release(counted, now)
        for act, value in [(None, counted), *released]:
            results.append((act, value))
            changes.append((latest.get(name, whole), value))
            latest[name] = value
    return results


def _new(
    command: Command,
    recipient: Recipient,
    act: Act,
    now: datetime,
    clocks: Clocks,
    *,
    brief: int,
    parent_assignment_id: str | None,
    given_by: str | None,
    release_unit: str | None,
    mandatory: bool,
    reassigned_from: str | None = None,
    sign_within_s: float | None = None,
    finish_within_s: float | None = None,
) -> Assignment:
    sign_by, finish_by = clocks.deadlines(recipient.tier, now, sign_within_s, finish_within_s)
    return Assignment(
        assignment_id=assignment_id(command.command_id, recipient.unit),
        command_id=command.command_id,
        status=command.status,
        unit=recipient.unit,
        unit_tier=recipient.tier,
        parent_unit=recipient.parent,
        synthetic=recipient.synthetic,
        version=1,
        state=State.DELIVERED,
        attempt=1,
        sign_by=sign_by,
        finish_by=finish_by,
        changed_at=now,
        brief=brief,
        sign_within_s=sign_within_s,
        finish_within_s=finish_within_s,
        mode=clocks.mode.mode,
        mode_version=clocks.mode.version,
        mode_unit=clocks.mode.unit,
        actor=act.officer_id,
        reason=act.text,
        parent_assignment_id=parent_assignment_id,
        given_by=given_by,
        release_unit=release_unit,
        mandatory=mandatory,
        reassigned_from=reassigned_from,
    )
