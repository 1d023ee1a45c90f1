"""The document that a draft becomes, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from services.console.core.limits_drafts import LimitsContent, Subject, digest_of
from services.console.core.record import Json
from services.console.features.limits.shape_problems import reported
from services.console.web.contract_bodies import by_contract
from shared.contracts.dead_letter import Reason
from shared.contracts.ids import content_id
from shared.contracts.limits import (
    SUBJECTS,
    AssignmentLimits,
    LimitsDocument,
    LimitsSignature,
    ReportLimits,
)
from shared.contracts.units import tier_of
from shared.definitions.limits.checks import problems, subjects_of
from shared.definitions.limits.publication import left_without, newest_version, obstacles
from shared.definitions.yaml_files.findings import Problem, Severity, dotted
from shared.domain.bilingual import Bilingual
from shared.domain.limits.book import in_force
from shared.domain.selection.tree import UnitTree

_LONGEST_ERROR = 400


class LimitsDraftBody(LimitsContent):
    """The content of a draft in a request."""

    assignments: Annotated[AssignmentLimits | None, by_contract(AssignmentLimits)] = None
    reports: Annotated[ReportLimits | None, by_contract(ReportLimits)] = None


class LimitsCheckBody(LimitsContent):
    """The content of a draft to check: values of a wrong shape are reported field by field."""

    assignments: Annotated[AssignmentLimits | None, reported(AssignmentLimits)] = None
    reports: Annotated[ReportLimits | None, reported(ReportLimits)] = None


def limits_id_of(
    subject: Subject, unit: str | None, published: Mapping[str, LimitsDocument]
) -> str:
    """Return the id of the document of a unit about a subject; a new one where it has none.

    A unit may have several of them: the next version is that of the one that came in force last.
    """
    own = [document for document in published.values() if document.unit == unit]
    latest = max((document.in_force_from for document in own), default=None)
    if latest is not None:
        for document in reversed(in_force(own, latest).documents):
            if subject in subjects_of(document):
                return document.limits_id
    named = {document.limits_id for document in own if subject in subjects_of(document)}
    if named:
        return min(named)
    return f"{subject}-{'every-unit' if unit is None else unit.replace('/', '.')}"


def version_of(limits_id: str, published: Mapping[str, LimitsDocument]) -> int:
    """Return the number of the next version of a document."""
    return newest_version(limits_id, published) + 1


def document_of(
    body: LimitsContent,
    limits_id: str,
    version: int,
    issuer: str,
    now: datetime,
    signed_by: Sequence[LimitsSignature] = (),
) -> LimitsDocument:
    """Return the document that a draft becomes."""
    return LimitsDocument(
        id=content_id("lim", limits_id, version, digest_of(body)),
        occurred_at=now,
        sent_at=now,
        origin_unit=issuer,
        tier=tier_of(issuer),
        limits_id=limits_id,
        version=version,
        enabled=body.enabled,
        name_zh=body.name_zh,
        name_en=body.name_en,
        unit=body.unit,
        in_force_from=body.in_force_from,
        signed_by=tuple(signed_by),
        source=body.source,
        **{subject: getattr(body, subject) for subject in SUBJECTS},
    )


def problems_of(
    document: LimitsDocument,
    subject: Subject,
    published: Mapping[str, LimitsDocument],
    tree: UnitTree,
    now: datetime,
) -> list[Problem]:
    """Return everything that is wrong with a document, or against publishing it now."""
    siblings = [item for item in published.values() if item.limits_id != document.limits_id]
    results = [
        problem for place, problem in problems([*siblings, document], tree) if place is document
    ]
    if document.enabled and subjects_of(document) != [subject]:
        results.append(
            Problem(
                Reason.INVALID_RULE,
                f"the values are not about {subject}",
                (subject,),
                zh="取值与主题不符",
            )
        )
    results += obstacles(document, published, now)
    if not errors_of(results):
        results += left_without(published, [document])
    return results


def errors_of(checked: Sequence[Problem]) -> list[Problem]:
    """Return the problems that keep a document from being published."""
    return [problem for problem in checked if problem.severity is Severity.ERROR]


def problem_view(problem: Problem) -> Json:
    """Return a problem with its field, in both languages."""
    return {
        "field": dotted(problem.path) or "document",
        "severity": problem.severity.value,
        "zh": problem.zh or problem.text,
        "en": problem.text,
        "allowed": problem.allowed,
    }


def error_view(problem: Problem) -> Json:
    """Return a problem as an error of a refused request, in both languages."""
    view = problem_view(problem)
    words = Bilingual(view["zh"], view["en"]).joined(_LONGEST_ERROR)
    return {"where": view["field"], "what": words}
