"""Warnings of other agencies, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core.access import Viewer, entitled, is_entitled, may_heed, may_pass_on
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.fields import Status, Tier
from shared.contracts.selections import MOST_LISTED, Listed, Selection, Subtree
from shared.contracts.units import is_within, lineage, tier_of
from shared.domain.selection.tree import UnitTree
from shared.domain.shortening import shorten

_MOST_NAMES = 20
_QUOTED_CHARACTERS = 1_800
"""The most of each of the agency's two texts in an order or a report, which have room for both."""
_TIERS = tuple(Tier)


def warning(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return a warning; the words of a graded one are left out unless open to the viewer."""
    areas = row["areas"]
    open_to = is_open(row, viewer)
    return {
        "warning_id": row["warning_id"],
        "status": row["status"],
        "source_id": row["source_id"],
        "sender_name": row["sender_name"] if open_to else None,
        "event_type": row["event_type"],
        "level": row["level"],
        "masked": not open_to,
        "headline": row["headline"] if open_to else "",
        "areas": len(areas),
        "area_names": [names.unit(area) for area in areas[:_MOST_NAMES]],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "in_force": row["in_force"],
        "may_command": may_command(row, viewer),
        "may_report": may_report(row, viewer),
    }


def origin(row: OutgoingRecord | None, viewer: Viewer) -> Json:
    """Return the warning behind a command or an alert, with the words that are open to the viewer.

    There are no words when the console has the warning no longer.
    """
    readable = row if row is not None and is_open(row, viewer) else None
    return {
        "masked": readable is None,
        "source_id": "" if row is None else row["source_id"],
        "sender_name": None if readable is None else readable["sender_name"],
        "headline": "" if readable is None else readable["headline"],
    }


def is_open(row: OutgoingRecord, viewer: Viewer) -> bool:
    """Return whether the words of a warning are for the viewer."""
    return all(opens(viewer, area, row["data_grade"]) for area in row["areas"])


def may_command(row: OutgoingRecord, viewer: Viewer) -> bool:
    """Return whether the viewer reads the warning and may command because of it."""
    return is_open(row, viewer) and is_entitled(viewer, lambda item: may_heed(item, row["areas"]))


def may_report(row: OutgoingRecord, viewer: Viewer) -> bool:
    """Return whether the viewer reads the warning and may report an incident because of it.

    A new incident is never one of a drill.
    """
    is_actual = row["status"] == Status.ACTUAL
    concerned = is_entitled(viewer, lambda item: may_pass_on(item, row["areas"]))
    return is_actual and concerned and is_open(row, viewer)


def proposed_incident(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return what an incident because of a warning begins with; the viewer may report it."""
    acting = entitled(viewer, lambda item: may_pass_on(item, row["areas"]))
    assert isinstance(acting, Viewer), "asked for one who may not report"
    place = _incident_place(row["areas"], acting.unit, names.tree)
    return {**_words(row), "place": place, "place_name": names.unit(place)}


def _incident_place(areas: Sequence[str], unit: str, tree: UnitTree) -> str:
    """Return the lowest place in a unit that has all areas of a warning there, else the unit."""
    lines = [lineage(area) for area in areas if is_within(area, unit) and area in tree]
    if not lines or any(is_within(unit, area) for area in areas):
        return unit
    common = set(lines[0]).intersection(*lines[1:])
    return next(place for place in lines[0] if place in common)


def proposed_command(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return what a command because of a warning begins with; the viewer may issue it."""
    acting = entitled(viewer, lambda item: may_heed(item, row["areas"]))
    assert isinstance(acting, Viewer), "asked for one who may not command"
    recipients = _recipients(row["areas"], acting.unit, names.tree)
    return {
        **_words(row),
        "selection": None if recipients is None else recipients.model_dump(mode="json"),
        "names": {unit: names.unit(unit) for unit in _named(recipients)},
    }


def _words(row: OutgoingRecord) -> Json:
    return {
        "warning_id": row["warning_id"],
        "status": row["status"],
        "source_id": row["source_id"],
        "sender_name": row["sender_name"],
        "event_type": row["event_type"],
        "level": row["level"],
        "headline": row["headline"],
        "description": shorten(row["description"], _QUOTED_CHARACTERS),
        "instruction": shorten(row["instruction"], _QUOTED_CHARACTERS),
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
    }


def _recipients(areas: Sequence[str], issuer: str, tree: UnitTree) -> Selection | None:
    """Return the areas below the issuer, or the units one tier below for a warning about all of it.

    The result is None where the catalogue has no area below, or more than can be listed.
    """
    if any(is_within(issuer, area) for area in areas):
        tier_below = _TIERS[_TIERS.index(tier_of(issuer)) + 1]
        return Selection(include=(Subtree(of=issuer, tiers=(tier_below,)),))
    inside = {area for area in areas if is_within(area, issuer) and area in tree}
    highest = sorted(area for area in inside if inside.isdisjoint(lineage(area)[1:]))
    if not 0 < len(highest) <= MOST_LISTED:
        return None
    return Selection(include=(Listed(units=tuple(highest)),))


def _named(selection: Selection | None) -> Sequence[str]:
    part = None if selection is None else selection.include[0]
    if isinstance(part, Listed):
        return part.units
    return (part.of,) if isinstance(part, Subtree) else ()
