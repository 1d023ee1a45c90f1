"""Regions and scopes of rules.

A region is a district. Places of a city outside districts have the city as their region: the city
itself, and the towns of a city without districts. Everything over several sources is decided within
one region and one status, so that one lock per pair is enough; no decision crosses a region.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.alerting.core.alarms.snapshot import AlarmSnapshot
from shared.contracts.conditions import Scope
from shared.contracts.fields import Status, Tier
from shared.contracts.units import (
    ancestor_at,
    is_above_cities,
    is_within,
    lineage,
    nearest_at,
    span_of,
    tier_of,
)

TIERS: dict[str, Tier] = {
    "village": Tier.VILLAGE,
    "town": Tier.TOWN,
    "district": Tier.DISTRICT,
}
_DIGITS_OF_DISTRICT = 6


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """The unit and the status within which rules over several sources are decided."""

    status: Status
    unit: str

    @property
    def span(self) -> tuple[str, str]:
        """Return the range of place ids: the subtree, of a city without that of its districts."""
        if tier_of(self.unit) is not Tier.CITY or is_above_cities(self.unit):
            return span_of(self.unit)
        low = self.unit[:_DIGITS_OF_DISTRICT]
        return low, low[:-1] + chr(ord(low[-1]) + 1)


@lru_cache(maxsize=65_536)
def unit_at(place: str, tier: Tier) -> str | None:
    """Return the unit of a tier to which a place belongs; None for a place above the tier.

    A city without districts is in the place of a district. The result is cached for the alarms.
    """
    return nearest_at(place, tier) if tier is Tier.DISTRICT else ancestor_at(place, tier)


def units_of(places: Iterable[str]) -> set[str]:
    """Return the villages, towns and districts to which the places belong."""
    units = {unit_at(place, tier) for place in places for tier in TIERS.values()}
    return {unit for unit in units if unit is not None}


def region_of(status: Status, place: str) -> Region:
    """Return the region of a place: its district, else the topmost unit above it."""
    return Region(status, unit_at(place, Tier.DISTRICT) or lineage(place)[-1])


def regions_concerned(
    status: Status, areas: Iterable[str], regions: Iterable[Region]
) -> list[Region]:
    """Return those of `regions` in which a message about `areas` counts, in order.

    A message about a city counts in all regions of the city.
    """
    areas = tuple(areas)
    exact = {region_of(status, area) for area in areas}
    cities = {area for area in areas if tier_of(area) is Tier.CITY}
    return sorted(
        region
        for region in regions
        if region.status is status
        and (region in exact or any(is_within(region.unit, city) for city in cities))
    )


def scope_key(scope: Scope, alarm: AlarmSnapshot) -> str | None:
    """Return the key of the alarm in this kind of scope; None: the alarm lies above the scope.

    An alarm without a site has its sensor as site, else its place.
    """
    if scope == "site":
        return site_key(alarm)
    return unit_at(alarm.place, TIERS[scope])


def is_scope_of(scope: Scope | Tier, key: str) -> bool:
    """Return whether a key is of this kind; older versions of a rule may have had another."""
    if scope == "site":
        return ":" in key
    if ":" in key:
        return False
    tier = Tier.DISTRICT if tier_of(key) is Tier.CITY else tier_of(key)
    return tier is TIERS.get(scope, scope)


def site_key(alarm: AlarmSnapshot) -> str:
    """Return the site of an alarm as one text."""
    if alarm.site is not None:
        return f"site:{alarm.site}"
    return f"place:{alarm.place}" if alarm.sensor_id is None else f"sensor:{alarm.sensor_id}"


def scope_keys(alarm: AlarmSnapshot) -> set[str]:
    """Return the keys of all scopes of an alarm; two kinds of scope never share a key."""
    return {site_key(alarm), *units_of((alarm.place,))}


def covers(area: str, unit: str) -> bool:
    """Return whether a message about `area` concerns `unit`: one unit lies within the other."""
    return is_within(area, unit) or is_within(unit, area)
