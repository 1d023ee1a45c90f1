"""Documents of limits and their drafts, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.console.core.access import Viewer, may_administer
from services.console.core.limits_drafts import (
    LimitsDraft,
    refusal_to_change,
    refusal_to_sign,
    refusal_to_withdraw,
)
from services.console.core.masking import PERSONAL, opens
from services.console.core.names import UnitNames
from services.console.core.record import Json
from shared.contracts.limits import SUBJECTS, LimitsDocument, LimitsSignature
from shared.contracts.limits_acts import LimitsVerb
from shared.definitions.limits.checks import subjects_of
from shared.domain.limits.book import LimitBook


def document_view(
    document: LimitsDocument, names: UnitNames, viewer: Viewer, now: datetime
) -> Json:
    """Return a version of a document with all of its values."""
    return {
        **head_view(document, names, viewer, now),
        "values": document.model_dump(mode="json", include=set(SUBJECTS), exclude_none=True),
    }


def head_view(document: LimitsDocument, names: UnitNames, viewer: Viewer, now: datetime) -> Json:
    """Return a version of a document without its values."""
    return {
        "limits_id": document.limits_id,
        "version": document.version,
        "enabled": document.enabled,
        "subjects": subjects_of(document),
        "name_zh": document.name_zh,
        "name_en": document.name_en,
        "unit": document.unit,
        "unit_name": None if document.unit is None else names.unit(document.unit),
        "in_force_from": document.in_force_from,
        "has_begun": document.in_force_from <= now,
        "source": document.source,
        "signed_by": signatures_view(document.signed_by, viewer),
    }


def signatures_view(signatures: Iterable[LimitsSignature], viewer: Viewer) -> list[Json]:
    """Return the signatures; a name is shown to its unit and the units above."""
    return [
        {
            "officer_id": signature.officer_id,
            "name": signature.name if opens(viewer, signature.unit, PERSONAL["name"]) else None,
            "unit": signature.unit,
            "post": signature.post,
            "signed_at": signature.signed_at,
        }
        for signature in signatures
    ]


def in_force_view(
    book: LimitBook, unit: str | None, names: UnitNames, viewer: Viewer, now: datetime
) -> Json:
    """Return the document of each subject that holds for a unit, or for every unit."""
    limits = book.at(now)
    results: Json = {}
    for subject in SUBJECTS:
        if unit is None:
            document = limits.everywhere(subject)
        else:
            document = limits.of_unit(subject, unit)
        results[subject] = None if document is None else document_view(document, names, viewer, now)
    return results


def versions_view(
    documents: Sequence[LimitsDocument], names: UnitNames, viewer: Viewer, now: datetime
) -> list[Json]:
    """Return versions without their values, the newest first."""
    ordered = sorted(
        documents,
        key=lambda document: (document.in_force_from, document.limits_id, document.version),
        reverse=True,
    )
    return [head_view(document, names, viewer, now) for document in ordered]


def draft_view(draft: LimitsDraft, names: UnitNames, viewer: Viewer, topmost: str) -> Json:
    """Return a draft with the acts that are offered to the officer."""
    unit = draft.body.unit
    return {
        "draft_id": draft.draft_id,
        "limits_id": draft.limits_id,
        "version": draft.version,
        "state": draft.state,
        "digest": draft.digest,
        "author": draft.author,
        "signed_by": signatures_view(draft.signatures, viewer),
        "changed_at": draft.changed_at,
        "closed_by": draft.closed_by,
        "reason": draft.reason,
        "unit_name": None if unit is None else names.unit(unit),
        "document": draft.body.model_dump(mode="json", exclude_none=True),
        "may": verbs_of(draft, viewer, topmost),
    }


def verbs_of(draft: LimitsDraft, viewer: Viewer, topmost: str) -> list[LimitsVerb]:
    """Return the acts offered to the officer on the draft now."""
    if may_administer(viewer, draft.body.unit or topmost) is not None:
        return []
    officer = viewer.officer_id
    refusals = {
        LimitsVerb.DRAFT: refusal_to_change(draft.state, draft.author, officer),
        LimitsVerb.SIGN: refusal_to_sign(draft.state, draft.author, draft.signatures, officer),
        LimitsVerb.WITHDRAW: refusal_to_withdraw(draft.state),
    }
    return [verb for verb, refusal in refusals.items() if refusal is None]
