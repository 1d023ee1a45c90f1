"""New versions of files: two people have signed them, and nothing else is against them.

The checks are those of the console: shared/definitions/limits/publication.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.contracts.limits import LimitsDocument
from shared.definitions.limits.pack import LimitsPack
from shared.definitions.limits.publication import (
    is_same_content,
    left_without,
    obstacles,
    unsigned,
)
from shared.definitions.yaml_files.findings import Finding
from shared.domain.limits.book import limits_key


def new_documents(
    pack: LimitsPack, published: Mapping[str, LimitsDocument], now: datetime
) -> tuple[list[LimitsDocument], list[Finding]]:
    """Return the documents that the topic does not have, and what is against publishing them."""
    documents: list[LimitsDocument] = []
    findings: list[Finding] = []
    for item in pack.items:
        document, existing = item.value, published.get(limits_key(item.value))
        if existing is not None and is_same_content(existing, document):
            continue
        documents.append(document)
        problems = [*obstacles(document, published, now), *unsigned(document)]
        findings += [item.placed(problem) for problem in problems]
    if documents and not findings:
        last = pack.items[-1]
        findings += [last.placed(problem) for problem in left_without(published, documents)]
    return documents, findings
