"""Response plans 预案 as data. One model for the YAML packs and the compacted topic.

A plan names its events, levels and modes, and the orders to units with their deadlines. All lines
of a plan make one command with one issuer (docs/adr/0009).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.assignments import AssignmentAxis, AssignmentRole
from shared.contracts.authors import Author
from shared.contracts.envelope import RealWorld
from shared.contracts.fields import (
    Contract,
    Level,
    Line,
    ResponseMode,
    RuleId,
    Slug,
    Text,
    Tier,
    Version,
)
from shared.contracts.rules import Mark
from shared.contracts.selections import Selection

EventPattern = Annotated[
    str, Field(pattern=r"^(\*|1[1-4][A-Z0-9]{0,3}(\*|:[a-z0-9_]{1,40}|:\*)?)$")
]
"""An event type, the beginning of one with `*` behind it (`11D*`, `12:*`), or `*` for every event.
"""
TitleZh = Annotated[Line, Field(max_length=70)]
TitleEn = Annotated[Line, Field(max_length=90)]
Instruction = Annotated[Text, Field(min_length=1, max_length=1_900)]
Within = Annotated[float, Field(ge=1, le=31 * 86_400)]
"""Seconds from delivery."""


class Variation(Contract):
    """The differences for recipients of these tiers or departments; the first match holds."""

    tiers: Annotated[tuple[Tier, ...], Field(max_length=6)] = ()
    departments: Annotated[tuple[Slug, ...], Field(max_length=32)] = ()
    title_zh: TitleZh | None = None
    title_en: TitleEn | None = None
    instruction_zh: Instruction | None = None
    instruction_en: Instruction | None = None
    sign_within_s: Within | None = None
    finish_within_s: Within | None = None

    @model_validator(mode="after")
    def _fits_somebody(self) -> Self:
        if not self.tiers and not self.departments:
            raise ValueError("a variation names tiers or departments")
        return self


class OrderLine(Contract):
    """An order to units. A deadline of None is the deadline of the SLA profile.

    A unit named by several lines gets one: the first line in which the unit leads, else the first.
    """

    key: Slug
    who: Selection
    role: AssignmentRole
    axis: AssignmentAxis = AssignmentAxis.VERTICAL
    title_zh: TitleZh
    title_en: TitleEn
    instruction_zh: Instruction
    instruction_en: Instruction
    sign_within_s: Within | None = None
    finish_within_s: Within | None = None
    variations: Annotated[tuple[Variation, ...], Field(max_length=16)] = ()


class PlanDefinition(RealWorld):
    """A plan. Among several matching plans the most exact event type holds.

    `shadow_of` marks a candidate beside a plan, or for a plan to come: it holds for no event.
    """

    type: Literal["plan"] = "plan"
    plan_id: RuleId
    version: Version
    enabled: bool = True
    mark: Mark = "proposal"
    shadow_of: RuleId | None = None
    name_zh: Line
    name_en: Line
    events: Annotated[tuple[EventPattern, ...], Field(min_length=1, max_length=32)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=5)]
    modes: Annotated[tuple[ResponseMode, ...], Field(min_length=1, max_length=4)] = tuple(
        ResponseMode
    )
    source: Line
    orders: Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=32)]
    author: Author | None = None

    @model_validator(mode="after")
    def _is_led(self) -> Self:
        if all(line.role is not AssignmentRole.LEAD for line in self.orders):
            raise ValueError("no line of the plan leads 主办")
        return self
