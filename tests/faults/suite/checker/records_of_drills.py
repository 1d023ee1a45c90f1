"""I10: every record has the status of the alert or command that it is about."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.suite.checker.evidence import Evidence
from tests.faults.suite.checker.violation import Invariant, Violation

_SUBJECTS = ("alert_id", "command_id", "assignment_id", "page_id")


def check(evidence: Evidence) -> Iterator[Violation]:
    """Yield records whose status is not that of their subject, and public notices of drills."""
    status: dict[str, str] = {}
    for record in evidence.topics:
        value = record["value"]
        if record["topic"].endswith(".dlq") or "id" not in value:
            continue
        own = value.get("status", "Actual")
        for name in _SUBJECTS:
            subject = value.get(name)
            if subject is not None and status.setdefault(subject, own) != own:
                detail = f"{record['topic']}: {own} about {status[subject]}"
                yield Violation(Invariant.DRILLS, "status_mixed", value["id"], detail)
        if record["topic"] == "public.notices.v1" and own != "Actual":
            yield Violation(Invariant.DRILLS, "public_notice_of_a_drill", value["id"])
