"""New versions may be published that two people have signed, in force from a later moment.

A version is never changed once it is on the topic: decisions name it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import END_OF_INSTANTS
from shared.contracts.limits import SUBJECTS, LimitsDocument
from shared.definitions.limits.pack import LimitsPack
from shared.definitions.yaml_files.findings import Finding, Problem
from shared.definitions.yaml_files.items import ENVELOPE
from shared.domain.limits.book import LimitBook, in_force, limits_key


def new_documents(
    pack: LimitsPack, published: Mapping[str, LimitsDocument], now: datetime
) -> tuple[list[LimitsDocument], list[Finding]]:
    """Return the documents that the topic does not have, and what is against publishing them."""
    documents: list[LimitsDocument] = []
    findings: list[Finding] = []
    for item in pack.items:
        document, existing = item.value, published.get(limits_key(item.value))
        if existing is not None and _content(existing) == _content(document):
            continue
        documents.append(document)
        newest = max(
            (
                earlier.version
                for earlier in published.values()
                if earlier.limits_id == document.limits_id
            ),
            default=0,
        )
        findings += [item.placed(problem) for problem in _against(document, newest, now)]
    if not findings and (lost := _lost(published, documents)):
        text = f"nothing would hold for every unit: {', '.join(lost)}"
        last = pack.items[-1]
        findings.append(last.placed(Problem(Reason.INVALID_RULE, text, ("enabled",))))
    return documents, findings


def _against(document: LimitsDocument, newest: int, now: datetime) -> list[Problem]:
    problems = []
    if document.version <= newest:
        text = f"version {document.version} is not new, {newest} is published"
        problems.append((text, "version", f"{newest + 1} or more"))
    if not document.signed_by:
        problems.append(("nobody has signed it", "signed_by", "two people"))
    if document.in_force_from <= now:
        text = "it would be in force before anybody can read it"
        problems.append((text, "in_force_from", f"later than {now.isoformat(timespec='seconds')}"))
    return [
        Problem(Reason.INVALID_RULE, text, (field,), allowed) for text, field, allowed in problems
    ]


def _lost(
    published: Mapping[str, LimitsDocument], documents: Sequence[LimitsDocument]
) -> list[str]:
    """Return the subjects without a document for every unit once all of these are in force."""
    before = LimitBook(published.values())
    after = in_force([*published.values(), *documents], END_OF_INSTANTS)
    moments = {document.in_force_from for document in documents}
    return [
        subject
        for subject in SUBJECTS
        if after.everywhere(subject) is None
        and any(before.at(moment).everywhere(subject) is not None for moment in moments)
    ]


def _content(document: LimitsDocument) -> dict[str, object]:
    return document.model_dump(exclude=set(ENVELOPE))
