"""A plan's lines as orders to units: who gets which line in which words. One unit, one order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.contracts.assignments import AssignmentAxis, AssignmentRole
from shared.contracts.plans import OrderLine, PlanDefinition
from shared.contracts.units import department_of
from shared.domain.bilingual import Bilingual
from shared.domain.selection.resolve import AlertScope, resolve
from shared.domain.selection.tree import Recipient, UnitTree

_TEXT_LENGTH = 4_000
_NONE = -1


@dataclass(frozen=True, slots=True)
class Brief:
    """The order to a group of recipients; deadlines in seconds, None = that of the SLA profile."""

    title: str
    instruction: str
    role: AssignmentRole = AssignmentRole.LEAD
    axis: AssignmentAxis = AssignmentAxis.VERTICAL
    line: str | None = None
    sign_within_s: float | None = None
    finish_within_s: float | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """Recipients in order of their ids, and for each the number of its brief.

    `headline` is the first leading line: what the command as a whole is called. `unknown`: by line,
    names that the catalogue does not have.
    """

    headline: Brief
    recipients: tuple[Recipient, ...]
    brief_of: tuple[int, ...]
    briefs: tuple[Brief, ...]
    unknown: tuple[tuple[str, str], ...] = ()

    def without(self, unit: str) -> Orders:
        """Return the orders without one unit."""
        mandatory = [
            pair
            for pair in zip(self.recipients, self.brief_of, strict=True)
            if pair[0].unit != unit
        ]
        recipients, brief_of = zip(*mandatory, strict=True) if mandatory else ((), ())
        return replace(self, recipients=recipients, brief_of=brief_of)


def orders_of(tree: UnitTree, plan: PlanDefinition, scope: AlertScope) -> Orders:
    """Return the orders under `plan`.

    A unit named by several lines gets the first line in which it leads 主办, else the first line:
    leading includes helping. A plan without any recipient, as for a gauge in a district without
    catalogued towns, concerns the unit of the place alone, by the first leading line of the plan.
    """
    line_of: dict[str, int] = {}
    unknown: list[tuple[str, str]] = []
    ranked = sorted(
        enumerate(plan.orders),
        key=lambda order: (order[1].role is not AssignmentRole.LEAD, order[0]),
    )
    for number, line in ranked:
        result = resolve(tree, line.who, scope)
        unknown += [(line.key, name) for name in result.unknown]
        for unit in result.units:
            line_of.setdefault(unit, number)
    if not line_of:
        line_of[scope.place] = ranked[0][0]
    recipients = tuple(tree.get(unit) for unit in sorted(line_of))
    words = [
        (at := line_of[recipient.unit], _variation(plan.orders[at], recipient))
        for recipient in recipients
    ]
    numbers = {words: number for number, words in enumerate(sorted(set(words)))}
    place = tree.name(scope.place)
    return Orders(
        headline=_brief(plan.orders[ranked[0][0]], _NONE, place),
        recipients=recipients,
        brief_of=tuple(numbers[word] for word in words),
        briefs=tuple(_brief(plan.orders[at], variation, place) for at, variation in numbers),
        unknown=tuple(unknown),
    )


def _variation(line: OrderLine, recipient: Recipient) -> int:
    """The number of the line's variation for this unit, _NONE for the line as it stands."""
    department = department_of(recipient.unit)
    for number, variation in enumerate(line.variations):
        if (not variation.tiers or recipient.tier in variation.tiers) and (
            not variation.departments or department in variation.departments
        ):
            return number
    return _NONE


def _brief(line: OrderLine, number: int, place: str) -> Brief:
    order_line = line
    if number != _NONE:
        changed = line.variations[number].model_dump(
            exclude={"tiers", "departments"}, exclude_none=True
        )
        order_line = line.model_copy(update=changed)
    return Brief(
        title=Bilingual(
            f"{place} {order_line.title_zh}", f"{place} {order_line.title_en}"
        ).joined(),
        instruction=Bilingual(order_line.instruction_zh, order_line.instruction_en).joined(
            _TEXT_LENGTH
        ),
        role=order_line.role,
        axis=order_line.axis,
        line=order_line.key,
        sign_within_s=order_line.sign_within_s,
        finish_within_s=order_line.finish_within_s,
    )
