"""Selections of units as data: the recipients of a command, as a union of parts less other parts.

Plans, free commands of officers and previews share this form; shared/domain/selection resolves it
against the catalogue. The form is flat on purpose: two lists show the selection, and a person can
read the lists out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.fields import Contract, Slug, Tier, UnitId

MOST_LISTED = 2_000
"""Units that one selection may name one by one: a record of at most about 60 KB."""


class Anchor(StrEnum):
    """A place relative to an alert; only plans have one.

    `place` is the unit of the alert; `villages` every village named by its place and areas; `town`
    and `district` those of the place (of a larger unit: all its towns, all its districts); `towns`
    and `districts` those of the place and of every named area; `city` the city.
    """

    PLACE = "@place"
    VILLAGES = "@villages"
    TOWN = "@town"
    TOWNS = "@towns"
    DISTRICT = "@district"
    DISTRICTS = "@districts"
    CITY = "@city"


Where = Annotated[
    str,
    Field(
        pattern=r"^(@(place|villages|town|towns|district|districts|city)"
        r"|[0-9]{12}(/grid/[0-9]{3}(/[0-9]{2})?)?)$"
    ),
]
"""A unit that is no department, or an Anchor."""
Tiers = Annotated[tuple[Tier, ...], Field(min_length=1, max_length=6)]
Slugs = Annotated[tuple[Slug, ...], Field(min_length=1, max_length=32)]


class Subtree(Contract):
    """Every unit at or below `of` whose tier is among `tiers`, departments left out."""

    kind: Literal["subtree"] = "subtree"
    of: Where
    tiers: Tiers


class Departments(Contract):
    """These departments of every unit at or below `of` whose tier is among `tiers`."""

    kind: Literal["departments"] = "departments"
    of: Where
    tiers: Tiers
    departments: Slugs


class Role(Contract):
    """Units at or below `of` that the catalogue gives one of these roles (`riverside`)."""

    kind: Literal["role"] = "role"
    of: Where
    roles: Slugs


class Group(Contract):
    """The members of a group 专班, as the catalogue has them now."""

    kind: Literal["group"] = "group"
    group: Slug


class Listed(Contract):
    """These units, departments and grids included."""

    kind: Literal["units"] = "units"
    units: Annotated[tuple[UnitId, ...], Field(min_length=1, max_length=MOST_LISTED)]


Part = Annotated[Subtree | Departments | Role | Group | Listed, Field(discriminator="kind")]


class Selection(Contract):
    """Every unit of `include` that is in none of `exclude`."""

    include: Annotated[tuple[Part, ...], Field(min_length=1, max_length=16)]
    exclude: Annotated[tuple[Part, ...], Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        listed = sum(
            len(part.units) for part in (*self.include, *self.exclude) if isinstance(part, Listed)
        )
        if listed > MOST_LISTED:
            raise ValueError(f"names {listed} units one by one, at most {MOST_LISTED} are allowed")
        return self
