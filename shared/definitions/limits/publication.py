"""Checks before the publication of a version: of files, and of drafts of the console.

A version is never changed once it is on the topic, since decisions name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import END_OF_INSTANTS
from shared.contracts.limits import SUBJECTS, LimitsDocument
from shared.definitions.yaml_files.findings import Problem
from shared.definitions.yaml_files.items import ENVELOPE
from shared.domain.limits.book import LimitBook, in_force

LEAST_NOTICE = timedelta(minutes=1)
"""A version is published so long before it comes in force: every reader has it by then."""


def newest_version(limits_id: str, published: Mapping[str, LimitsDocument]) -> int:
    """Return the highest published version of a document; 0 without any."""
    versions = [item.version for item in published.values() if item.limits_id == limits_id]
    return max(versions, default=0)


def is_same_content(first: LimitsDocument, second: LimitsDocument) -> bool:
    """Return whether two documents differ in nothing but their envelope."""
    hidden = set(ENVELOPE)
    return first.model_dump(exclude=hidden) == second.model_dump(exclude=hidden)


def obstacles(
    document: LimitsDocument, published: Mapping[str, LimitsDocument], now: datetime
) -> Iterator[Problem]:
    """Yield the obstacles to publishing a version now, apart from its signatures."""
    newest = newest_version(document.limits_id, published)
    if document.version <= newest:
        yield Problem(
            Reason.INVALID_RULE,
            f"version {document.version} is not new, {newest} is published",
            ("version",),
            f"{newest + 1} or more",
            zh=f"第 {document.version} 版不是新版本，已发布到第 {newest} 版",
        )
    if document.in_force_from < now + LEAST_NOTICE:
        earliest = (now + LEAST_NOTICE).isoformat(timespec="seconds")
        yield Problem(
            Reason.INVALID_RULE,
            "it would be in force before anybody can read it",
            ("in_force_from",),
            f"at least {LEAST_NOTICE.seconds} s from now: {earliest} or later",
            zh="生效时间太近，来不及让各方读到",
        )


def unsigned(document: LimitsDocument) -> Iterator[Problem]:
    """Yield the problem of a document that nobody has signed."""
    if not document.signed_by:
        yield Problem(
            Reason.INVALID_RULE,
            "nobody has signed it",
            ("signed_by",),
            "two people",
            zh="没有人签署",
        )


def left_without(
    published: Mapping[str, LimitsDocument], documents: Sequence[LimitsDocument]
) -> Iterator[Problem]:
    """Yield the problem that a subject has no document for every unit any more.

    It is judged for the time when all of these documents are in force.
    """
    before = LimitBook(published.values())
    after = in_force([*published.values(), *documents], END_OF_INSTANTS)
    moments = {document.in_force_from for document in documents}
    lost = [
        subject
        for subject in SUBJECTS
        if after.everywhere(subject) is None
        and any(before.at(moment).everywhere(subject) is not None for moment in moments)
    ]
    if lost:
        names = ", ".join(lost)
        yield Problem(
            Reason.INVALID_RULE,
            f"nothing would hold for every unit: {names}",
            ("enabled",),
            zh=f"将没有适用于所有单位的文件：{names}",
        )
