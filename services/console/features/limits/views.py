"""Documents of limits and their drafts, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.console.core.access import Viewer, may_administer
from services.console.core.limits_drafts import (
    LIVE,
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
        "values": _values(document),
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
    results: Json = {}
    for subject in SUBJECTS:
        document = _in_force(book, subject, unit, now)
        results[subject] = None if document is None else document_view(document, names, viewer, now)
    return results


def _in_force(
    book: LimitBook, subject: str, unit: str | None, now: datetime
) -> LimitsDocument | None:
    limits = book.at(now)
    return limits.everywhere(subject) if unit is None else limits.of_unit(subject, unit)


def _values(document: LimitsDocument) -> Json:
    return document.model_dump(mode="json", include=set(SUBJECTS), exclude_none=True)


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


def draft_view(
    draft: LimitsDraft, book: LimitBook, names: UnitNames, viewer: Viewer, now: datetime
) -> Json:
    """Return a draft with what holds for its unit now and the acts offered to the officer."""
    unit = draft.body.unit
    replaced = None
    if draft.state in LIVE:
        replaced = _in_force(book, draft.body.subject, unit, now)
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
        "replaced": None if replaced is None else _values(replaced),
        "may": verbs_of(draft, viewer, names.top.unit),
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
