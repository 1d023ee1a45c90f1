"""The words of an alert as they would be sent: present, in force, or filled in from a template."""

from __future__ import annotations

from enum import StrEnum

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.fields import DataGrade, Language, Level
from shared.contracts.units import is_within
from shared.contracts.wordings import AlertWording
from shared.domain.alert_templates import AlertSubject, wording_of
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.selection.labels import label


class WordingSource(StrEnum):
    """The origin of words: a template, an officer's proposal, or the words in force."""

    TEMPLATE = "template"
    PROPOSED = "proposed"
    IN_FORCE = "in_force"


def words_to_sign(
    row: OutgoingRecord, names: UnitNames
) -> tuple[AlertWording, WordingSource] | None:
    """Return the words that a signature under the proposal puts in force; None: it is to be lifted.

    An officer's words come first, then the words in force at the same level, then the template.
    """
    if row["proposed_level"] is None:
        return None
    level = Level(row["proposed_level"])
    if row["wording"] is not None:
        return AlertWording.from_wire(row["wording"]), WordingSource.PROPOSED
    if row["issued_wording"] is not None:
        issued = AlertWording.from_wire(row["issued_wording"])
        if issued.level is level:
            return issued, WordingSource.IN_FORCE
    return wording_of(_subject(row, names), level), WordingSource.TEMPLATE


def _subject(row: OutgoingRecord, names: UnitNames) -> AlertSubject:
    place, approver = row["place"], row["approver_unit"]
    areas = [place, *(unit for unit in row["areas"] if unit != place and is_within(unit, approver))]
    is_public = row["data_grade"] == DataGrade.GENERAL
    return AlertSubject(
        event_type=row["event_type"],
        place=label(names.tree, place),
        issuer=label(names.tree, approver),
        areas=areas,
        area_names=[label(names.tree, unit) for unit in areas],
        evidence=bilingual_of(row["headline"]) if is_public else None,
    )


def wording_view(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return the words that are to be signed, and those in force, with each language apart."""
    masked = not opens(viewer, row["place"], row["data_grade"])
    present = None if masked else words_to_sign(row, names)
    return {
        "alert_id": row["alert_id"],
        "version": row["version"],
        "masked": masked,
        "source": None if present is None else present[1],
        "wording": None if present is None else _words(present[0], names),
        "issued": None if masked else issued_words(row, names),
    }


def issued_words(row: OutgoingRecord, names: UnitNames) -> Json | None:
    """Return the words in force with each language apart, or None."""
    if row["issued_wording"] is None:
        return None
    return _words(AlertWording.from_wire(row["issued_wording"]), names)


def _words(wording: AlertWording, names: UnitNames) -> Json:
    return {
        "level": wording.level,
        "headline": _pair(wording.headline),
        "description": _pair(wording.description),
        "instruction": _pair(wording.instruction),
        "contact": wording.contact,
        "areas": [{"unit": unit, "name": names.unit(unit)} for unit in wording.areas],
        "polygon": [corner.model_dump() for corner in wording.polygon],
        "valid_until": wording.valid_until,
        "digest": wording.digest(),
    }


def _pair(text: str) -> Json:
    words: Bilingual = bilingual_of(text)
    return {language.value: words.of(language) for language in Language}
